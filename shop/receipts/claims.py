"""Whose a waiting receipt is: given to one reviewer at a time, put off, handed on, taken over.

A receipt is claimed by being given as the next one, or by being opened; the open page says again and again
that it is, and a claim nobody renews is over after a minute (``presence``). The desk's own buttons ask for it
(``require_free``); in the shop's chat, where everybody sees every card, a press decides at once (ADR 0018).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, DateTime, bindparam, exists, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from db.models import Bot, CardToCardPayment, DeskMark, Staff, User
from shop.actors import RECEIPTS_APPROVE, RECEIPTS_SEE, require, staff_id
from shop.audit import service as audit
from shop.errors import BadInput, ClaimedByColleague, NotFound
from shop.notifications.messages import ReceiptHanded
from shop.notifications.outbox import enqueue, wanted
from shop.receipts import narrowing, rules, service
from shop.receipts.desk import Filter, passes
from shop.receipts.narrowing import ALL, Narrowed
from shop.receipts.presence import CLAIM
from shop.signals import desk_changed
from shop.unit_of_work import UnitOfWork

PUT_OFF = timedelta(minutes=15)
HANDED = timedelta(hours=24)
"""After this a receipt is nobody's in particular again: the colleague may not have come."""


@dataclass(frozen=True, slots=True)
class Colleague:
    staff_id: int
    name: str


# The next one ---------------------------------------------------------------------------------------------


async def take_next(
    uow: UnitOfWork, *, after: int | None = None, chosen_filter: Filter = "all", narrowed: Narrowed = ALL
) -> int | None:
    """Claim the receipt to work on next, so that no colleague is given it; None where none is free.

    First what was handed to this person; then the oldest that came after ``after``, and from the front
    again; last what he put off and what others were handed. Only of the part of the queue that is asked for.
    """
    asked = {"shop": uow.bot_id, "me": staff_id(uow.actor), "now": uow.now, "after": after}
    asked |= {"until": uow.now + CLAIM, **narrowing.values(narrowed)}
    statement = _taking(chosen_filter, tuple(narrowed.given))
    taken: int | None = await uow.session.scalar(statement, asked)
    if taken is not None:
        await desk_changed(uow)
    return taken


_SHOP, _ME, _AFTER = (bindparam(name, type_=BigInteger) for name in ("shop", "me", "after"))
_NOW = bindparam("now", type_=DateTime(timezone=True))


def _marked(*which: ColumnElement[bool]) -> ColumnElement[bool]:
    here = DeskMark.bot_id == CardToCardPayment.bot_id, DeskMark.payment_id == CardToCardPayment.id
    return exists().where(*here, DeskMark.until > _NOW, *which).correlate(CardToCardPayment)


@cache
def _taking(chosen: Filter, narrowed: tuple[str, ...]) -> Any:
    """One statement: what somebody else is being given at this moment is passed over, never waited for."""
    free = or_(
        CardToCardPayment.claimed_by.is_(None),
        CardToCardPayment.claimed_by == _ME,
        CardToCardPayment.claimed_until <= _NOW,
    )
    first = (
        select(CardToCardPayment.id)
        .where(
            CardToCardPayment.bot_id == _SHOP,
            CardToCardPayment.status == "receipt_submitted",
            CardToCardPayment.commit_at.is_(None),
            CardToCardPayment.id.is_distinct_from(_AFTER),
            free,
            *passes(chosen),
            *narrowing.conditions(narrowed),
        )
        .order_by(CardToCardPayment.receipt_submitted_at, CardToCardPayment.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .correlate(None)
    )
    mine = _marked(DeskMark.kind == "handed", DeskMark.staff_id == _ME)
    put_off = _marked(DeskMark.kind == "later", DeskMark.staff_id == _ME)
    others = _marked(DeskMark.kind == "handed", DeskMark.staff_id != _ME)
    came = select(CardToCardPayment.receipt_submitted_at).where(
        CardToCardPayment.bot_id == _SHOP, CardToCardPayment.id == _AFTER
    )
    plain = first.where(~put_off, ~others)
    given = (
        first.where(mine, ~put_off),
        plain.where(CardToCardPayment.receipt_submitted_at >= came.correlate(None).scalar_subquery()),
        plain,
        first,
    )
    return (
        update(CardToCardPayment)
        .where(
            CardToCardPayment.bot_id == _SHOP,
            CardToCardPayment.id
            == func.coalesce(*(one.scalar_subquery() for one in given), type_=BigInteger),
        )
        .values(
            claimed_by=_ME,
            claimed_until=bindparam("until", type_=DateTime(timezone=True)),
            # Looking at a receipt is no change of it.
            updated_at=CardToCardPayment.updated_at,
        )
        .returning(CardToCardPayment.id)
        .execution_options(synchronize_session=False)
    )


# Whose it is ----------------------------------------------------------------------------------------------


async def require_free(uow: UnitOfWork, payment_id: int) -> None:
    """Nobody else reviews this receipt now. Raises ClaimedByColleague."""
    row = (
        await uow.session.execute(
            select(Staff.name, CardToCardPayment.claimed_until)
            .join(Staff, Staff.id == CardToCardPayment.claimed_by)
            .where(
                CardToCardPayment.id == payment_id,
                CardToCardPayment.status.in_(rules.DECIDABLE),
                CardToCardPayment.commit_at.is_(None),
                CardToCardPayment.claimed_until > uow.now,
                CardToCardPayment.claimed_by != staff_id(uow.actor),
            )
        )
    ).one_or_none()
    if row is not None:
        raise ClaimedByColleague(payment_id, row.name, row.claimed_until)


async def take_over(uow: UnitOfWork, payment_id: int) -> None:
    """This person reviews it now, whoever did before; the history says so.

    Raises NotAllowed, NotFound, and for a receipt that does not wait what is true of it.
    """
    require(uow.actor, RECEIPTS_APPROVE)
    before = await _lock_waiting(uow, payment_id)
    me = staff_id(uow.actor)
    await _claim(uow, payment_id, claimed_by=me, claimed_until=uow.now + CLAIM)
    if before is not None and before.staff_id != me:
        await audit.record(uow, "receipt.taken_over", "payment", payment_id, by=before.name)


async def put_off(uow: UnitOfWork, payment_id: int) -> None:
    """To the end of this person's queue for a quarter of an hour; for colleagues it stays where it is.

    Raises as ``take_over`` does.
    """
    require(uow.actor, RECEIPTS_APPROVE)
    before, me = await _lock_waiting(uow, payment_id), staff_id(uow.actor)
    if me is not None:
        await _mark(uow, payment_id, me, "later", until=uow.now + PUT_OFF)
    if before is None or before.staff_id == me:
        await _claim(uow, payment_id, claimed_by=None, claimed_until=None)
    await desk_changed(uow)


async def hand_on(uow: UnitOfWork, payment_id: int, *, to: int, note: str = "") -> str:
    """To a colleague, first in his queue for a day, and said in his chat; his name.

    Only who may decide can be handed anything. Raises as ``take_over`` does, and BadInput.
    """
    require(uow.actor, RECEIPTS_APPROVE)
    colleague = next((one for one in await list_colleagues(uow) if one.staff_id == to), None)
    if colleague is None:
        raise BadInput("to", "unknown")
    await _lock_waiting(uow, payment_id)
    words = (rules.clean_text(note) or "")[: rules.NOTE_LIMIT] or None
    await uow.session.execute(
        update(DeskMark)
        .where(DeskMark.payment_id == payment_id, DeskMark.kind == "handed", DeskMark.until > uow.now)
        .values(until=uow.now, updated_at=uow.now)
        .execution_options(synchronize_session=False)
    )
    await _mark(uow, payment_id, to, "handed", until=uow.now + HANDED, note=words)
    await _claim(uow, payment_id, claimed_by=None, claimed_until=None)
    told = {} if words is None else {"text": words}
    await audit.record(uow, "receipt.handed_on", "payment", payment_id, to=colleague.name, **told)
    await _tell(uow, payment_id, to, words)
    return colleague.name


async def list_colleagues(uow: UnitOfWork) -> Sequence[Colleague]:
    """Who else may decide on receipts in this shop, by name. Raises NotAllowed."""
    require(uow.actor, RECEIPTS_SEE)
    rows = await uow.session.execute(
        select(Staff.id, Staff.name)
        .where(
            Staff.bot_id == uow.bot_id,
            Staff.is_active,
            Staff.id.is_distinct_from(staff_id(uow.actor)),
            or_(Staff.role == "owner", Staff.permissions.contains([RECEIPTS_APPROVE])),
        )
        .order_by(Staff.name, Staff.id)
    )
    return [Colleague(*row) for row in rows]


async def _tell(uow: UnitOfWork, payment_id: int, to: int, note: str | None) -> None:
    """Into the colleague's own chat, where he has linked one and the shop did not switch it off."""
    linked = select(Staff.telegram_id, wanted("notify_handed")).join(Bot, Bot.id == Staff.bot_id)
    telegram_id, is_wanted = (await uow.session.execute(linked.where(Staff.id == to))).one()
    if telegram_id is None or is_wanted is False:
        return
    sender = select(User.first_name, CardToCardPayment.expected_amount, CardToCardPayment.receipt_count)
    row = (
        await uow.session.execute(
            sender.join(User, User.id == CardToCardPayment.user_id).where(CardToCardPayment.id == payment_id)
        )
    ).one()
    message = ReceiptHanded(
        payment_id=payment_id,
        by=uow.actor.name,
        customer=row.first_name,
        amount=row.expected_amount,
        text=note or "",
        mark=f"{to}:{int(uow.now.timestamp())}",
    )
    await enqueue(uow, chat_id=telegram_id, message=message)


async def _lock_waiting(uow: UnitOfWork, payment_id: int) -> Colleague | None:
    """The receipt waits, until the end of this transaction; who reviews it now."""
    row = (
        await uow.session.execute(
            select(
                CardToCardPayment.status,
                CardToCardPayment.commit_at,
                CardToCardPayment.receipt_submitted_at,
                CardToCardPayment.claimed_by,
                CardToCardPayment.claimed_until,
            )
            .where(CardToCardPayment.id == payment_id)
            .with_for_update()
        )
    ).one_or_none()
    if row is None or row.receipt_submitted_at is None:
        raise NotFound("receipt", payment_id)
    if row.status not in rules.DECIDABLE or row.commit_at is not None:
        raise await service.refusal(uow, payment_id)
    if row.claimed_by is None or row.claimed_until is None or row.claimed_until <= uow.now:
        return None
    name = await uow.session.scalar(select(Staff.name).where(Staff.id == row.claimed_by))
    return Colleague(row.claimed_by, name or "")


async def _claim(uow: UnitOfWork, payment_id: int, **values: Any) -> None:
    await uow.session.execute(
        update(CardToCardPayment)
        .where(CardToCardPayment.id == payment_id)
        .values(**values, updated_at=CardToCardPayment.updated_at)
        .execution_options(synchronize_session=False)
    )
    await desk_changed(uow)


async def _mark(uow: UnitOfWork, payment_id: int, staff: int, kind: str, **values: Any) -> None:
    values |= {"by": uow.actor.name, "updated_at": uow.now}
    given = insert(DeskMark).values(
        bot_id=uow.bot_id, payment_id=payment_id, staff_id=staff, kind=kind, created_at=uow.now, **values
    )
    await uow.session.execute(
        given.on_conflict_do_update(index_elements=["bot_id", "payment_id", "kind", "staff_id"], set_=values)
    )

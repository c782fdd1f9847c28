"""Hold, then commit: a decision counts some seconds after it was taken, and can be taken back until then.

The doors call these verbs; ``service.approve`` and ``service.reject`` are what happens when a hold is over,
or at once where the shop holds nothing. The hold lives in the payment's row: a closed browser, a killed
process or a second reviewer changes nothing about when it ends. How long is a setting (``hold_seconds``).
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, select, update

from db.models import CardToCardPayment, User
from shop.actors import RECEIPTS_APPROVE, Actor, System, recall, require
from shop.audit import service as audit
from shop.configurations import service as configurations
from shop.errors import NotFound, NothingHeld, TooLate, WarningsStand
from shop.receipts import amounts, lateness, notes, rules, service, warnings
from shop.receipts.deciding import NOT_HELD
from shop.receipts.guards import is_anothers
from shop.receipts.rules import RejectReason
from shop.signals import desk_changed
from shop.unit_of_work import UnitOfWork, UnitsOfWork

log = logging.getLogger(__name__)

Decision = Literal["approve", "reject"]
COMMIT_AT_ONCE = 100
PUT_OFF = timedelta(seconds=30)
"""How long a decision that could not be settled waits for its next try."""


@dataclass(frozen=True, slots=True)
class Held:
    """A decision was taken; it counts at ``commit_at``, or counts already when that is None."""

    payment_id: int
    decision: Decision
    customer_name: str
    commit_at: datetime | None
    amount: int | None = None
    """What is accepted, where it is another amount than was asked for."""
    to_wallet: bool = False
    """Whether the money is kept for the customer, and buys nothing."""


@dataclass(frozen=True, slots=True)
class Undone:
    """A decision was taken back: the receipt waits again."""

    payment_id: int
    decision: Decision
    customer_name: str


@dataclass(frozen=True, slots=True)
class HeldDecision:
    """A decision that may still be taken back, as a screen tells it."""

    payment_id: int
    decision: Decision
    customer_name: str
    by_name: str
    is_mine: bool
    commit_at: datetime
    amount: int | None = None
    """What is accepted, where it is another amount than was asked for."""
    to_wallet: bool = False
    """Whether the money is kept for the customer, and buys nothing."""


async def hold_approval(
    uow: UnitOfWork,
    payment_id: int,
    *,
    despite_warnings: bool = False,
    amount: int | None = None,
    why: str = "",
    to_wallet: bool = False,
) -> Held:
    """Accept the money when the hold is over, as it was asked for or ``amount``, and for the order or the
    wallet (as ``service.approve``).

    Raises NotAllowed, NotFound, BadInput, AboveYourLimit, WarningsStand (grave warnings, unless
    ``despite_warnings``), DecisionHeld, ReceiptNotSubmitted, ReceiptAlreadyReviewed, OwnReceipt.
    """
    require(uow.actor, RECEIPTS_APPROVE)
    other = await amounts.other_amount(uow, payment_id, amount, why)
    other |= await lateness.way_of_the_money(uow, payment_id, to_wallet=to_wallet)
    standing = await warnings.before_approval(uow, payment_id)
    amounts.check(payment_id, standing.limit, standing.asked if amount is None else amount)
    grave = standing.grave
    if grave and not despite_warnings:
        raise WarningsStand(payment_id, grave)
    held = await _hold(uow, payment_id, "approve", standing.hold_seconds, **other)
    if held is None:
        reviewed = await service.approve_at_once(uow, payment_id, other)
        held = Held(payment_id, "approve", reviewed.customer_name, None, other.get("amount"), to_wallet)
    if grave:
        await audit.record(uow, "receipt.warnings_overruled", "payment", payment_id, warnings=grave)
    return held


async def hold_rejection(uow: UnitOfWork, payment_id: int, *, reason: RejectReason, text: str = "") -> Held:
    """Refuse the receipt, when the hold is over. ``text`` counts for ``other`` alone.

    Raises NotAllowed, NotFound, BadInput (``other`` without words), DecisionHeld, ReceiptNotSubmitted,
    ReceiptAlreadyReviewed, OwnReceipt.
    """
    require(uow.actor, RECEIPTS_APPROVE)
    words = rules.own_words(reason, text)
    seconds = await configurations.get_config_value(uow, "hold_seconds")
    held = await _hold(uow, payment_id, "reject", seconds, reject_reason=reason, admin_notes=words or None)
    if held is None:
        reviewed = await service.reject(uow, payment_id, reason=reason, text=text)
        held = Held(payment_id, "reject", reviewed.customer_name, None)
    return held


async def _hold(
    uow: UnitOfWork, payment_id: int, decision: Decision, seconds: int, **values: Any
) -> Held | None:
    """One guarded UPDATE, as for every decision; None where the shop holds nothing."""
    if not seconds:
        return None
    commit_at = uow.now + timedelta(seconds=seconds)
    payment = await _change(
        uow,
        payment_id,
        CardToCardPayment.status.in_(rules.DECIDABLE)
        & CardToCardPayment.commit_at.is_(None)
        & is_anothers(uow),
        held_decision=decision,
        held_by=uow.actor.label,
        held_by_name=uow.actor.name,
        held_channel=uow.channel,
        commit_at=commit_at,
        claimed_by=None,
        claimed_until=None,
        **values,
    )
    if payment is None:
        raise await service.refusal(uow, payment_id)
    other: dict[str, Any] = {} if payment.amount is None else {"amount": payment.amount}
    if payment.to_wallet:
        other["to_wallet"] = True
    await audit.record(
        uow, "receipt.held", "payment", payment_id, decision=decision, seconds=seconds, **other
    )
    name = await _name_of(uow, payment)
    return Held(payment_id, decision, name, commit_at, payment.amount, payment.to_wallet)


async def undo(uow: UnitOfWork, payment_id: int) -> Undone:
    """Take a held decision back, one's own or a colleague's, as long as the hold lasts.

    Raises NotAllowed, NotFound, NothingHeld (nobody decided, or it was taken back already) and TooLate.
    """
    require(uow.actor, RECEIPTS_APPROVE)
    held = (
        await uow.session.execute(
            select(CardToCardPayment.status, CardToCardPayment.held_decision, CardToCardPayment.commit_at)
            .where(CardToCardPayment.id == payment_id, CardToCardPayment.receipt_submitted_at.is_not(None))
            .with_for_update()
        )
    ).one_or_none()
    if held is None:
        raise NotFound("receipt", payment_id)
    if held.status in rules.DECIDED:
        raise TooLate(payment_id, rules.decision_of(held.status))
    if held.commit_at is None:
        raise NothingHeld(payment_id)
    if held.commit_at <= uow.now:
        raise TooLate(payment_id, held.held_decision)
    payment = await release(
        uow, payment_id, amount=None, to_wallet=False, reject_reason=None, admin_notes=None
    )
    await audit.record(uow, "receipt.undone", "payment", payment_id, decision=held.held_decision)
    return Undone(payment_id, held.held_decision, await _name_of(uow, payment))


async def release(uow: UnitOfWork, payment_id: int, **values: Any) -> CardToCardPayment:
    """End a hold without the decision. The caller holds the payment's row."""
    payment = await _change(uow, payment_id, CardToCardPayment.commit_at.is_not(None), **NOT_HELD, **values)
    if payment is None:
        raise NothingHeld(payment_id)
    return payment


async def _change(
    uow: UnitOfWork, payment_id: int, guard: ColumnElement[bool], **values: Any
) -> CardToCardPayment | None:
    changed = await uow.session.scalar(
        update(CardToCardPayment)
        .where(CardToCardPayment.id == payment_id, guard)
        .values(**values, updated_at=uow.now)
        .returning(CardToCardPayment)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    if changed is not None:
        await desk_changed(uow)
        await notes.refresh(uow, payment_id)
    return changed


async def _name_of(uow: UnitOfWork, payment: CardToCardPayment) -> str:
    return (await uow.session.get_one(User, payment.user_id)).full_name


async def list_held(uow: UnitOfWork) -> list[HeldDecision]:
    """What may still be taken back in this shop, the soonest to count first."""
    rows = await uow.session.execute(
        select(
            CardToCardPayment.id.label("payment_id"),
            CardToCardPayment.held_decision,
            CardToCardPayment.held_by,
            CardToCardPayment.held_by_name,
            CardToCardPayment.commit_at,
            CardToCardPayment.amount,
            CardToCardPayment.to_wallet,
            User.first_name,
            User.last_name,
        )
        .join(User, User.id == CardToCardPayment.user_id)
        .where(CardToCardPayment.commit_at.is_not(None))
        .order_by(CardToCardPayment.commit_at, CardToCardPayment.id)
    )
    return [held_on(uow, row) for row in rows]


def held_on(uow: UnitOfWork, row: Any) -> HeldDecision:
    """The decision that a payment is held with, from a row of its columns; it is held."""
    if row.commit_at is None:
        raise NothingHeld(row.payment_id)
    return HeldDecision(
        payment_id=row.payment_id,
        decision="approve" if row.held_decision == "approve" else "reject",
        customer_name=f"{row.first_name} {row.last_name or ''}".strip(),
        by_name=row.held_by_name or "",
        is_mine=row.held_by == uow.actor.label,
        commit_at=row.commit_at,
        amount=row.amount,
        to_wallet=row.to_wallet,
    )


# The worker -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Due:
    """A hold that is over, and in whose name and through which door it was decided."""

    bot_id: int
    payment_id: int
    held_by: str
    name: str
    channel: str

    @property
    def actor(self) -> Actor:
        """The reviewer as he was when he decided: what he was allowed then, counts."""
        return recall(self.held_by, self.name, permissions=frozenset({RECEIPTS_APPROVE}))


async def commit_due(units: UnitsOfWork, *, limit: int = COMMIT_AT_ONCE) -> int:
    """Let every decision count whose hold is over, in every shop; how many did.

    Each in a transaction of its own, in the reviewer's name. Idempotent, and safe to run twice at once. One
    that fails is put off for a while, held on and told in the log, so that it does not stop the others.
    """
    committed = 0
    for due in await _list_due(units, limit):
        try:
            committed += await _commit(units, due)
        except Exception:  # whatever is wrong with one decision is not the others'
            log.exception(
                "the decision on payment %s of shop %s cannot be settled", due.payment_id, due.bot_id
            )
            await _put_off(units, due)
    return committed


async def next_commit_at(units: UnitsOfWork) -> datetime | None:
    """When the next hold ends, in any shop; None while nothing is held."""
    async with units.platform(System("holds")) as uow:
        soonest: datetime | None = await uow.session.scalar(
            select(CardToCardPayment.commit_at)
            .where(CardToCardPayment.commit_at.is_not(None))
            .order_by(CardToCardPayment.commit_at)
            .limit(1)
        )
        return soonest


async def _list_due(units: UnitsOfWork, limit: int) -> list[_Due]:
    async with units.platform(System("holds")) as uow:
        rows = await uow.session.execute(
            select(
                CardToCardPayment.bot_id,
                CardToCardPayment.id,
                CardToCardPayment.held_by,
                CardToCardPayment.held_by_name,
                CardToCardPayment.held_channel,
            )
            .where(CardToCardPayment.commit_at <= uow.now)
            .order_by(CardToCardPayment.commit_at, CardToCardPayment.id)
            .limit(limit)
        )
        return [_Due(*row) for row in rows]


async def _commit(units: UnitsOfWork, due: _Due) -> bool:
    """False when it was taken back, or settled by somebody else, in the meantime."""
    async with replace(units, channel=due.channel).begin(due.bot_id, due.actor) as uow:
        return await service.settle_held(uow, due.payment_id)


async def _put_off(units: UnitsOfWork, due: _Due) -> None:
    async with units.begin(due.bot_id, System("holds")) as uow:
        await uow.session.execute(
            update(CardToCardPayment)
            .where(CardToCardPayment.id == due.payment_id, CardToCardPayment.commit_at.is_not(None))
            .values(commit_at=uow.now + PUT_OFF, updated_at=uow.now)
            .execution_options(synchronize_session=False)
        )
        await desk_changed(uow)

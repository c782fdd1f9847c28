"""Who is looking at a receipt now: the claim of an open page, renewed as long as it is open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, and_, bindparam, or_, select, update

from db.models import CardToCardPayment, Staff
from shop.actors import RECEIPTS_APPROVE, require, staff_id
from shop.errors import NotFound
from shop.signals import desk_changed
from shop.unit_of_work import UnitOfWork

CLAIM = timedelta(seconds=60)
"""How long one look counts; an open page looks again well before."""


@dataclass(frozen=True, slots=True)
class Reviewer:
    """A colleague who looks at a receipt, and until when that is believed without hearing more."""

    name: str
    until: datetime


async def look(uow: UnitOfWork, payment_id: int) -> None:
    """Tell colleagues that this person looks at this receipt, and at no other any more.

    A receipt that a colleague looks at already stays his, and one that does not wait is nobody's: nothing
    happens then. Raises NotAllowed (only who may decide is in anybody's way) and NotFound.
    """
    require(uow.actor, RECEIPTS_APPROVE)
    me = staff_id(uow.actor)
    row = (
        await uow.session.execute(
            select(
                CardToCardPayment.claimed_by,
                and_(_waits(), or_(CardToCardPayment.claimed_by == me, ~_is_claimed(uow))).label("is_free"),
                and_(CardToCardPayment.claimed_by == me, _is_claimed(uow)).label("is_mine"),
            ).where(CardToCardPayment.id == payment_id, CardToCardPayment.receipt_submitted_at.is_not(None))
        )
    ).one_or_none()
    if row is None:
        raise NotFound("receipt", payment_id)
    left = await _release(uow, CardToCardPayment.id != payment_id)
    if row.is_free:
        # Asked once more where it is written: a colleague may have been given it in between.
        still = or_(
            CardToCardPayment.claimed_by == me, CardToCardPayment.claimed_by.is_(None), ~_is_claimed(uow)
        )
        await _set(
            uow,
            and_(CardToCardPayment.id == payment_id, _waits(), still),
            claimed_by=me,
            claimed_until=uow.now + CLAIM,
        )
    if left or (row.is_free and not row.is_mine):
        await desk_changed(uow)


async def leave(uow: UnitOfWork, payment_id: int) -> None:
    """This person looks at it no longer. Idempotent; whoever else looks goes on.

    Raises NotAllowed and NotFound.
    """
    require(uow.actor, RECEIPTS_APPROVE)
    if await _release(uow, CardToCardPayment.id == payment_id):
        await desk_changed(uow)
        return
    exists = select(CardToCardPayment.id).where(CardToCardPayment.id == payment_id)
    if await uow.session.scalar(exists) is None:
        raise NotFound("receipt", payment_id)


def is_reviewed_by_another() -> ColumnElement[bool]:
    """For a query that joins ``Staff``, run with ``seen_by``: the colleague who looks at the payment now."""
    return and_(
        Staff.id == CardToCardPayment.claimed_by,
        CardToCardPayment.claimed_until > bindparam("now", type_=CardToCardPayment.claimed_until.type),
        CardToCardPayment.claimed_by.is_distinct_from(bindparam("me", type_=BigInteger)),
    )


def seen_by(uow: UnitOfWork) -> dict[str, Any]:
    """Who asks, and when."""
    return {"me": staff_id(uow.actor), "now": uow.now}


def reviewer(name: str | None, until: datetime | None) -> Reviewer | None:
    """From the columns of such a query."""
    return Reviewer(name, until) if name is not None and until is not None else None


def _waits() -> ColumnElement[bool]:
    return and_(CardToCardPayment.status == "receipt_submitted", CardToCardPayment.commit_at.is_(None))


def _is_claimed(uow: UnitOfWork) -> ColumnElement[bool]:
    return and_(CardToCardPayment.claimed_by.is_not(None), CardToCardPayment.claimed_until > uow.now)


async def _release(uow: UnitOfWork, which: ColumnElement[bool]) -> bool:
    """Whether there was a claim of this person to give up."""
    mine = and_(_waits(), _is_claimed(uow), CardToCardPayment.claimed_by == staff_id(uow.actor))
    return await _set(uow, and_(which, mine), claimed_by=None, claimed_until=None) > 0


async def _set(uow: UnitOfWork, which: ColumnElement[bool], **values: Any) -> int:
    changed = await uow.session.execute(
        update(CardToCardPayment)
        .where(which)
        # Looking at a receipt is no change of it.
        .values(**values, updated_at=CardToCardPayment.updated_at)
        .execution_options(synchronize_session=False)
    )
    return int(changed.rowcount)  # type: ignore[attr-defined]

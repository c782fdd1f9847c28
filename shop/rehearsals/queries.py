"""What the dashboard shows of a rehearsal: who tries until when, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from db.models import Bot, CardToCardPayment, Order, Subscription
from shop.actors import RECEIPTS_SEE, require
from shop.errors import NotFound
from shop.plans import sold
from shop.unit_of_work import UnitOfWork

SHOWN = 20


@dataclass(frozen=True, slots=True)
class Attempt:
    """One test purchase. ``payment_id`` is a receipt's address once one was sent."""

    payment_id: int
    status: str
    amount: int
    plan_name: str
    at: datetime
    is_held: bool
    """Somebody decided and may still take it back."""
    is_delivered: bool


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """A shop being tried. Attempts newest first."""

    until: datetime
    is_on: bool
    attempts: Sequence[Attempt]

    @property
    def waiting(self) -> Sequence[Attempt]:
        return [one for one in self.attempts if one.status == "receipt_submitted" and not one.is_held]

    @property
    def is_passed(self) -> bool:
        """A test purchase went the whole way: it was approved, and delivered."""
        return any(one.is_delivered for one in self.attempts)


async def load(stage: UnitOfWork, language: str = "fa") -> Rehearsal:
    """What came of a rehearsal, in its own unit. Raises NotAllowed, and NotFound for what is none."""
    require(stage.actor, RECEIPTS_SEE)
    until = await stage.session.scalar(select(Bot.rehearsal_until).where(Bot.id == stage.bot_id))
    if until is None:
        raise NotFound("rehearsal", stage.bot_id)
    payment = CardToCardPayment
    rows = await stage.session.execute(
        select(
            payment.id,
            payment.status,
            payment.expected_amount,
            payment.updated_at,
            payment.commit_at.is_not(None).label("is_held"),
            Order.snapshot,
            Subscription.id.is_not(None).label("is_delivered"),
        )
        .join(Order, Order.id == payment.order_id)
        .outerjoin(Subscription, Subscription.order_id == Order.id)
        .order_by(payment.id.desc())
        .limit(SHOWN)
    )
    attempts = [
        Attempt(
            row.id,
            row.status,
            row.expected_amount,
            sold.name(row.snapshot, language),
            row.updated_at,
            row.is_held,
            row.is_delivered,
        )
        for row in rows
    ]
    return Rehearsal(until, until > stage.now, attempts)

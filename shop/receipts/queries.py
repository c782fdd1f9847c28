"""What a customer's bot asks about payments: which still take a receipt, and how they stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, DateTime, Row, and_, bindparam, case, func, or_, select
from sqlalchemy.orm import aliased

from db.models import CardToCardPayment, Order, User
from db.prepared import compiled_once
from shop.money import Currency, Money
from shop.unit_of_work import UnitOfWork

SHOWN = 10
_LONGER = aliased(CardToCardPayment)
"""Receipts that wait longer than the one in question."""


@dataclass(frozen=True, slots=True)
class AwaitingPayment:
    payment_id: int
    order_id: int
    tracking_number: str
    status: str
    """The payment's; ``partially_paid`` where it stands for the rest of its order."""
    amount: Money
    snapshot: Mapping[str, Any]
    expires_at: datetime
    submitted_at: datetime | None
    ahead_in_queue: int
    reject_reason: str | None


@dataclass(frozen=True, slots=True)
class HandedIn:
    """A receipt that came in before; ``is_waiting`` until somebody has decided."""

    payment_id: int
    tracking_number: str
    late: bool
    is_waiting: bool


async def find_handed_in(
    uow: UnitOfWork, user_id: int, *, telegram_file_id: str, sent_at: datetime
) -> HandedIn | None:
    """The customer's payment that has this very message's file already, for an update handled a second time.

    A file sent once more on purpose comes after whatever last happened to its payment, and is none.
    """
    payment = await uow.session.scalar(
        select(CardToCardPayment)
        .where(
            CardToCardPayment.user_id == user_id,
            CardToCardPayment.receipt_image_file_id == telegram_file_id,
            CardToCardPayment.updated_at >= sent_at,
        )
        .order_by(CardToCardPayment.id.desc())
        .limit(1)
    )
    if payment is None:
        return None
    waiting = payment.status == "receipt_submitted"
    return HandedIn(payment.id, payment.tracking_number, payment.late, waiting)


_AHEAD = (
    select(func.count())
    .select_from(_LONGER)
    .where(
        _LONGER.bot_id == CardToCardPayment.bot_id,
        _LONGER.status == "receipt_submitted",
        _LONGER.receipt_submitted_at < CardToCardPayment.receipt_submitted_at,
    )
    .scalar_subquery()
)
_LACKS = and_(CardToCardPayment.status == "approved_other_amount", Order.status == "partially_paid")
"""It stands for the rest of its order: a receipt sent for it begins a payment for what is missing."""
_MISSING = Order.amount - User.balance
_SINCE = bindparam("since", type_=DateTime(timezone=True))
_AWAITING = compiled_once(
    select(
        CardToCardPayment.id,
        CardToCardPayment.order_id,
        CardToCardPayment.tracking_number,
        case((_LACKS, Order.status), else_=CardToCardPayment.status).label("status"),
        case((_LACKS, _MISSING), else_=CardToCardPayment.expected_amount).label("expected_amount"),
        CardToCardPayment.currency,
        case((_LACKS, Order.expires_at), else_=CardToCardPayment.expires_at).label("expires_at"),
        CardToCardPayment.receipt_submitted_at,
        CardToCardPayment.reject_reason,
        Order.snapshot,
        _AHEAD.label("ahead"),
    )
    .join(Order, and_(Order.bot_id == CardToCardPayment.bot_id, Order.id == CardToCardPayment.order_id))
    .join(User, and_(User.bot_id == CardToCardPayment.bot_id, User.id == CardToCardPayment.user_id))
    .where(
        CardToCardPayment.bot_id == bindparam("shop", type_=BigInteger),
        CardToCardPayment.user_id == bindparam("person", type_=BigInteger),
        or_(*(Order.status == status for status in ("awaiting_payment", "partially_paid", "expired"))),
        or_(
            CardToCardPayment.status == "created",
            CardToCardPayment.status == "receipt_submitted",
            and_(CardToCardPayment.status == "expired", CardToCardPayment.expires_at >= _SINCE),
            and_(CardToCardPayment.status == "rejected", CardToCardPayment.admin_reviewed_at >= _SINCE),
            and_(_LACKS, _MISSING > 0),
        ),
    )
    .order_by(CardToCardPayment.id.desc())
    .limit(SHOWN)
)


async def list_awaiting(uow: UnitOfWork, user_id: int, *, late_hours: int) -> list[AwaitingPayment]:
    """The customer's payments that may (still) take a receipt, newest first; one an order.

    Open ones, those whose order was paid in part, and those that ran out or were rejected within
    ``late_hours``, the shop's setting ``late_receipt_hours``: whoever asks has it already.
    """
    since = uow.now - timedelta(hours=late_hours)
    rows = await uow.session.execute(_AWAITING, {"shop": uow.bot_id, "person": user_id, "since": since})
    newest: dict[int, AwaitingPayment] = {}
    for row in rows:
        newest.setdefault(row.order_id, _awaiting(row))
    return list(newest.values())


def _awaiting(row: Row[Any]) -> AwaitingPayment:
    return AwaitingPayment(
        payment_id=row.id,
        order_id=row.order_id,
        tracking_number=row.tracking_number,
        status=row.status,
        amount=Money(row.expected_amount, Currency(row.currency)),
        snapshot=row.snapshot,
        expires_at=row.expires_at,
        submitted_at=row.receipt_submitted_at,
        ahead_in_queue=row.ahead if row.status == "receipt_submitted" else 0,
        reject_reason=row.reject_reason,
    )

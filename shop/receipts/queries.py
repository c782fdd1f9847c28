"""What a customer's bot asks about payments: which still take a receipt, and how they stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import aliased

from db.models import CardToCardPayment, Order
from shop.configurations import service as configurations
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


async def list_awaiting(uow: UnitOfWork, user_id: int) -> list[AwaitingPayment]:
    """The customer's payments that may (still) take a receipt, newest first; one an order.

    Open ones, and those that ran out or were rejected within the shop's ``late_receipt_hours``.
    """
    hours = await configurations.get_config_value(uow, "late_receipt_hours")
    since = uow.now - timedelta(hours=hours)
    ahead = (
        select(func.count())
        .select_from(_LONGER)
        .where(
            _LONGER.status == "receipt_submitted",
            _LONGER.receipt_submitted_at < CardToCardPayment.receipt_submitted_at,
        )
        .scalar_subquery()
    )
    rows = await uow.session.execute(
        select(CardToCardPayment, Order.snapshot, ahead)
        .join(Order, Order.id == CardToCardPayment.order_id)
        .where(
            CardToCardPayment.user_id == user_id,
            Order.status.in_(("awaiting_payment", "partially_paid", "expired")),
            or_(
                CardToCardPayment.status.in_(("created", "receipt_submitted")),
                and_(CardToCardPayment.status == "expired", CardToCardPayment.expires_at >= since),
                and_(
                    CardToCardPayment.status == "rejected",
                    CardToCardPayment.admin_reviewed_at >= since,
                ),
            ),
        )
        .order_by(CardToCardPayment.id.desc())
        .limit(SHOWN)
    )
    newest: dict[int, AwaitingPayment] = {}
    for payment, snapshot, waiting in rows.tuples():
        newest.setdefault(payment.order_id, _awaiting(payment, snapshot, waiting))
    return list(newest.values())


def _awaiting(payment: CardToCardPayment, snapshot: Mapping[str, Any], ahead: int) -> AwaitingPayment:
    return AwaitingPayment(
        payment_id=payment.id,
        order_id=payment.order_id,
        tracking_number=payment.tracking_number,
        status=payment.status,
        amount=Money(payment.expected_amount, Currency(payment.currency)),
        snapshot=snapshot,
        expires_at=payment.expires_at,
        submitted_at=payment.receipt_submitted_at,
        ahead_in_queue=ahead if payment.status == "receipt_submitted" else 0,
        reject_reason=payment.reject_reason,
    )

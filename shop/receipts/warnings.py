"""What a reviewer must see before deciding: the same proof twice, an order already paid, a blocked payer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import exists, select
from sqlalchemy.orm import aliased

from db.models import CardToCardPayment, Order, TenantPaymentCard, User
from shop.unit_of_work import UnitOfWork

SAME_AMOUNT_WITHIN = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class ReceiptWarning:
    """``code`` names the sentence; the other receipt is named by number, person, age and outcome."""

    tone: Literal["bad", "warn"]
    code: str
    other_payment_id: int | None = None
    other_customer: str | None = None
    other_status: str | None = None
    other_at: datetime | None = None


PAYABLE = ("awaiting_payment", "partially_paid", "expired")
"""Statuses of an order that still needs the money."""


async def grave(uow: UnitOfWork, payment_id: int) -> tuple[str, ...]:
    """The codes of the warnings nobody may overlook, in one query; none for a receipt that does not wait."""
    other = aliased(CardToCardPayment)
    another = other.id != CardToCardPayment.id
    row = (
        await uow.session.execute(
            select(
                exists().where(another, other.receipt_sha256 == CardToCardPayment.receipt_sha256),
                exists().where(another, other.payer_reference == CardToCardPayment.payer_reference),
                Order.status.not_in(PAYABLE),
                User.blocked_at.is_not(None),
            )
            .select_from(CardToCardPayment)
            .join(Order, Order.id == CardToCardPayment.order_id)
            .join(User, User.id == CardToCardPayment.user_id)
            .where(CardToCardPayment.id == payment_id, CardToCardPayment.status == "receipt_submitted")
        )
    ).one_or_none()
    codes = ("same_image", "same_reference", "order_closed", "payer_blocked")
    return tuple(code for code, stands in zip(codes, row or (), strict=False) if stands)


async def find(uow: UnitOfWork, payment: CardToCardPayment, order: Order, user: User) -> list[ReceiptWarning]:
    """The warnings of one receipt, the gravest first."""
    found: list[ReceiptWarning] = []
    if payment.receipt_sha256 is not None:
        same_picture = CardToCardPayment.receipt_sha256 == payment.receipt_sha256
        found += await _others(uow, payment, same_picture, "bad", "same_image")
    if payment.payer_reference is not None:
        same_code = CardToCardPayment.payer_reference == payment.payer_reference
        found += await _others(uow, payment, same_code, "bad", "same_reference")
    if order.status not in PAYABLE:
        found.append(ReceiptWarning("bad", "order_closed", other_status=order.status))
    if user.blocked_at is not None:
        found.append(ReceiptWarning("bad", "payer_blocked"))
    found += await _same_amount(uow, payment)
    card_is_on = await uow.session.scalar(
        select(TenantPaymentCard.is_active).where(TenantPaymentCard.id == payment.card_id)
    )
    if not card_is_on:
        found.append(ReceiptWarning("warn", "card_off"))
    if payment.late:
        found.append(ReceiptWarning("warn", "after_deadline", other_at=payment.expires_at))
    return found


async def _same_amount(uow: UnitOfWork, payment: CardToCardPayment) -> list[ReceiptWarning]:
    moment = payment.receipt_submitted_at or uow.now
    return await _others(
        uow,
        payment,
        (CardToCardPayment.card_id == payment.card_id)
        & (CardToCardPayment.expected_amount == payment.expected_amount)
        & CardToCardPayment.receipt_submitted_at.between(
            moment - SAME_AMOUNT_WITHIN, moment + SAME_AMOUNT_WITHIN
        ),
        "warn",
        "same_amount_on_card",
    )


async def _others(
    uow: UnitOfWork,
    payment: CardToCardPayment,
    condition: object,
    tone: Literal["bad", "warn"],
    code: str,
) -> list[ReceiptWarning]:
    """At most one warning of a kind: it names the newest other receipt."""
    row = (
        await uow.session.execute(
            select(CardToCardPayment, User)
            .join(User, User.id == CardToCardPayment.user_id)
            .where(condition, CardToCardPayment.id != payment.id)  # type: ignore[arg-type]
            .order_by(CardToCardPayment.id.desc())
            .limit(1)
        )
    ).one_or_none()
    if row is None:
        return []
    other, person = row
    return [ReceiptWarning(tone, code, other.id, person.full_name, other.status, other.receipt_submitted_at)]

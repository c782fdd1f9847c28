"""One receipt with everything a reviewer needs to decide on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Select, func, literal, select, true
from sqlalchemy.orm import aliased

from db.models import (
    BotConfiguration,
    CardToCardPayment,
    Media,
    Order,
    ProvisioningJob,
    Staff,
    TenantPaymentCard,
    User,
)
from shop.cards import banks
from shop.configurations.registry import TEXTS
from shop.plans import sold
from shop.receipts import presence, warnings
from shop.receipts.holding import HeldDecision, held_on
from shop.receipts.presence import Reviewer
from shop.receipts.warnings import ReceiptWarning
from shop.unit_of_work import UnitOfWork

RIALS_IN_A_TOMAN = 10
_ALIKE = warnings.look_alikes()


@dataclass(frozen=True, slots=True)
class ReceiptDetail:
    """Amounts in Toman (``amount``) and, as bank slips print them, in Rial."""

    payment_id: int
    status: str
    amount: int
    amount_rial: int
    currency: str
    warnings: Sequence[ReceiptWarning]
    customer_id: int
    customer_name: str
    customer_username: str | None
    customer_since: datetime
    customer_approved: int
    customer_rejected: int
    customer_waiting: int
    """Other receipts of the same person in the queue."""
    customer_language: str
    order_id: int
    order_status: str
    plan_name: str
    card_number_masked: str
    """Sixteen characters: the issuer's six digits, six dots, the last four."""
    card_last_four: str
    card_holder: str
    card_bank: str
    invoice_at: datetime
    submitted_at: datetime
    minutes_after_invoice: int
    is_after_deadline: bool
    payer_reference: str | None
    caption: str | None
    receipt_type: str
    has_image: bool
    is_document: bool
    image_width: int | None
    image_height: int | None
    decided_by: str | None
    decided_at: datetime | None
    decided_channel: str | None
    reject_reason: str | None
    admin_notes: str | None
    delivery_state: str | None
    """``delivered``, ``held_no_stock`` or ``pending`` once approved; else None."""
    tracking_number: str
    reviewer: Reviewer | None = None
    """A colleague who looks at it now."""
    held: HeldDecision | None = None
    """What somebody decided and may still take back."""
    was_removed: bool = False
    """Its file is kept no longer, as the shop wished."""
    arrived: int | None = None
    """What was accepted (while it is held: will be), where it is another amount than was asked for."""
    own_rejection: Mapping[str, str] | None = None
    """What the shop says in its own words when it rejects, in the customer's language."""


async def load_detail(
    uow: UnitOfWork, which: ColumnElement[Any], language: str, **values: int
) -> ReceiptDetail | None:
    """The receipt whose payment has the id ``which`` (with ``values`` for its parameters), in one query.

    None: absent, of another shop, or a payment without a receipt so far.
    """
    found = await uow.session.execute(_detail(which), presence.seen_by(uow) | values)
    row = found.one_or_none()
    if row is None:
        return None
    payment, order, user, media, job, colleague, card_is_on, history, own_rejection, *alike = row
    waits = payment.status == "receipt_submitted"
    width = len(alike) // len(_ALIKE)
    alikes = [(others, alike[at * width : (at + 1) * width]) for at, others in enumerate(_ALIKE)]
    return ReceiptDetail(
        **_money(payment),
        **_customer(user, history, waits=waits),
        **_card(payment, language),
        **_proof(payment, media),
        **_decision(payment, job),
        payment_id=payment.id,
        status=payment.status,
        warnings=warnings.told(alikes, payment, order, user, card_is_on=card_is_on) if waits else (),
        order_id=order.id,
        order_status=order.status,
        plan_name=sold.name(order.snapshot, language),
        tracking_number=payment.tracking_number,
        reviewer=presence.reviewer(colleague, payment.claimed_until) if waits else None,
        held=held_on(uow, payment, user) if payment.commit_at is not None else None,
        own_rejection=own_rejection,
    )


def _history() -> ScalarSelect[Any]:
    """How many receipts of each status the payer has: a JSON object."""
    earlier = aliased(CardToCardPayment)
    counts = (
        select(earlier.status, func.count().label("number"))
        .where(earlier.user_id == CardToCardPayment.user_id)
        .group_by(earlier.status)
        .correlate(CardToCardPayment)
        .lateral()
    )
    return select(func.jsonb_object_agg(counts.c.status, counts.c.number)).scalar_subquery()


def _own_rejection() -> ScalarSelect[Any]:
    """The shop's own sentences for a rejection, as ``shop.texts`` keeps them."""
    return (
        select(BotConfiguration.config_value)
        .where(
            BotConfiguration.bot_id == CardToCardPayment.bot_id,
            BotConfiguration.config_key == literal(TEXTS) + User.language + literal(".receipt_rejected"),
        )
        .correlate(CardToCardPayment, User)
        .scalar_subquery()
    )


@cache
def _detail(which: ColumnElement[Any]) -> Select[Any]:
    """Built once for each way of choosing: to build it costs more than to run it."""
    statement = (
        select(
            CardToCardPayment,
            Order,
            User,
            Media,
            ProvisioningJob.status,
            Staff.name,
            TenantPaymentCard.is_active,
            _history(),
            _own_rejection(),
            *(column for others in _ALIKE for column in others.columns),
        )
        .join(Order, Order.id == CardToCardPayment.order_id)
        .join(User, User.id == CardToCardPayment.user_id)
        .join(TenantPaymentCard, TenantPaymentCard.id == CardToCardPayment.card_id)
        .outerjoin(Media, Media.id == CardToCardPayment.receipt_media_id)
        .outerjoin(ProvisioningJob, ProvisioningJob.order_id == Order.id)
        .outerjoin(Staff, presence.is_reviewed_by_another())
        .where(CardToCardPayment.id == which, CardToCardPayment.receipt_submitted_at.is_not(None))
    )
    for others in _ALIKE:
        statement = statement.outerjoin(others.rows, true())
    return statement


def _money(payment: CardToCardPayment) -> dict[str, Any]:
    amount = payment.expected_amount
    return {
        "amount": amount,
        "amount_rial": amount * RIALS_IN_A_TOMAN,
        "arrived": None if payment.amount == amount else payment.amount,
        "currency": payment.currency,
    }


def _customer(user: User, history: dict[str, int], *, waits: bool) -> dict[str, Any]:
    return {
        "customer_id": user.id,
        "customer_name": user.full_name,
        "customer_username": user.username,
        "customer_since": user.created_at,
        "customer_approved": history.get("approved", 0) + history.get("approved_other_amount", 0),
        "customer_rejected": history.get("rejected", 0),
        "customer_waiting": history.get("receipt_submitted", 0) - waits,
        "customer_language": user.language,
    }


def _card(payment: CardToCardPayment, language: str) -> dict[str, Any]:
    shown = payment.card_snapshot
    return {
        "card_number_masked": f"{shown['first_six']}••••••{shown['last_four']}",
        "card_last_four": shown["last_four"],
        "card_holder": shown["holder_name"],
        "card_bank": banks.localised(shown["bank_name"], language),
    }


def _proof(payment: CardToCardPayment, media: Media | None) -> dict[str, Any]:
    submitted_at = payment.receipt_submitted_at or payment.created_at
    return {
        "invoice_at": payment.created_at,
        "submitted_at": submitted_at,
        "minutes_after_invoice": int((submitted_at - payment.created_at).total_seconds() // 60),
        "is_after_deadline": payment.late,
        "payer_reference": payment.payer_reference,
        "caption": payment.receipt_text,
        "receipt_type": payment.receipt_type or "text",
        "has_image": media is not None and media.state == "picture" and media.size_bytes > 0,
        "is_document": media is not None and media.state == "document" and media.size_bytes > 0,
        "was_removed": media is not None and media.size_bytes == 0,
        "image_width": media.width if media is not None else None,
        "image_height": media.height if media is not None else None,
    }


def _decision(payment: CardToCardPayment, job: str | None) -> dict[str, Any]:
    accepted = payment.status in ("approved", "approved_other_amount")
    states = {"done": "delivered", "held": "held_no_stock", "pending": "pending", "failed": "pending"}
    return {
        "decided_by": payment.admin_reviewed_by,
        "decided_at": payment.admin_reviewed_at,
        "decided_channel": payment.admin_channel,
        "reject_reason": payment.reject_reason,
        "admin_notes": payment.admin_notes,
        "delivery_state": states.get(job or "") if accepted else None,
    }

"""One receipt with everything a reviewer needs to decide on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, ScalarSelect, bindparam, func, literal, select, true
from sqlalchemy.orm import aliased

from db.models import (
    AuditEntry,
    BotConfiguration,
    BotPlan,
    CardToCardPayment,
    Media,
    Order,
    ProvisioningJob,
    Staff,
    TenantPaymentCard,
    Ticket,
    User,
)
from db.prepared import compiled_once
from shop.actors import SHOP_SEE, may
from shop.cards import banks
from shop.configurations.registry import TEXTS
from shop.customers.service import NOTED
from shop.plans import sold
from shop.receipts import handed, lateness, presence, warnings
from shop.receipts.amounts import limit_of_mine
from shop.receipts.handed import HandedOn
from shop.receipts.holding import HeldDecision, held_on
from shop.receipts.lateness import Late
from shop.receipts.presence import Reviewer
from shop.receipts.reasons import CONFIG_KEY, OURS, Reason, listed, offered
from shop.receipts.warnings import ReceiptWarning
from shop.unit_of_work import UnitOfWork

RIALS_IN_A_TOMAN = 10
_ALIKE = warnings.look_alikes()
_WIDTH = len(_ALIKE[0].columns)
"""Columns of a receipt that looks alike."""


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
    my_limit: int | None = None
    """The most that who looks may approve of one receipt, in minor units; None is any amount."""
    tickets: int = 0
    """Questions of the customer that are about this order."""
    handed: HandedOn | None = None
    """Whom a colleague handed it to, while it waits."""
    own_rejection: Mapping[str, str] | None = None
    """What the shop says in its own words when it rejects, in the customer's language."""
    reasons: Sequence[Reason] = OURS
    """Those offered for a rejection, in the shop's order; the reviewer's own words come after them."""
    customer_telegram_id: int = 0
    is_mine: bool = False
    """Whether who looks paid it himself: nobody decides on his own payment."""
    is_staffs: bool = False
    """Whether somebody of the team paid it."""
    late: Late | None = None
    """What to know before it is decided, where it came after its deadline."""
    customer_note: str | None = None
    """What the team noted last on the payer; None also for who may not see customers."""
    to_wallet: bool = False
    """Whether its money was kept for the customer and bought nothing (while it is held: will be)."""


async def load_detail(
    uow: UnitOfWork, which: ColumnElement[Any], language: str, **values: int
) -> ReceiptDetail | None:
    """The receipt whose payment has the id ``which`` (with ``values`` for its parameters), in one query.

    None: absent, of another shop, or a payment without a receipt so far.
    """
    asked = presence.seen_by(uow) | {"shop": uow.bot_id} | values
    row = (await uow.session.execute(_detail(which), asked)).one_or_none()
    if row is None:
        return None
    waits = row.status == "receipt_submitted"
    return ReceiptDetail(
        **_money(row),
        **_customer(row, waits=waits),
        **_card(row, language),
        **_proof(row),
        **_decision(row),
        payment_id=row.payment_id,
        status=row.status,
        warnings=_warnings(row) if waits else (),
        order_id=row.order_id,
        order_status=row.order_status,
        plan_name=sold.name(row.snapshot, language),
        tracking_number=row.tracking_number,
        reviewer=presence.reviewer(row.colleague, row.claimed_until) if waits else None,
        held=held_on(uow, row) if row.commit_at is not None else None,
        own_rejection=row.own_rejection,
        reasons=offered(listed(row.own_reasons)),
        is_mine=row.is_mine,
        is_staffs=row.is_staffs,
        my_limit=row.my_limit,
        tickets=row.tickets,
        handed=handed.told(row.handed_on) if waits else None,
        late=lateness.told(row) if waits and row.late else None,
        to_wallet=row.to_wallet,
        customer_note=row.customer_note if may(uow.actor, SHOP_SEE) else None,
    )


def _warnings(row: Any) -> list[ReceiptWarning]:
    alike = row[-len(_ALIKE) * _WIDTH :]
    return warnings.told(
        [(others, alike[at * _WIDTH : (at + 1) * _WIDTH]) for at, others in enumerate(_ALIKE)],
        order_status=row.order_status,
        payer_is_blocked=row.blocked_at is not None,
        card_is_on=row.card_is_on,
        late_after=row.expires_at if row.late else None,
    )


def _tickets() -> ScalarSelect[Any]:
    """How many questions are about its order."""
    return (
        select(func.count())
        .select_from(Ticket)
        .where(Ticket.bot_id == CardToCardPayment.bot_id, Ticket.order_id == CardToCardPayment.order_id)
        .scalar_subquery()
    )


def _customer_note() -> ScalarSelect[Any]:
    """The newest note on its payer."""
    return (
        select(AuditEntry.data["text"].as_string())
        .where(
            AuditEntry.bot_id == CardToCardPayment.bot_id,
            AuditEntry.subject_type == "user",
            AuditEntry.subject_id == CardToCardPayment.user_id,
            AuditEntry.action == NOTED,
        )
        .order_by(AuditEntry.id.desc())
        .limit(1)
        .correlate(CardToCardPayment)
        .scalar_subquery()
    )


def _history() -> ScalarSelect[Any]:
    """How many receipts of each status the payer has: a JSON object."""
    earlier = aliased(CardToCardPayment)
    counts = (
        select(earlier.status, func.count().label("number"))
        .where(earlier.bot_id == CardToCardPayment.bot_id, earlier.user_id == CardToCardPayment.user_id)
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


def _own_reasons() -> ScalarSelect[Any]:
    """The shop's own list of reasons, as ``reasons`` keeps it."""
    return (
        select(BotConfiguration.config_value)
        .where(BotConfiguration.bot_id == CardToCardPayment.bot_id, BotConfiguration.config_key == CONFIG_KEY)
        .correlate(CardToCardPayment)
        .scalar_subquery()
    )


def _paid_by_staff(*, me: bool) -> ColumnElement[bool]:
    """Whether the payer's Telegram account is that of who looks, or of anybody on the team."""
    person = aliased(Staff)
    who = person.id == bindparam("me", type_=BigInteger) if me else person.is_active.is_(True)
    of_the_team = select(person.id).where(
        person.bot_id == User.bot_id, person.telegram_id == User.telegram_id, who
    )
    return of_the_team.correlate(User).exists()


@cache
def _detail(which: ColumnElement[Any]) -> Any:
    """Built and compiled once for each way of choosing: either costs more than to run it."""
    payment = CardToCardPayment
    statement = (
        select(
            payment.id.label("payment_id"),
            *_PAYMENT,
            Order.status.label("order_status"),
            Order.snapshot,
            *(User.first_name, User.last_name, User.username, User.language, User.blocked_at),
            *(User.created_at.label("customer_since"), User.telegram_id),
            *(Media.state, Media.size_bytes, Media.width, Media.height),
            ProvisioningJob.status.label("job"),
            Staff.name.label("colleague"),
            TenantPaymentCard.is_active.label("card_is_on"),
            _history().label("history"),
            _own_rejection().label("own_rejection"),
            _own_reasons().label("own_reasons"),
            _paid_by_staff(me=True).label("is_mine"),
            _paid_by_staff(me=False).label("is_staffs"),
            limit_of_mine().label("my_limit"),
            _tickets().label("tickets"),
            _customer_note().label("customer_note"),
            handed.handed_on().label("handed_on"),
            *lateness.columns(),
            *(column.label(f"{others.code}_{column.name}") for others in _ALIKE for column in others.columns),
        )
        .join(Order, _is_here(Order) & (Order.id == payment.order_id))
        .join(User, _is_here(User) & (User.id == payment.user_id))
        .join(TenantPaymentCard, _is_here(TenantPaymentCard) & (TenantPaymentCard.id == payment.card_id))
        .outerjoin(BotPlan, _is_here(BotPlan) & (BotPlan.id == Order.plan_id))
        .outerjoin(Media, _is_here(Media) & (Media.id == payment.receipt_media_id))
        .outerjoin(ProvisioningJob, _is_here(ProvisioningJob) & (ProvisioningJob.order_id == Order.id))
        .outerjoin(Staff, _is_here(Staff) & presence.is_reviewed_by_another())
        .where(
            payment.bot_id == bindparam("shop", type_=BigInteger),
            payment.id == which,
            payment.receipt_submitted_at.is_not(None),
        )
    )
    for others in _ALIKE:
        statement = statement.outerjoin(others.rows, true())
    return compiled_once(statement)


_PAYMENT = (
    *(CardToCardPayment.status, CardToCardPayment.expected_amount, CardToCardPayment.amount),
    CardToCardPayment.currency,
    *(CardToCardPayment.user_id, CardToCardPayment.order_id, CardToCardPayment.card_snapshot),
    *(CardToCardPayment.tracking_number, CardToCardPayment.created_at, CardToCardPayment.expires_at),
    *(CardToCardPayment.receipt_submitted_at, CardToCardPayment.receipt_type, CardToCardPayment.receipt_text),
    *(CardToCardPayment.payer_reference, CardToCardPayment.late, CardToCardPayment.claimed_until),
    *(CardToCardPayment.admin_reviewed_by, CardToCardPayment.admin_reviewed_at),
    *(CardToCardPayment.admin_channel, CardToCardPayment.reject_reason, CardToCardPayment.admin_notes),
    *(CardToCardPayment.held_decision, CardToCardPayment.held_by, CardToCardPayment.held_by_name),
    *(CardToCardPayment.commit_at, CardToCardPayment.to_wallet),
)


def _is_here(joined: Any) -> ColumnElement[bool]:
    found: ColumnElement[bool] = joined.bot_id == CardToCardPayment.bot_id
    return found


def _money(row: Any) -> dict[str, Any]:
    return {
        "amount": row.expected_amount,
        "amount_rial": row.expected_amount * RIALS_IN_A_TOMAN,
        "arrived": None if row.amount == row.expected_amount else row.amount,
        "currency": row.currency,
    }


def _customer(row: Any, *, waits: bool) -> dict[str, Any]:
    history: dict[str, int] = row.history
    return {
        "customer_id": row.user_id,
        "customer_name": f"{row.first_name} {row.last_name or ''}".strip(),
        "customer_username": row.username,
        "customer_since": row.customer_since,
        "customer_approved": history.get("approved", 0) + history.get("approved_other_amount", 0),
        "customer_rejected": history.get("rejected", 0),
        "customer_waiting": history.get("receipt_submitted", 0) - waits,
        "customer_language": row.language,
        "customer_telegram_id": row.telegram_id,
    }


def _card(row: Any, language: str) -> dict[str, Any]:
    shown = row.card_snapshot
    return {
        "card_number_masked": f"{shown['first_six']}••••••{shown['last_four']}",
        "card_last_four": shown["last_four"],
        "card_holder": shown["holder_name"],
        "card_bank": banks.localised(shown["bank_name"], language),
    }


def _proof(row: Any) -> dict[str, Any]:
    submitted_at = row.receipt_submitted_at
    is_kept = row.size_bytes is not None and row.size_bytes > 0
    return {
        "invoice_at": row.created_at,
        "submitted_at": submitted_at,
        "minutes_after_invoice": int((submitted_at - row.created_at).total_seconds() // 60),
        "is_after_deadline": row.late,
        "payer_reference": row.payer_reference,
        "caption": row.receipt_text,
        "receipt_type": row.receipt_type or "text",
        "has_image": is_kept and row.state == "picture",
        "is_document": is_kept and row.state == "document",
        "was_removed": row.size_bytes == 0,
        "image_width": row.width,
        "image_height": row.height,
    }


def _decision(row: Any) -> dict[str, Any]:
    accepted = row.status in ("approved", "approved_other_amount")
    states = {"done": "delivered", "held": "held_no_stock", "pending": "pending", "failed": "pending"}
    return {
        "decided_by": row.admin_reviewed_by,
        "decided_at": row.admin_reviewed_at,
        "decided_channel": row.admin_channel,
        "reject_reason": row.reject_reason,
        "admin_notes": row.admin_notes,
        "delivery_state": states.get(row.job or "") if accepted else None,
    }

"""One customer with everything that happened between him and the shop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select

from db.models import AuditEntry, CardToCardPayment, Order, OutboxMessage, Ticket, Transaction, User
from shop.actors import SHOP_SEE, TICKETS_SEE, may, require
from shop.customers.service import NOTED
from shop.errors import NotFound
from shop.plans import sold
from shop.subscriptions.queries import SubscriptionRow, list_for_user
from shop.unit_of_work import UnitOfWork

OF_EACH = 30
"""The newest so many of each kind of event; the lists have all of them."""
APPROVED = ("approved", "approved_other_amount")


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of the timeline. ``what`` names it; ``state`` is how it stands; amounts in minor units."""

    at: datetime
    what: str
    """``order``, ``receipt``, ``movement``, ``ticket``, ``message`` or ``act``."""
    id: int
    state: str
    text: str = ""
    amount: int | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """What somebody of the team noted on a customer."""

    id: int
    at: datetime
    by: str
    text: str


@dataclass(frozen=True, slots=True)
class Profile:
    user_id: int
    telegram_id: int
    name: str
    username: str | None
    language: str
    created_at: datetime
    last_seen_at: datetime | None
    blocked_at: datetime | None
    unreachable_at: datetime | None
    balance: int
    spent: int
    approved: int
    rejected: int
    subscriptions: Sequence[SubscriptionRow]
    timeline: Sequence[Happening]
    """Newest first."""
    notes: Sequence[Note] = ()
    """Newest first."""


async def load_profile(uow: UnitOfWork, user_id: int, language: str) -> Profile:
    """Everything about one customer, in ten statements. Raises NotAllowed, NotFound."""
    require(uow.actor, SHOP_SEE)
    user = await uow.session.scalar(select(User).where(User.id == user_id))
    if user is None:
        raise NotFound("user", user_id)
    spent = await uow.session.scalar(
        select(func.coalesce(-func.sum(Transaction.amount), 0)).where(
            Transaction.user_id == user_id, Transaction.kind == "purchase"
        )
    )
    counts = dict(
        (
            await uow.session.execute(
                select(CardToCardPayment.status, func.count())
                .where(CardToCardPayment.user_id == user_id)
                .group_by(CardToCardPayment.status)
            )
        )
        .tuples()
        .all()
    )
    events = [
        *await _orders(uow, user_id, language),
        *await _receipts(uow, user_id),
        *await _movements(uow, user_id),
        *(await _tickets(uow, user_id) if may(uow.actor, TICKETS_SEE) else ()),
        *await _messages(uow, user_id),
        *await _acts(uow, user_id),
    ]
    return Profile(
        user_id=user.id,
        telegram_id=user.telegram_id,
        name=user.full_name,
        username=user.username,
        language=user.language,
        created_at=user.created_at,
        last_seen_at=user.last_seen_at,
        blocked_at=user.blocked_at,
        unreachable_at=user.unreachable_at,
        balance=user.balance,
        spent=int(spent or 0),
        approved=sum(counts.get(status, 0) for status in APPROVED),
        rejected=counts.get("rejected", 0),
        subscriptions=await list_for_user(uow, user_id, language),
        timeline=sorted(events, key=lambda event: (event.at, event.id), reverse=True),
        notes=await _notes(uow, user_id),
    )


async def _orders(uow: UnitOfWork, user_id: int, language: str) -> list[Happening]:
    rows = await uow.session.scalars(
        select(Order).where(Order.user_id == user_id).order_by(Order.id.desc()).limit(OF_EACH)
    )
    return [
        Happening(row.created_at, "order", row.id, row.status, sold.name(row.snapshot, language), row.amount)
        for row in rows
    ]


async def _receipts(uow: UnitOfWork, user_id: int) -> list[Happening]:
    rows = await uow.session.scalars(
        select(CardToCardPayment)
        .where(CardToCardPayment.user_id == user_id, CardToCardPayment.receipt_submitted_at.is_not(None))
        .order_by(CardToCardPayment.id.desc())
        .limit(OF_EACH)
    )
    return [
        Happening(
            row.admin_reviewed_at or row.receipt_submitted_at or row.created_at,
            "receipt",
            row.id,
            "to_wallet" if row.to_wallet and row.status in APPROVED else row.status,
            row.admin_reviewed_by or "",
            row.expected_amount if row.amount is None else row.amount,
        )
        for row in rows
    ]


async def _movements(uow: UnitOfWork, user_id: int) -> list[Happening]:
    rows = await uow.session.scalars(
        select(Transaction)
        .where(Transaction.user_id == user_id)
        .order_by(Transaction.id.desc())
        .limit(OF_EACH)
    )
    return [
        Happening(row.created_at, "movement", row.id, row.kind, row.note or "", row.amount) for row in rows
    ]


async def _tickets(uow: UnitOfWork, user_id: int) -> list[Happening]:
    rows = await uow.session.scalars(
        select(Ticket).where(Ticket.user_id == user_id).order_by(Ticket.id.desc()).limit(OF_EACH)
    )
    return [Happening(row.last_at, "ticket", row.id, row.status, row.subject) for row in rows]


async def _messages(uow: UnitOfWork, user_id: int) -> list[Happening]:
    rows = await uow.session.scalars(
        select(OutboxMessage)
        .where(OutboxMessage.user_id == user_id)
        .order_by(OutboxMessage.id.desc())
        .limit(OF_EACH)
    )
    return [
        Happening(row.created_at, "message", row.id, _state_of(row), str(row.payload.get("words", "")))
        for row in rows
    ]


def _state_of(message: OutboxMessage) -> str:
    if message.sent_at is not None:
        return "delivered"
    return "waiting" if message.failed_at is None else "failed"


async def _acts(uow: UnitOfWork, user_id: int) -> list[Happening]:
    rows = await uow.session.scalars(
        select(AuditEntry)
        .where(*_about(user_id), AuditEntry.action != NOTED)
        .order_by(AuditEntry.id.desc())
        .limit(OF_EACH)
    )
    return [Happening(row.created_at, "act", row.id, row.action, row.actor_name) for row in rows]


async def _notes(uow: UnitOfWork, user_id: int) -> list[Note]:
    rows = await uow.session.execute(
        select(
            AuditEntry.id, AuditEntry.created_at, AuditEntry.actor_name, AuditEntry.data["text"].as_string()
        )
        .where(*_about(user_id), AuditEntry.action == NOTED)
        .order_by(AuditEntry.id.desc())
        .limit(OF_EACH)
    )
    return [Note(*row) for row in rows]


def _about(user_id: int) -> tuple[ColumnElement[bool], ...]:
    return AuditEntry.subject_type == "user", AuditEntry.subject_id == user_id

"""The last things that happened in a shop, from its history, its customers and what they were handed."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Select, Text, and_, case, func, literal, null, or_, select, union_all

from db.models import AuditEntry, CardToCardPayment, Order, Subscription, User
from shop.overview.rows import Event, EventKind
from shop.unit_of_work import UnitOfWork

LATEST = 10
TOLD: dict[str, EventKind] = {
    "receipt.submitted": "receipt_submitted",
    "receipt.approved": "receipt_approved",
    "receipt.rejected": "receipt_rejected",
    "order.held": "held_no_stock",
}
"""Lines of the audit log that an owner wants to see here."""
DECISIONS = ("receipt.approved", "receipt.rejected")
DELIVERED: EventKind = "delivered"
JOINED: EventKind = "user_joined"


async def latest_events(uow: UnitOfWork) -> list[Event]:
    """Newest first, in one round trip; each part brings no more than could be shown."""
    parts = union_all(_history(), _delivered(), _joined()).subquery()
    rows = await uow.session.execute(
        select(parts)
        # What a decision delivered carries the decision's own instant, and is told above it.
        .order_by(parts.c.at.desc(), (parts.c.kind == DELIVERED).desc(), parts.c.id.desc())
        .limit(LATEST)
    )
    return [
        Event(
            kind=TOLD.get(row.kind, row.kind),
            at=row.at,
            customer_name=f"{row.first_name} {row.last_name or ''}".strip(),
            amount=row.amount,
            receipt_id=row.receipt_id,
            actor_name=row.actor_name,
        )
        for row in rows
    ]


def _history() -> Select[Any]:
    return (
        select(
            AuditEntry.action.label("kind"),
            AuditEntry.created_at.label("at"),
            AuditEntry.id.label("id"),
            User.first_name,
            User.last_name,
            func.coalesce(CardToCardPayment.amount, CardToCardPayment.expected_amount, Order.amount).label(
                "amount"
            ),
            CardToCardPayment.id.label("receipt_id"),
            case((AuditEntry.action.in_(DECISIONS), AuditEntry.actor_name)).label("actor_name"),
        )
        .select_from(AuditEntry)
        .outerjoin(
            CardToCardPayment,
            and_(AuditEntry.subject_type == "payment", CardToCardPayment.id == AuditEntry.subject_id),
        )
        .outerjoin(Order, and_(AuditEntry.subject_type == "order", Order.id == AuditEntry.subject_id))
        .join(User, or_(User.id == CardToCardPayment.user_id, User.id == Order.user_id))
        .where(AuditEntry.action.in_(tuple(TOLD)))
        .order_by(AuditEntry.created_at.desc(), AuditEntry.id.desc())
        .limit(LATEST)
    )


def _delivered() -> Select[Any]:
    return (
        select(
            literal(DELIVERED, Text),
            Subscription.created_at,
            Subscription.id,
            User.first_name,
            User.last_name,
            null().cast(BigInteger),
            null().cast(BigInteger),
            null().cast(Text),
        )
        .select_from(Subscription)
        .join(User, User.id == Subscription.user_id)
        .order_by(Subscription.id.desc())
        .limit(LATEST)
    )


def _joined() -> Select[Any]:
    return (
        select(
            literal(JOINED, Text),
            User.created_at,
            User.id,
            User.first_name,
            User.last_name,
            null().cast(BigInteger),
            null().cast(BigInteger),
            null().cast(Text),
        )
        .order_by(User.created_at.desc(), User.id.desc())
        .limit(LATEST)
    )

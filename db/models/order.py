"""A chosen plan waiting for its payment, with everything it was sold with."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.base import BotRow
from db.constraints import belongs, one_of
from db.types import Json, MinorUnits, Utc, Words

KINDS = ("purchase", "renewal", "topup")
STATUSES = (
    "draft",
    "awaiting_payment",
    "partially_paid",
    "paid",
    "provisioning",
    "fulfilled",
    "expired",
    "cancelled",
    "failed",
    "partially_refunded",
    "refunded",
)


class Order(BotRow):
    __tablename__ = "orders"
    __table_args__ = (
        UniqueConstraint("bot_id", "id"),
        belongs("user_id", "users"),
        belongs("plan_id", "bot_plans"),
        belongs("parent_order_id", "orders"),
        one_of("kind", KINDS),
        one_of("status", STATUSES),
        CheckConstraint("amount >= 0", name="amount_not_negative"),
        Index("ix_orders_user", "bot_id", "user_id", "id"),
        Index("ix_orders_paid", "bot_id", "paid_at"),
        Index(
            "ix_orders_due",
            "expires_at",
            postgresql_where=text("status IN ('draft', 'awaiting_payment')"),
        ),
    )

    user_id: Mapped[int] = mapped_column(BigInteger)
    plan_id: Mapped[int | None] = mapped_column(BigInteger)
    kind: Mapped[Words] = mapped_column(default="purchase", server_default="purchase")
    status: Mapped[Words]
    amount: Mapped[MinorUnits]
    """What is to be paid in all, after every discount."""
    currency: Mapped[Words]
    snapshot: Mapped[Json]
    """The plan as it was when the order was made; delivery reads this, never the plan."""
    parent_order_id: Mapped[int | None] = mapped_column(BigInteger)
    expires_at: Mapped[Utc | None]
    paid_at: Mapped[Utc | None]
    fulfilled_at: Mapped[Utc | None]
    closed_reason: Mapped[Words | None]

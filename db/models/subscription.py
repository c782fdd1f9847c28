"""What the customer holds: access with an end."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.base import BotRow
from db.constraints import belongs, one_of
from db.types import Bytes, No, Utc, Words

STATUSES = ("pending", "active", "limited", "grace", "expired", "suspended", "disabled", "archived")


class Subscription(BotRow):
    __tablename__ = "subscriptions"
    __table_args__ = (
        UniqueConstraint("bot_id", "id"),
        UniqueConstraint("bot_id", "order_id"),
        belongs("user_id", "users"),
        belongs("plan_id", "bot_plans"),
        belongs("order_id", "orders"),
        one_of("status", STATUSES),
        CheckConstraint("ends_at > starts_at", name="ends_after_start"),
        Index("ix_subscriptions_user", "bot_id", "user_id", "id"),
        Index("ix_subscriptions_newest", "bot_id", "created_at", "id"),
        Index("ix_subscriptions_end", "bot_id", "status", "ends_at"),
    )

    user_id: Mapped[int] = mapped_column(BigInteger)
    plan_id: Mapped[int | None] = mapped_column(BigInteger)
    order_id: Mapped[int] = mapped_column(BigInteger)
    """The order that opened it: one order opens one subscription."""
    name: Mapped[Words]
    status: Mapped[Words]
    starts_at: Mapped[Utc]
    ends_at: Mapped[Utc]
    traffic_limit_bytes: Mapped[Bytes] = mapped_column(default=0, server_default=text("0"))
    """0 is unlimited."""
    traffic_used_bytes: Mapped[Bytes] = mapped_column(default=0, server_default=text("0"))
    device_limit: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    access: Mapped[Words] = mapped_column(default="", server_default="")
    """The line handed to the customer: a link or a configuration. Empty until it is provisioned."""
    auto_renew: Mapped[No]

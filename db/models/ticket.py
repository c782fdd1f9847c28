"""A customer's question."""

from __future__ import annotations

from sqlalchemy import BigInteger, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from db.base import BotRow
from db.constraints import belongs, one_of
from db.types import Utc, Words

STATUSES = ("open", "waiting_staff", "waiting_user", "resolved", "closed")


class Ticket(BotRow):
    __tablename__ = "tickets"
    __table_args__ = (
        UniqueConstraint("bot_id", "id"),
        belongs("user_id", "users"),
        belongs("order_id", "orders"),
        one_of("status", STATUSES),
        Index("ix_tickets_waiting", "bot_id", "status", "updated_at"),
    )

    user_id: Mapped[int] = mapped_column(BigInteger)
    order_id: Mapped[int | None] = mapped_column(BigInteger)
    subject: Mapped[Words]
    status: Mapped[Words] = mapped_column(default="open", server_default="open")
    closed_at: Mapped[Utc | None]

"""A person in one shop's bot. The same human in two shops is two users."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.base import BotRow
from db.types import MinorUnits, TelegramId, Utc, Words


class User(BotRow):
    __tablename__ = "users"
    __table_args__ = (
        UniqueConstraint("bot_id", "id"),
        UniqueConstraint("bot_id", "telegram_id"),
        CheckConstraint("balance >= 0", name="balance_not_negative"),
        Index("ix_users_newest", "bot_id", "created_at"),
    )

    telegram_id: Mapped[TelegramId]
    first_name: Mapped[Words]
    last_name: Mapped[Words | None]
    username: Mapped[Words | None]
    language: Mapped[Words]
    balance: Mapped[MinorUnits] = mapped_column(default=0, server_default=text("0"))
    """The wallet: always the sum of the user's ``transactions``."""
    blocked_at: Mapped[Utc | None]
    """The shop blocked this person."""
    unreachable_at: Mapped[Utc | None]
    """Telegram says this person blocked the bot, or is gone."""
    last_seen_at: Mapped[Utc | None]

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name or ''}".strip()

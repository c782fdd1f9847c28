"""Promises of Telegram messages, kept by the bot process after the commit."""

from __future__ import annotations

from sqlalchemy import BigInteger, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.base import BotRow
from db.constraints import belongs
from db.types import Json, No, TelegramId, Utc, Words


class OutboxMessage(BotRow):
    __tablename__ = "outbox"
    __table_args__ = (
        UniqueConstraint("bot_id", "dedupe_key"),
        belongs("user_id", "users"),
        Index(
            "ix_outbox_due",
            "bot_id",
            "due_at",
            "id",
            postgresql_where=text("sent_at IS NULL AND failed_at IS NULL"),
        ),
        Index("ix_outbox_user", "bot_id", "user_id", "id", postgresql_where=text("user_id IS NOT NULL")),
        Index("ix_outbox_failed", "bot_id", "failed_at", postgresql_where=text("failed_at IS NOT NULL")),
    )

    user_id: Mapped[int | None] = mapped_column(BigInteger)
    """The customer it is for; NULL for the shop's own chats."""
    chat_id: Mapped[TelegramId]
    topic_id: Mapped[TelegramId | None]
    kind: Mapped[Words]
    """Which words: a file of ``templates/telegram/``."""
    payload: Mapped[Json]
    dedupe_key: Mapped[Words]
    due_at: Mapped[Utc]
    """Not before; a claim moves it forward by the lease, a failure by the pause."""
    attempts: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    sent_at: Mapped[Utc | None]
    failed_at: Mapped[Utc | None]
    last_error: Mapped[Words | None]
    is_going: Mapped[No]
    """A worker has it in hand: Telegram may have taken it although we do not know so yet."""
    doubts: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    """How often it was sent again although it may have arrived: whoever had it in hand never said what came
    of it."""
    telegram_message_id: Mapped[int | None] = mapped_column(BigInteger)

"""What Telegram gave us: stored before its offset is confirmed, handled once; and conversations' states."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from db.base import BotOwned
from db.types import Json, TelegramId, Utc, Words


class TelegramUpdate(BotOwned):
    __tablename__ = "telegram_updates"
    __bot_id_is_key__ = True
    __table_args__ = (
        Index(
            "ix_telegram_updates_open",
            "bot_id",
            "update_id",
            postgresql_where=text("done_at IS NULL AND failed_at IS NULL"),
        ),
        Index("ix_telegram_updates_done", "done_at", postgresql_where=text("done_at IS NOT NULL")),
    )

    update_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    person_id: Mapped[TelegramId]
    """Who it is about: updates of one person are handled in order, one at a time."""
    body: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    """Dropped when the update is done; what stays is the proof that it was seen."""
    received_at: Mapped[Utc]
    lease_until: Mapped[Utc | None]
    attempts: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    done_at: Mapped[Utc | None]
    failed_at: Mapped[Utc | None]
    last_error: Mapped[Words | None]


class FsmState(BotOwned):
    """Where a person is in a conversation with one shop's bot; survives a restart."""

    __tablename__ = "fsm_state"
    __bot_id_is_key__ = True

    chat_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    user_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    """Telegram's id of the person, not ``users.id``."""
    thread_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, server_default=text("0"))
    business_connection_id: Mapped[str] = mapped_column(primary_key=True, server_default="")
    destiny: Mapped[str] = mapped_column(primary_key=True, server_default="default")
    state: Mapped[Words | None]
    data: Mapped[Json]
    updated_at: Mapped[Utc]

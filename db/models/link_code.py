"""Codes by which a person of the dashboard makes a chat on Telegram the shop's own."""

from __future__ import annotations

from sqlalchemy import BigInteger, Index
from sqlalchemy.orm import Mapped, mapped_column

from db.base import BotOwned
from db.constraints import belongs
from db.types import Digest, Utc


class LinkCode(BotOwned):
    """Lives minutes and is used once: whoever uses it deletes it."""

    __tablename__ = "link_codes"
    __bot_id_is_key__ = True
    __table_args__ = (
        belongs("staff_id", "staff"),
        Index("ix_link_codes_staff", "bot_id", "staff_id"),
        Index("ix_link_codes_expiry", "expires_at"),
    )

    code_hash: Mapped[Digest] = mapped_column(primary_key=True)
    """SHA-256 of the code, which is shown once."""
    staff_id: Mapped[int] = mapped_column(BigInteger)
    """Who asked for it, and whose account the chat's sender will be."""
    created_at: Mapped[Utc]
    expires_at: Mapped[Utc]

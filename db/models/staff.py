"""Dashboard people, their tokens and their sessions."""

from __future__ import annotations

from sqlalchemy import BigInteger, Index, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, BotOwned, BotRow
from db.constraints import belongs, one_of
from db.types import Digest, TelegramId, Utc, Words, Yes

ROLES = ("master", "owner", "staff")


class Staff(BotRow):
    __tablename__ = "staff"
    __table_args__ = (UniqueConstraint("bot_id", "id"), one_of("role", ROLES))

    name: Mapped[Words]
    role: Mapped[Words]
    permissions: Mapped[list[str]] = mapped_column(ARRAY(Text))
    telegram_id: Mapped[TelegramId | None]
    is_active: Mapped[Yes]


class ApiToken(BotRow):
    """A key to the dashboard. Only its keyed hash is kept; the token itself is shown once."""

    __tablename__ = "api_tokens"
    __table_args__ = (
        UniqueConstraint("bot_id", "id"),
        # The public part of the token finds it before the shop is known: random, so unique for all.
        UniqueConstraint("key_id"),
        belongs("staff_id", "staff"),
    )

    staff_id: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[Words]
    key_id: Mapped[Words]
    """The eight characters after ``pk_live_``; not secret."""
    token_hash: Mapped[Digest]
    last_used_at: Mapped[Utc | None]
    """Minute-grained."""
    last_used_address: Mapped[Words | None]
    expires_at: Mapped[Utc | None]
    revoked_at: Mapped[Utc | None]


class StaffSession(BotOwned):
    """One signed-in browser. The cookie's value is never stored, only its SHA-256."""

    __tablename__ = "sessions"
    __table_args__ = (
        belongs("staff_id", "staff"),
        belongs("api_token_id", "api_tokens"),
        Index("ix_sessions_staff", "bot_id", "staff_id"),
        Index("ix_sessions_expiry", "expires_at"),
    )

    id_hash: Mapped[Digest] = mapped_column(primary_key=True)
    staff_id: Mapped[int] = mapped_column(BigInteger)
    api_token_id: Mapped[int] = mapped_column(BigInteger)
    viewing_bot_id: Mapped[int | None] = mapped_column(BigInteger)
    """The shop the master looks at, read-only."""
    csrf_secret: Mapped[Digest]
    address: Mapped[Words]
    browser: Mapped[Words]
    created_at: Mapped[Utc]
    last_seen_at: Mapped[Utc]
    expires_at: Mapped[Utc]


class LoginAttempt(Base):
    """How often sign-in failed for one address or one token, in the current window."""

    __tablename__ = "login_attempts"

    subject: Mapped[Words] = mapped_column(primary_key=True)
    """``address:…`` or ``token:…``."""
    failures: Mapped[int]
    window_ends_at: Mapped[Utc]

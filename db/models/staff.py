"""Dashboard people, their tokens and their sessions."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Index, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Base, BotOwned, BotRow
from db.constraints import belongs, one_of
from db.types import Digest, MinorUnits, No, TelegramId, Utc, Words, Yes

ROLES = ("master", "owner", "staff")
CHALLENGES = ("sign_in", "confirm")


class Staff(BotRow):
    __tablename__ = "staff"
    __table_args__ = (
        UniqueConstraint("bot_id", "id"),
        one_of("role", ROLES),
        CheckConstraint("approve_up_to > 0", name="approve_up_to_positive"),
    )

    name: Mapped[Words]
    role: Mapped[Words]
    permissions: Mapped[list[str]] = mapped_column(ARRAY(Text))
    approve_up_to: Mapped[MinorUnits | None]
    """The most he may approve of one receipt, in minor units; NULL is any amount. Of a colleague alone."""
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
    hashed_under: Mapped[Digest | None]
    """Which of our keys (four bytes); NULL where it was made before that was noted."""
    last_used_at: Mapped[Utc | None]
    """Minute-grained."""
    last_used_address: Mapped[Words | None]
    scope: Mapped[list[str] | None] = mapped_column(ARRAY(Text))
    """Of what its person may do, the part that it opens; NULL is all of it."""
    expires_at: Mapped[Utc | None]
    replaced_at: Mapped[Utc | None]
    """When a new token took its place; it still works until ``expires_at``."""
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
    viewing_until: Mapped[Utc | None]
    """It leaves his screen by itself then."""
    csrf_secret: Mapped[Digest]
    address: Mapped[Words]
    browser: Mapped[Words]
    created_at: Mapped[Utc]
    last_seen_at: Mapped[Utc]
    proved_at: Mapped[Utc]
    """When the person last proved who he is: at sign-in, or again before something delicate."""
    expires_at: Mapped[Utc]


class SignInChallenge(BotOwned):
    """A browser that waits for a tap in its person's Telegram chat. It lives minutes and is used once."""

    __tablename__ = "sign_in_challenges"
    __table_args__ = (
        UniqueConstraint("bot_id", "ref"),
        one_of("purpose", CHALLENGES),
        belongs("staff_id", "staff"),
        belongs("api_token_id", "api_tokens"),
        Index("ix_sign_in_challenges_staff", "bot_id", "staff_id", "created_at"),
        Index("ix_sign_in_challenges_expiry", "expires_at"),
    )

    id_hash: Mapped[Digest] = mapped_column(primary_key=True)
    """SHA-256 of the waiting browser's cookie."""
    ref: Mapped[Words]
    """What the buttons in the chat carry; it opens nothing by itself."""
    purpose: Mapped[Words]
    staff_id: Mapped[int] = mapped_column(BigInteger)
    api_token_id: Mapped[int] = mapped_column(BigInteger)
    """The token that was shown; the session will hang on it."""
    session_hash: Mapped[Digest | None]
    """The session that proves itself again; NULL at sign-in."""
    telegram_id: Mapped[TelegramId]
    """Whose tap counts, and whose chat was written to."""
    number: Mapped[int]
    """Shown in the browser; the right one of three buttons carries it."""
    remember: Mapped[No]
    address: Mapped[Words]
    browser: Mapped[Words]
    answer: Mapped[Words | None]
    """``approved`` or ``refused``; said once."""
    created_at: Mapped[Utc]
    expires_at: Mapped[Utc]


class LoginAttempt(Base):
    """How often sign-in failed for one address or one token, in the current window."""

    __tablename__ = "login_attempts"

    subject: Mapped[Words] = mapped_column(primary_key=True)
    """``address:…``, ``token:…`` or ``factor:…``."""
    failures: Mapped[int]
    window_ends_at: Mapped[Utc]

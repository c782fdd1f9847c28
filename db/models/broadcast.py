"""One message to many customers, and each of those it is for."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.base import BotRow
from db.constraints import belongs, one_of
from db.types import Count, Json, No, Utc, Words

STATUSES = ("draft", "scheduled", "running", "paused", "completed", "stopped")
AUDIENCES = ("everybody", "active", "ending", "expired", "never", "named")
FATES = ("pending", "promised", "sent", "failed", "blocked", "skipped")


class Broadcast(BotRow):
    __tablename__ = "broadcasts"
    __table_args__ = (
        UniqueConstraint("bot_id", "id"),
        UniqueConstraint("bot_id", "form"),
        belongs("media_id", "media"),
        one_of("status", STATUSES),
        one_of("audience", AUDIENCES),
        CheckConstraint("sent + failed + blocked + skipped <= people", name="nobody_counts_twice"),
        CheckConstraint("status = 'draft' OR starts_at IS NOT NULL", name="starts_at_some_time"),
        Index("ix_broadcasts_newest", "bot_id", "created_at", "id"),
        Index(
            "ix_broadcasts_going",
            "bot_id",
            "id",
            postgresql_where=text("status IN ('scheduled', 'running')"),
        ),
    )

    form: Mapped[Words]
    """The form it came by: sent twice, it is one broadcast."""
    status: Mapped[Words]
    audience: Mapped[Words]
    narrowed: Mapped[Json]
    """What else must be true of them, as ``shop.broadcasts.narrowing`` keeps it."""
    words: Mapped[Json]
    """By language, with the places and the markup as they are typed: ``{name}``, ``<b>``."""
    media_id: Mapped[int | None] = mapped_column(BigInteger)
    """The picture above the words."""
    photo_file: Mapped[Words | None]
    """The picture's name at Telegram, once this bot has sent it: nobody uploads it a second time."""
    button: Mapped[Json]
    """Empty for none; otherwise ``label`` by language, and ``url``, ``plan_id`` or ``place``."""
    by: Mapped[Words]
    """Who wrote it, by name."""
    starts_at: Mapped[Utc | None]
    """When its recipients are written down; until then it can be taken back."""
    started_at: Mapped[Utc | None]
    ended_at: Mapped[Utc | None]
    people: Mapped[Count]
    """Recipients; the counts below are always those of their ``status``."""
    sent: Mapped[Count]
    failed: Mapped[Count]
    blocked: Mapped[Count]
    """Telegram says that the person blocked the bot, or is gone."""
    skipped: Mapped[Count]
    """Between being written down and the person's turn, the shop blocked the person or the person the bot."""
    doubtful: Mapped[Count]
    """To whom it may have come twice: the process ended while it was on its way."""


class BroadcastRecipient(BotRow):
    __tablename__ = "broadcast_recipients"
    __table_args__ = (
        UniqueConstraint("bot_id", "broadcast_id", "user_id"),
        belongs("broadcast_id", "broadcasts"),
        belongs("user_id", "users"),
        one_of("status", FATES),
        Index(
            "ix_broadcast_recipients_pending",
            "bot_id",
            "broadcast_id",
            "id",
            postgresql_where=text("status = 'pending'"),
        ),
        Index(
            "ix_broadcast_recipients_promised",
            "bot_id",
            "broadcast_id",
            "id",
            postgresql_where=text("status = 'promised'"),
        ),
        Index(
            "ix_broadcast_recipients_missed",
            "bot_id",
            "broadcast_id",
            "updated_at",
            "id",
            postgresql_where=text("status IN ('failed', 'blocked', 'skipped')"),
        ),
    )

    broadcast_id: Mapped[int] = mapped_column(BigInteger)
    user_id: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[Words]
    """``promised``: a message of the outbox, which knows what became of it."""
    turn: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    """How often the promise was taken back; each promise has a name of its own."""
    why: Mapped[Words | None]
    """What Telegram said where it did not come."""
    is_doubtful: Mapped[No]
    """It may have come twice."""

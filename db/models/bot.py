"""A shop: the master's and every tenant's. One Telegram bot, one set of books."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.base import Row
from db.constraints import one_of
from db.types import Bytes, Digest, MinorUnits, No, Sealed, TelegramId, Utc, Words, Yes

STATUSES = ("active", "past_due", "restricted", "suspended", "frozen", "archived", "deleted")
TOKEN_STATES = ("new", "live", "broken", "conflict")


class Bot(Row):
    __tablename__ = "bots"
    __table_args__ = (
        UniqueConstraint("public_id"),
        UniqueConstraint("token_fingerprint"),
        UniqueConstraint("telegram_bot_id"),
        Index("uq_bots_one_master", "is_master", unique=True, postgresql_where=text("is_master")),
        Index("ix_bots_active", "id", postgresql_where=text("is_active")),
        one_of("status", STATUSES),
        one_of("token_state", TOKEN_STATES),
        one_of("default_language", ("fa", "en")),
        one_of("calendar", ("jalali", "gregorian")),
        CheckConstraint("wallet_balance >= -wallet_credit_limit", name="wallet_within_credit"),
        CheckConstraint(
            "num_nonnulls(rehearsal_of, rehearsal_for, rehearsal_until) IN (0, 3)", name="rehearsal_whole"
        ),
        CheckConstraint(
            "rehearsal_of IS NULL OR (rehearsal_id IS NULL AND NOT is_master AND telegram_bot_id IS NULL)",
            name="rehearsal_is_nothing_else",
        ),
    )

    public_id: Mapped[Words]
    """Random and opaque: addresses and the binding of secrets use it instead of ``id``."""
    name: Mapped[Words]
    username: Mapped[Words | None]
    """Telegram's @name without the sign, as ``getMe`` last answered."""
    telegram_bot_id: Mapped[TelegramId | None]
    """The number before the colon of the token; Telegram's id of the bot."""
    telegram_bot_token: Mapped[Sealed]
    token_fingerprint: Mapped[Digest]
    token_set_at: Mapped[Utc | None]
    """Since when this very token counts; None in a shop without a bot of its own."""
    token_state: Mapped[Words] = mapped_column(default="new", server_default="new")
    token_error: Mapped[Words | None]
    is_master: Mapped[No]
    is_active: Mapped[Yes]
    status: Mapped[Words] = mapped_column(default="active", server_default="active")
    status_reason: Mapped[Words | None]
    default_language: Mapped[Words] = mapped_column(default="fa", server_default="fa")
    currency: Mapped[Words] = mapped_column(default="IRT", server_default="IRT")
    timezone: Mapped[Words] = mapped_column(default="Asia/Tehran", server_default="Asia/Tehran")
    calendar: Mapped[Words] = mapped_column(default="jalali", server_default="jalali")
    support_username: Mapped[Words | None]
    admin_chat_id: Mapped[TelegramId | None]
    admin_topic_id: Mapped[TelegramId | None]
    notification_group_id: Mapped[TelegramId | None]
    notification_topic_id: Mapped[TelegramId | None]
    card_receipt_topic_id: Mapped[TelegramId | None]
    zarinpal_merchant_id: Mapped[Sealed | None]
    zarinpal_sandbox: Mapped[No]
    wallet_balance: Mapped[MinorUnits] = mapped_column(default=0, server_default=text("0"))
    wallet_credit_limit: Mapped[MinorUnits] = mapped_column(default=0, server_default=text("0"))
    traffic_consumed_bytes: Mapped[Bytes] = mapped_column(default=0, server_default=text("0"))
    traffic_sold_bytes: Mapped[Bytes] = mapped_column(default=0, server_default=text("0"))
    created_by: Mapped[Words | None]
    last_update_at: Mapped[Utc | None]
    """When Telegram last gave this bot an update; minute-grained."""
    deleted_at: Mapped[Utc | None]
    rehearsal_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("bots.id", ondelete="RESTRICT"))
    """The rehearsal in which this shop was tried last; see ``shop.rehearsals``."""
    rehearsal_of: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("bots.id", ondelete="RESTRICT"))
    """The shop that is tried in this one, which is a rehearsal then and for ever (a trigger)."""
    rehearsal_for: Mapped[TelegramId | None]
    """Who tries it: whatever this account says to the shop's bot is said to the rehearsal."""
    rehearsal_until: Mapped[Utc | None]
    """From then on he is an ordinary person to the bot again."""

"""A customer's question, what was said about it, and where it stands in the shop's own chat."""

from __future__ import annotations

from sqlalchemy import BigInteger, Index, SmallInteger, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from db.base import BotRow
from db.constraints import belongs, one_of
from db.types import TelegramId, Utc, Words

STATUSES = ("open", "waiting_staff", "waiting_user", "resolved", "closed")
SENDERS = ("customer", "staff", "note")


class Ticket(BotRow):
    __tablename__ = "tickets"
    __table_args__ = (
        UniqueConstraint("bot_id", "id"),
        belongs("user_id", "users"),
        belongs("order_id", "orders"),
        belongs("assigned_to", "staff"),
        one_of("status", STATUSES),
        Index("ix_tickets_waiting", "bot_id", "status", "last_at", "id"),
        Index("ix_tickets_newest", "bot_id", "last_at", "id"),
        Index("ix_tickets_user", "bot_id", "user_id", "id"),
        Index("ix_tickets_topic", "bot_id", "topic_chat_id", "topic_id"),
        Index(
            "ix_tickets_assigned",
            "bot_id",
            "assigned_to",
            "last_at",
            "id",
            postgresql_where=text("assigned_to IS NOT NULL"),
        ),
        Index("ix_tickets_order", "bot_id", "order_id", "id", postgresql_where=text("order_id IS NOT NULL")),
        Index(
            "ix_tickets_since",
            "bot_id",
            "waiting_since",
            postgresql_where=text("status = 'waiting_staff'"),
        ),
        Index(
            "ix_tickets_to_remind",
            "waiting_since",
            postgresql_where=text("status = 'waiting_staff' AND reminded < 2"),
        ),
        Index("ix_tickets_due", "last_at", postgresql_where=text("status = 'waiting_user'")),
        Index(
            "uq_tickets_open",
            "bot_id",
            "user_id",
            unique=True,
            postgresql_where=text("status <> 'closed'"),
        ),
    )

    user_id: Mapped[int] = mapped_column(BigInteger)
    order_id: Mapped[int | None] = mapped_column(BigInteger)
    """What it is about, where somebody said so."""
    subject: Mapped[Words]
    """How the first message begins; empty for a picture without words."""
    status: Mapped[Words] = mapped_column(default="open", server_default="open")
    last_at: Mapped[Utc]
    """When the customer or the shop last wrote, or it was opened or closed."""
    unanswered: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    """The customer's messages since the shop last answered."""
    waiting_since: Mapped[Utc | None]
    """When the first message came that nobody has answered yet; NULL while nobody waits for the shop."""
    reminded: Mapped[int] = mapped_column(SmallInteger, default=0, server_default=text("0"))
    """Of which part of the time the shop set itself its team was told since then: 0, 1 half, 2 all."""
    first_answered_at: Mapped[Utc | None]
    """When the shop answered for the first time."""
    assigned_to: Mapped[int | None] = mapped_column(BigInteger)
    """Who of the shop has it in hand."""
    closed_at: Mapped[Utc | None]
    topic_chat_id: Mapped[TelegramId | None]
    topic_id: Mapped[TelegramId | None]
    """Its own topic in the shop's group."""


class TicketMessage(BotRow):
    __tablename__ = "ticket_messages"
    __table_args__ = (
        UniqueConstraint("bot_id", "id"),
        UniqueConstraint("bot_id", "cause"),
        belongs("ticket_id", "tickets"),
        belongs("media_id", "media"),
        one_of("sender", SENDERS),
        Index("ix_ticket_messages_ticket", "bot_id", "ticket_id", "id"),
        Index(
            "ix_ticket_messages_media", "bot_id", "media_id", postgresql_where=text("media_id IS NOT NULL")
        ),
    )

    ticket_id: Mapped[int] = mapped_column(BigInteger)
    sender: Mapped[Words]
    """``note``: the team's own, which the customer never reads."""
    author: Mapped[Words]
    """Who wrote it, as shown to colleagues."""
    channel: Mapped[Words]
    words: Mapped[Words]
    media_id: Mapped[int | None] = mapped_column(BigInteger)
    cause: Mapped[Words]
    """The form or the Telegram message it came by: a second time it is the same message."""


class TicketPost(BotRow):
    """Which messages in the shop's chat are about which ticket: an answer to one is an answer to it."""

    __tablename__ = "ticket_posts"
    __table_args__ = (
        UniqueConstraint("bot_id", "chat_id", "message_id"),
        belongs("ticket_id", "tickets"),
    )

    ticket_id: Mapped[int] = mapped_column(BigInteger)
    chat_id: Mapped[TelegramId]
    message_id: Mapped[int] = mapped_column(BigInteger)


class TicketDraft(BotRow):
    """An answer that somebody of the shop has begun and not sent: his own, and nobody else reads it."""

    __tablename__ = "ticket_drafts"
    __table_args__ = (
        UniqueConstraint("bot_id", "ticket_id", "staff_id"),
        belongs("ticket_id", "tickets"),
        belongs("staff_id", "staff"),
    )

    ticket_id: Mapped[int] = mapped_column(BigInteger)
    staff_id: Mapped[int] = mapped_column(BigInteger)
    words: Mapped[Words]
    """As typed, so that the box is as it was."""


class CannedReply(BotRow):
    """An answer that is given often, ready to be put into the box."""

    __tablename__ = "canned_replies"
    __table_args__ = (UniqueConstraint("bot_id", "title"),)

    title: Mapped[Words]
    words: Mapped[Words]

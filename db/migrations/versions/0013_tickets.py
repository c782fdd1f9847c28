"""Tickets are spoken in: their messages, their places in the shop's chat, and replies kept ready."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from db import walls

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

MESSAGES, POSTS, REPLIES = "ticket_messages", "ticket_posts", "canned_replies"


def upgrade() -> None:
    _grow_tickets()
    op.create_table(
        MESSAGES,
        *_row(),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("media_id", sa.BigInteger(), nullable=True),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "sender IN ('customer', 'staff', 'note')", name=op.f("ck_ticket_messages_sender_known")
        ),
        *_keys(MESSAGES),
        _belongs(MESSAGES, "ticket_id", "tickets"),
        _belongs(MESSAGES, "media_id", "media"),
        sa.UniqueConstraint("bot_id", "id", name=op.f("uq_ticket_messages_bot_id_id")),
        sa.UniqueConstraint("bot_id", "cause", name=op.f("uq_ticket_messages_bot_id_cause")),
    )
    op.create_index("ix_ticket_messages_ticket", MESSAGES, ["bot_id", "ticket_id", "id"])
    op.create_table(
        POSTS,
        *_row(),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        *_keys(POSTS),
        _belongs(POSTS, "ticket_id", "tickets"),
        sa.UniqueConstraint(
            "bot_id", "chat_id", "message_id", name=op.f("uq_ticket_posts_bot_id_chat_id_message_id")
        ),
    )
    op.create_table(
        REPLIES,
        *_row(),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        *_keys(REPLIES),
        sa.UniqueConstraint("bot_id", "title", name=op.f("uq_canned_replies_bot_id_title")),
    )
    for table in (MESSAGES, POSTS, REPLIES):
        for statement in walls.protect(table):
            op.execute(statement)


def _grow_tickets() -> None:
    # A default fills what is there without reading through the wall; the application names its own.
    op.add_column(
        "tickets",
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    )
    op.alter_column("tickets", "last_at", server_default=None)
    op.add_column(
        "tickets", sa.Column("unanswered", sa.Integer(), server_default=sa.text("0"), nullable=False)
    )
    op.add_column("tickets", sa.Column("topic_chat_id", sa.BigInteger(), nullable=True))
    op.add_column("tickets", sa.Column("topic_id", sa.BigInteger(), nullable=True))
    op.drop_index("ix_tickets_waiting", table_name="tickets")
    op.create_index("ix_tickets_waiting", "tickets", ["bot_id", "status", "last_at", "id"])
    op.create_index("ix_tickets_newest", "tickets", ["bot_id", "last_at", "id"])
    op.create_index("ix_tickets_user", "tickets", ["bot_id", "user_id", "id"])
    op.create_index("ix_tickets_topic", "tickets", ["bot_id", "topic_chat_id", "topic_id"])
    op.create_index(
        "ix_tickets_due", "tickets", ["last_at"], postgresql_where=sa.text("status = 'waiting_user'")
    )
    op.create_index(
        "uq_tickets_open",
        "tickets",
        ["bot_id", "user_id"],
        unique=True,
        postgresql_where=sa.text("status <> 'closed'"),
    )


def _row() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
    )


def _keys(table: str) -> tuple[sa.Constraint, ...]:
    return (
        sa.ForeignKeyConstraint(
            ["bot_id"], ["bots.id"], name=op.f(f"fk_{table}_bot_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )


def _belongs(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["bot_id", column],
        [f"{target}.bot_id", f"{target}.id"],
        name=op.f(f"fk_{table}_bot_id_{column}"),
        ondelete="RESTRICT",
    )


def downgrade() -> None:
    for table in (REPLIES, POSTS, MESSAGES):
        op.drop_table(table)
    for index in ("uq_tickets_open", "ix_tickets_due", "ix_tickets_topic", "ix_tickets_user"):
        op.drop_index(index, table_name="tickets")
    for index in ("ix_tickets_newest", "ix_tickets_waiting"):
        op.drop_index(index, table_name="tickets")
    for column in ("topic_id", "topic_chat_id", "unanswered", "last_at"):
        op.drop_column("tickets", column)
    op.create_index("ix_tickets_waiting", "tickets", ["bot_id", "status", "updated_at"])

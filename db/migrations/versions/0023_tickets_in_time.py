"""Tickets know since when they wait, who has them in hand and what they are about; a file keeps its id."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("media", sa.Column("telegram_file_id", sa.Text(), nullable=True))
    op.add_column("tickets", sa.Column("waiting_since", sa.DateTime(timezone=True), nullable=True))
    op.add_column("tickets", sa.Column("first_answered_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("tickets", sa.Column("assigned_to", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f("fk_tickets_bot_id_assigned_to"),
        "tickets",
        "staff",
        ["bot_id", "assigned_to"],
        ["bot_id", "id"],
        ondelete="RESTRICT",
    )
    op.create_index(
        "ix_tickets_assigned",
        "tickets",
        ["bot_id", "assigned_to", "last_at", "id"],
        postgresql_where=sa.text("assigned_to IS NOT NULL"),
    )
    op.create_index(
        "ix_tickets_order",
        "tickets",
        ["bot_id", "order_id", "id"],
        postgresql_where=sa.text("order_id IS NOT NULL"),
    )
    op.create_index(
        "ix_tickets_since",
        "tickets",
        ["bot_id", "waiting_since"],
        postgresql_where=sa.text("status = 'waiting_staff'"),
    )
    op.create_index(
        "ix_ticket_messages_media",
        "ticket_messages",
        ["bot_id", "media_id"],
        postgresql_where=sa.text("media_id IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_ticket_messages_media", table_name="ticket_messages")
    for index in ("ix_tickets_since", "ix_tickets_order", "ix_tickets_assigned"):
        op.drop_index(index, table_name="tickets")
    op.drop_constraint(op.f("fk_tickets_bot_id_assigned_to"), "tickets", type_="foreignkey")
    for column in ("assigned_to", "first_answered_at", "waiting_since"):
        op.drop_column("tickets", column)
    op.drop_column("media", "telegram_file_id")

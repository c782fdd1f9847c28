"""An answer that was begun waits for whoever began it, on whatever device."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from db import walls

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

DRAFTS = "ticket_drafts"


def upgrade() -> None:
    op.create_table(
        DRAFTS,
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("ticket_id", sa.BigInteger(), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["bot_id"], ["bots.id"], name=op.f(f"fk_{DRAFTS}_bot_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["bot_id", "ticket_id"],
            ["tickets.bot_id", "tickets.id"],
            name=op.f(f"fk_{DRAFTS}_bot_id_ticket_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["bot_id", "staff_id"],
            ["staff.bot_id", "staff.id"],
            name=op.f(f"fk_{DRAFTS}_bot_id_staff_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{DRAFTS}")),
        sa.UniqueConstraint(
            "bot_id", "ticket_id", "staff_id", name=op.f(f"uq_{DRAFTS}_bot_id_ticket_id_staff_id")
        ),
    )
    for statement in walls.protect(DRAFTS):
        op.execute(statement)


def downgrade() -> None:
    op.drop_table(DRAFTS)

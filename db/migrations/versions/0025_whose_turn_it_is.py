"""Receipts are put off, and handed to a colleague."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from db import walls

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

MARKS = "desk_marks"


def upgrade() -> None:
    op.create_table(
        MARKS,
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('later', 'handed')", name=op.f("ck_desk_marks_kind_known")),
        sa.ForeignKeyConstraint(
            ["bot_id"], ["bots.id"], name=op.f("fk_desk_marks_bot_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["bot_id", "payment_id"],
            ["card_to_card_payments.bot_id", "card_to_card_payments.id"],
            name=op.f("fk_desk_marks_bot_id_payment_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["bot_id", "staff_id"],
            ["staff.bot_id", "staff.id"],
            name=op.f("fk_desk_marks_bot_id_staff_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desk_marks")),
        sa.UniqueConstraint(
            "bot_id",
            "payment_id",
            "kind",
            "staff_id",
            name=op.f("uq_desk_marks_bot_id_payment_id_kind_staff_id"),
        ),
    )
    op.create_index("ix_desk_marks_of", MARKS, ["bot_id", "staff_id", "kind", "until"], unique=False)
    for statement in walls.protect(MARKS):
        op.execute(statement)


def downgrade() -> None:
    op.drop_table(MARKS)

"""A list with its filters is kept under a name, by and for one person."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from db import walls

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

VIEWS = "saved_views"


def upgrade() -> None:
    op.create_table(
        VIEWS,
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("list", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["bot_id"], ["bots.id"], name=op.f("fk_saved_views_bot_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["bot_id", "staff_id"],
            ["staff.bot_id", "staff.id"],
            name=op.f("fk_saved_views_bot_id_staff_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_views")),
        sa.UniqueConstraint(
            "bot_id", "staff_id", "list", "name", name=op.f("uq_saved_views_bot_id_staff_id_list_name")
        ),
    )
    for statement in walls.protect(VIEWS):
        op.execute(statement)


def downgrade() -> None:
    op.drop_table(VIEWS)

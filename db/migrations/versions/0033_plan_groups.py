"""Plans may stand in groups, which the bot shows as buttons of their own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from db import walls

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

PLANS, GROUPS = "bot_plans", "plan_groups"
BELONGS = "fk_bot_plans_bot_id_group_id"


def upgrade() -> None:
    op.create_table(
        GROUPS,
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "translations",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("sort_order", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["bot_id"], ["bots.id"], name=op.f("fk_plan_groups_bot_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_groups")),
        sa.UniqueConstraint("bot_id", "id", name=op.f("uq_plan_groups_bot_id_id")),
    )
    for statement in walls.protect(GROUPS):
        op.execute(statement)
    op.add_column(PLANS, sa.Column("group_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f(BELONGS), PLANS, GROUPS, ["bot_id", "group_id"], ["bot_id", "id"], ondelete="RESTRICT"
    )


def downgrade() -> None:
    op.drop_constraint(op.f(BELONGS), PLANS)
    op.drop_column(PLANS, "group_id")
    op.drop_table(GROUPS)

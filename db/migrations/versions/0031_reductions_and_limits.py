"""A plan shows what it cost before, and may be sold to one person only so often."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

PLANS = "bot_plans"
ABOVE, NOT_NEGATIVE = "ck_bot_plans_old_price_above_price", "ck_bot_plans_most_per_person_not_negative"


def upgrade() -> None:
    op.add_column(PLANS, sa.Column("old_price", sa.BigInteger(), nullable=True))
    op.add_column(
        PLANS, sa.Column("most_per_person", sa.Integer(), server_default=sa.text("0"), nullable=False)
    )
    op.create_check_constraint(op.f(ABOVE), PLANS, "old_price > price")
    op.create_check_constraint(op.f(NOT_NEGATIVE), PLANS, "most_per_person >= 0")


def downgrade() -> None:
    op.drop_constraint(op.f(NOT_NEGATIVE), PLANS)
    op.drop_constraint(op.f(ABOVE), PLANS)
    op.drop_column(PLANS, "most_per_person")
    op.drop_column(PLANS, "old_price")

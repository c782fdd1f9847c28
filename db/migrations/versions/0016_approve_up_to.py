"""How much money a colleague may approve at a time."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("staff", sa.Column("approve_up_to", sa.BigInteger(), nullable=True))
    op.create_check_constraint(op.f("ck_staff_approve_up_to_positive"), "staff", "approve_up_to > 0")


def downgrade() -> None:
    op.drop_constraint(op.f("ck_staff_approve_up_to_positive"), "staff")
    op.drop_column("staff", "approve_up_to")

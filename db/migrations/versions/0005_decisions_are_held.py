"""A decision on a receipt is held for some seconds before it counts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TABLE = "card_to_card_payments"
WORDS = ("held_decision", "held_by", "held_by_name", "held_channel")


def upgrade() -> None:
    for name in WORDS:
        op.add_column(TABLE, sa.Column(name, sa.Text(), nullable=True))
    op.add_column(TABLE, sa.Column("commit_at", sa.DateTime(timezone=True), nullable=True))
    op.create_check_constraint(
        op.f("ck_card_to_card_payments_held_decision_known"), TABLE, "held_decision IN ('approve', 'reject')"
    )
    op.create_check_constraint(
        op.f("ck_card_to_card_payments_held_whole"),
        TABLE,
        "num_nonnulls(held_decision, held_by, held_by_name, held_channel, commit_at) IN (0, 5)",
    )
    op.create_check_constraint(
        op.f("ck_card_to_card_payments_held_while_waiting"),
        TABLE,
        "commit_at IS NULL OR status = 'receipt_submitted'",
    )
    op.create_index(
        "ix_card_to_card_payments_held",
        TABLE,
        ["commit_at"],
        unique=False,
        postgresql_where=sa.text("commit_at IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_card_to_card_payments_held", table_name=TABLE)
    for name in ("held_while_waiting", "held_whole", "held_decision_known"):
        op.drop_constraint(op.f(f"ck_card_to_card_payments_{name}"), TABLE, type_="check")
    for name in ("commit_at", *reversed(WORDS)):
        op.drop_column(TABLE, name)

"""The sums over all receipts of a shop are read from an index alone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

INDEX, TABLE = "ix_card_to_card_payments_sent", "card_to_card_payments"
COLUMNS = ["bot_id", "receipt_submitted_at", "id"]


def upgrade() -> None:
    op.drop_index(INDEX, table_name=TABLE)
    op.create_index(
        INDEX,
        TABLE,
        COLUMNS,
        unique=False,
        postgresql_where=sa.text("receipt_submitted_at IS NOT NULL"),
        postgresql_include=["status", "expected_amount", "amount"],
    )


def downgrade() -> None:
    op.drop_index(INDEX, table_name=TABLE)
    op.create_index(
        INDEX, TABLE, COLUMNS, unique=False, postgresql_where=sa.text("receipt_submitted_at IS NOT NULL")
    )

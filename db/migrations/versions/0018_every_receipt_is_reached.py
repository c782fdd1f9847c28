"""Every receipt as a list: by when it came, and by who decided on it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

TABLE = "card_to_card_payments"


def upgrade() -> None:
    op.create_index(
        "ix_card_to_card_payments_sent",
        TABLE,
        ["bot_id", "receipt_submitted_at", "id"],
        unique=False,
        postgresql_where=sa.text("receipt_submitted_at IS NOT NULL"),
    )
    op.create_index(
        "ix_card_to_card_payments_reviewer",
        TABLE,
        ["bot_id", "admin_reviewed_by", "receipt_submitted_at", "id"],
        unique=False,
        postgresql_where=sa.text("admin_reviewed_by IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_card_to_card_payments_reviewer", table_name=TABLE)
    op.drop_index("ix_card_to_card_payments_sent", table_name=TABLE)

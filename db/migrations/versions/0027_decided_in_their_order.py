"""What was decided last is found in its order, whatever was decided: approved, with another amount, rejected."""

from __future__ import annotations

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

INDEX, TABLE = "ix_card_to_card_payments_reviewed", "card_to_card_payments"


def upgrade() -> None:
    op.create_index(INDEX, TABLE, ["bot_id", "admin_reviewed_at", "id"], unique=False)


def downgrade() -> None:
    op.drop_index(INDEX, table_name=TABLE)

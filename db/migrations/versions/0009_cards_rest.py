"""A card may rest for a while and say why, and receipts are counted by card in a range of days."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

CARDS = "tenant_payment_cards"
RECEIVED = "ix_card_to_card_payments_received"


def upgrade() -> None:
    op.add_column(CARDS, sa.Column("quarantined_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column(CARDS, sa.Column("quarantined_by", sa.Text(), nullable=True))
    op.add_column(CARDS, sa.Column("quarantine_note", sa.Text(), nullable=True))
    op.create_check_constraint(
        op.f("ck_tenant_payment_cards_quarantined_by_known"),
        CARDS,
        "quarantined_by IN ('owner', 'rejections')",
    )
    op.create_check_constraint(
        op.f("ck_tenant_payment_cards_quarantine_whole"),
        CARDS,
        "num_nonnulls(quarantined_until, quarantined_by) IN (0, 2)",
    )
    op.create_index(
        RECEIVED,
        "card_to_card_payments",
        ["bot_id", "created_at", "card_id"],
        unique=False,
        postgresql_where=sa.text("receipt_submitted_at IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index(RECEIVED, table_name="card_to_card_payments")
    op.drop_constraint(op.f("ck_tenant_payment_cards_quarantine_whole"), CARDS, type_="check")
    op.drop_constraint(op.f("ck_tenant_payment_cards_quarantined_by_known"), CARDS, type_="check")
    for column in ("quarantine_note", "quarantined_by", "quarantined_until"):
        op.drop_column(CARDS, column)

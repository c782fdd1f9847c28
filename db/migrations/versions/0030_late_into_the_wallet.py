"""A late receipt's money may go to its customer's wallet, and buy nothing."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

PAYMENTS, NOTES = "card_to_card_payments", "telegram_notes"
ONLY_LATE = "ck_card_to_card_payments_to_wallet_when_late"
KNOWN_MENUS = "ck_telegram_notes_menu_known"


def upgrade() -> None:
    op.add_column(
        PAYMENTS, sa.Column("to_wallet", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.create_check_constraint(op.f(ONLY_LATE), PAYMENTS, "NOT to_wallet OR late")
    op.drop_constraint(op.f(KNOWN_MENUS), NOTES)
    menus = "menu IN ('reasons', 'sure', 'sure_amount', 'sure_wallet')"
    op.create_check_constraint(op.f(KNOWN_MENUS), NOTES, menus)


def downgrade() -> None:
    op.drop_constraint(op.f(KNOWN_MENUS), NOTES)
    # Not asked of what is there: the wall hides it from whoever migrates, and nobody reads it any more.
    menus = "menu IN ('reasons', 'sure', 'sure_amount')"
    op.create_check_constraint(op.f(KNOWN_MENUS), NOTES, menus, postgresql_not_valid=True)
    op.drop_constraint(op.f(ONLY_LATE), PAYMENTS)
    op.drop_column(PAYMENTS, "to_wallet")

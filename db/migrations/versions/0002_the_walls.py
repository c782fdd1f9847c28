"""Row-level security on every table of a shop, and money that was accepted stays accepted."""

from __future__ import annotations

from alembic import op

from db import walls

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = (
    "bots",
    "api_tokens",
    "audit_log",
    "bot_configurations",
    "bot_feature_flags",
    "bot_plans",
    "card_days",
    "card_rotation_state",
    "card_to_card_payments",
    "fsm_state",
    "media",
    "orders",
    "outbox",
    "promo_groups",
    "promocodes",
    "provisioning_jobs",
    "sessions",
    "staff",
    "stock_items",
    "subscriptions",
    "telegram_updates",
    "tenant_payment_cards",
    "tickets",
    "transactions",
    "users",
    "zarinpal_payments",
)

KEEP_DECISIONS = """
CREATE FUNCTION keep_accepted_payments() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.status IN ('approved', 'approved_other_amount', 'reversed', 'cancelled')
     AND NEW.status <> OLD.status
     AND NOT (OLD.status IN ('approved', 'approved_other_amount') AND NEW.status = 'reversed') THEN
    RAISE EXCEPTION 'payment % is % and stays so', OLD.id, OLD.status USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$
"""


def upgrade() -> None:
    for table in TABLES:
        for statement in walls.protect(table):
            op.execute(statement)
    op.execute(KEEP_DECISIONS)
    op.execute(
        "CREATE TRIGGER keep_accepted BEFORE UPDATE OF status ON card_to_card_payments "
        "FOR EACH ROW EXECUTE FUNCTION keep_accepted_payments()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER keep_accepted ON card_to_card_payments")
    op.execute("DROP FUNCTION keep_accepted_payments()")
    for table in TABLES:
        for statement in walls.unprotect(table):
            op.execute(statement)

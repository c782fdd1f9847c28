"""Lists find their page, the ledger its sums and the history its people in an index alone."""

from __future__ import annotations

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_users_newest", table_name="users")
    op.create_index("ix_users_newest", "users", ["bot_id", "created_at", "id"], unique=False)
    op.drop_index("ix_transactions_newest", table_name="transactions")
    op.create_index(
        "ix_transactions_newest",
        "transactions",
        ["bot_id", "created_at", "id"],
        unique=False,
        postgresql_include=["kind", "method", "amount"],
    )
    op.create_index("ix_audit_log_actor", "audit_log", ["bot_id", "actor", "id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_audit_log_actor", table_name="audit_log")
    op.drop_index("ix_transactions_newest", table_name="transactions")
    op.create_index("ix_transactions_newest", "transactions", ["bot_id", "created_at", "id"], unique=False)
    op.drop_index("ix_users_newest", table_name="users")
    op.create_index("ix_users_newest", "users", ["bot_id", "created_at"], unique=False)

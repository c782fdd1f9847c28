"""Customers are found by name: folded names that an index serves, and their messages by person."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from db.folding import folded

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

COLUMNS = {
    "search_name": "(first_name || COALESCE(last_name, ''::text))",
    "search_last": "COALESCE(last_name, ''::text)",
    "search_username": "COALESCE(username, ''::text)",
}


def upgrade() -> None:
    for name, source in COLUMNS.items():
        op.add_column(
            "users",
            sa.Column(name, sa.Text(collation="C"), sa.Computed(folded(source), persisted=True)),
        )
        op.create_index(f"ix_users_{name}", "users", ["bot_id", name])
    op.create_index(
        "ix_outbox_user",
        "outbox",
        ["bot_id", "user_id", "id"],
        postgresql_where=sa.text("user_id IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_outbox_user", "outbox")
    for name in COLUMNS:
        op.drop_index(f"ix_users_{name}", "users")
        op.drop_column("users", name)

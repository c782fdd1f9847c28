"""Subscriptions as a list, the newest first: an index in that order."""

from __future__ import annotations

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_subscriptions_newest", "subscriptions", ["bot_id", "created_at", "id"])


def downgrade() -> None:
    op.drop_index("ix_subscriptions_newest", "subscriptions")

"""Tokens that open a part of what their person may do."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("api_tokens", sa.Column("scope", sa.ARRAY(sa.Text()), nullable=True))


def downgrade() -> None:
    op.drop_column("api_tokens", "scope")

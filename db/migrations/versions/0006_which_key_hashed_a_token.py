"""Each API token says under which key of the installation its hash was made."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("api_tokens", sa.Column("hashed_under", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    op.drop_column("api_tokens", "hashed_under")

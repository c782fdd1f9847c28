"""A broadcast has a picture, a button and a narrower audience; whoever missed it is found, with the reason."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

BROADCASTS, RECIPIENTS = "broadcasts", "broadcast_recipients"
KNOWN = "ck_broadcasts_audience_known"
OLD = ("everybody", "active", "expired", "never")


def upgrade() -> None:
    empty = sa.text("'{}'::jsonb")
    op.add_column(BROADCASTS, sa.Column("narrowed", JSONB(), server_default=empty, nullable=False))
    op.add_column(BROADCASTS, sa.Column("media_id", sa.BigInteger(), nullable=True))
    op.add_column(BROADCASTS, sa.Column("photo_file", sa.Text(), nullable=True))
    op.add_column(BROADCASTS, sa.Column("button", JSONB(), server_default=empty, nullable=False))
    op.create_foreign_key(
        op.f("fk_broadcasts_bot_id_media_id"),
        BROADCASTS,
        "media",
        ["bot_id", "media_id"],
        ["bot_id", "id"],
        ondelete="RESTRICT",
    )
    _know("everybody", "active", "ending", "expired", "never", "named")
    op.add_column(RECIPIENTS, sa.Column("why", sa.Text(), nullable=True))
    op.create_index(
        "ix_broadcast_recipients_missed",
        RECIPIENTS,
        ["bot_id", "broadcast_id", "updated_at", "id"],
        unique=False,
        postgresql_where=sa.text("status IN ('failed', 'blocked', 'skipped')"),
    )


def _know(*audiences: str) -> None:
    op.drop_constraint(op.f(KNOWN), BROADCASTS)
    listed = ", ".join(f"'{one}'" for one in audiences)
    op.create_check_constraint(op.f(KNOWN), BROADCASTS, f"audience IN ({listed})")


def downgrade() -> None:
    op.drop_index("ix_broadcast_recipients_missed", RECIPIENTS)
    op.drop_column(RECIPIENTS, "why")
    _know(*OLD)
    op.drop_constraint(op.f("fk_broadcasts_bot_id_media_id"), BROADCASTS)
    for name in ("button", "photo_file", "media_id", "narrowed"):
        op.drop_column(BROADCASTS, name)

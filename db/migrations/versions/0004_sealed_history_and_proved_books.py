"""The chain over each shop's history, and the nightly proofs of the books."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from db import walls

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TABLES = ("audit_seals", "book_proofs", "book_days")


def upgrade() -> None:
    op.create_table(
        "audit_seals",
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("audit_id", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("mac", sa.LargeBinary(), nullable=False),
        sa.Column("key_id", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["bot_id", "audit_id"],
            ["audit_log.bot_id", "audit_log.id"],
            name=op.f("fk_audit_seals_bot_id_audit_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["bot_id"], ["bots.id"], name=op.f("fk_audit_seals_bot_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("bot_id", "seq", name=op.f("pk_audit_seals")),
        sa.UniqueConstraint("bot_id", "audit_id", name=op.f("uq_audit_seals_bot_id_audit_id")),
    )
    op.create_index("ix_audit_seals_newest", "audit_seals", ["audit_id"])
    _create(
        "book_proofs",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("wallets", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("entries", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("payments", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("findings", postgresql.JSONB(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("head", sa.LargeBinary(), nullable=False),
    )
    op.create_index("ix_book_proofs_day", "book_proofs", ["bot_id", "day", "id"])
    _create(
        "book_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("shops", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("differing", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("heads", postgresql.JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("anchor", sa.LargeBinary(), nullable=False),
        sa.UniqueConstraint("bot_id", "day", name=op.f("uq_book_days_bot_id_day")),
    )
    for table in TABLES:
        for statement in walls.protect(table):
            op.execute(statement)


def _create(table: str, *columns: sa.schema.SchemaItem) -> None:
    op.create_table(
        table,
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        *columns,
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["bot_id"], ["bots.id"], name=op.f(f"fk_{table}_bot_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)

"""One message to many customers: written down with its recipients, sent through the outbox."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from db import walls

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

BROADCASTS, RECIPIENTS = "broadcasts", "broadcast_recipients"
COUNTS = ("people", "sent", "failed", "blocked", "skipped", "doubtful")


def upgrade() -> None:
    op.create_table(
        BROADCASTS,
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column(
            "words",
            JSONB(),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        *(sa.Column(name, sa.BigInteger(), server_default=sa.text("0"), nullable=False) for name in COUNTS),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "status IN ('draft', 'scheduled', 'running', 'paused', 'completed', 'stopped')",
            name=op.f("ck_broadcasts_status_known"),
        ),
        sa.CheckConstraint(
            "audience IN ('everybody', 'active', 'expired', 'never')",
            name=op.f("ck_broadcasts_audience_known"),
        ),
        sa.CheckConstraint(
            "sent + failed + blocked + skipped <= people", name=op.f("ck_broadcasts_nobody_counts_twice")
        ),
        sa.CheckConstraint(
            "status = 'draft' OR starts_at IS NOT NULL", name=op.f("ck_broadcasts_starts_at_some_time")
        ),
        sa.ForeignKeyConstraint(
            ["bot_id"], ["bots.id"], name=op.f("fk_broadcasts_bot_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_broadcasts")),
        sa.UniqueConstraint("bot_id", "id", name=op.f("uq_broadcasts_bot_id_id")),
        sa.UniqueConstraint("bot_id", "form", name=op.f("uq_broadcasts_bot_id_form")),
    )
    op.create_index("ix_broadcasts_newest", BROADCASTS, ["bot_id", "created_at", "id"], unique=False)
    op.create_index(
        "ix_broadcasts_going",
        BROADCASTS,
        ["bot_id", "id"],
        unique=False,
        postgresql_where=sa.text("status IN ('scheduled', 'running')"),
    )
    _recipients()
    for table in (BROADCASTS, RECIPIENTS):
        for statement in walls.protect(table):
            op.execute(statement)
    op.add_column(
        "outbox", sa.Column("is_going", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.add_column("outbox", sa.Column("doubts", sa.Integer(), server_default=sa.text("0"), nullable=False))


def _recipients() -> None:
    op.create_table(
        RECIPIENTS,
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("broadcast_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("turn", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("is_doubtful", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "status IN ('pending', 'promised', 'sent', 'failed', 'blocked', 'skipped')",
            name=op.f("ck_broadcast_recipients_status_known"),
        ),
        sa.ForeignKeyConstraint(
            ["bot_id", "broadcast_id"],
            ["broadcasts.bot_id", "broadcasts.id"],
            name=op.f("fk_broadcast_recipients_bot_id_broadcast_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["bot_id", "user_id"],
            ["users.bot_id", "users.id"],
            name=op.f("fk_broadcast_recipients_bot_id_user_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["bot_id"], ["bots.id"], name=op.f("fk_broadcast_recipients_bot_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_broadcast_recipients")),
        sa.UniqueConstraint(
            "bot_id",
            "broadcast_id",
            "user_id",
            name=op.f("uq_broadcast_recipients_bot_id_broadcast_id_user_id"),
        ),
    )
    for fate in ("pending", "promised"):
        op.create_index(
            f"ix_broadcast_recipients_{fate}",
            RECIPIENTS,
            ["bot_id", "broadcast_id", "id"],
            unique=False,
            postgresql_where=sa.text(f"status = '{fate}'"),
        )


def downgrade() -> None:
    op.drop_column("outbox", "doubts")
    op.drop_column("outbox", "is_going")
    op.drop_table(RECIPIENTS)
    op.drop_table(BROADCASTS)

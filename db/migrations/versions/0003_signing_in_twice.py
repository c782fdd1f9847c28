"""A second factor at sign-in, sessions that prove themselves again, tokens that are replaced."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from db import walls

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TABLE = "sign_in_challenges"


def upgrade() -> None:
    # Sessions that are open now have not proved themselves lately; new rows always say when.
    op.add_column(
        "sessions",
        sa.Column("proved_at", sa.DateTime(timezone=True), server_default="epoch", nullable=False),
    )
    op.alter_column("sessions", "proved_at", server_default=None)
    op.add_column("api_tokens", sa.Column("replaced_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        TABLE,
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("id_hash", sa.LargeBinary(), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("api_token_id", sa.BigInteger(), nullable=False),
        sa.Column("session_hash", sa.LargeBinary(), nullable=True),
        sa.Column("telegram_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("remember", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("browser", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "purpose IN ('sign_in', 'confirm')", name=op.f("ck_sign_in_challenges_purpose_known")
        ),
        sa.ForeignKeyConstraint(
            ["bot_id", "api_token_id"],
            ["api_tokens.bot_id", "api_tokens.id"],
            name=op.f("fk_sign_in_challenges_bot_id_api_token_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["bot_id", "staff_id"],
            ["staff.bot_id", "staff.id"],
            name=op.f("fk_sign_in_challenges_bot_id_staff_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["bot_id"], ["bots.id"], name=op.f("fk_sign_in_challenges_bot_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id_hash", name=op.f("pk_sign_in_challenges")),
        sa.UniqueConstraint("bot_id", "ref", name=op.f("uq_sign_in_challenges_bot_id_ref")),
    )
    op.create_index("ix_sign_in_challenges_expiry", TABLE, ["expires_at"], unique=False)
    op.create_index("ix_sign_in_challenges_staff", TABLE, ["bot_id", "staff_id", "created_at"], unique=False)
    for statement in walls.protect(TABLE):
        op.execute(statement)


def downgrade() -> None:
    op.drop_table(TABLE)
    op.drop_column("api_tokens", "replaced_at")
    op.drop_column("sessions", "proved_at")

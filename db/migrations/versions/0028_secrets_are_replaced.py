"""A shop's secret is replaced by one that is checked first."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from db import walls

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

TABLE = "secret_replacements"


def upgrade() -> None:
    op.add_column("bots", sa.Column("token_set_at", sa.DateTime(timezone=True), nullable=True))
    # The wall holds for the owner of the tables too.
    op.execute("SELECT set_config('app.platform', 'on', true)")
    op.execute("UPDATE bots SET token_set_at = created_at WHERE rehearsal_of IS NULL")
    op.execute("SELECT set_config('app.platform', '', true)")
    op.create_table(
        TABLE,
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("secret_key", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("candidate", sa.LargeBinary(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("to_other_bot", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('checking', 'taken', 'refused')", name=op.f("ck_secret_replacements_state_known")
        ),
        sa.CheckConstraint(
            "(candidate IS NOT NULL) = (state = 'checking')",
            name=op.f("ck_secret_replacements_candidate_while_checked"),
        ),
        sa.CheckConstraint(
            "(reason IS NOT NULL) = (state = 'refused')",
            name=op.f("ck_secret_replacements_reason_of_a_refusal"),
        ),
        sa.ForeignKeyConstraint(
            ["bot_id"], ["bots.id"], name=op.f("fk_secret_replacements_bot_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_secret_replacements")),
        sa.UniqueConstraint("bot_id", "secret_key", name=op.f("uq_secret_replacements_bot_id_secret_key")),
    )
    for statement in walls.protect(TABLE):
        op.execute(statement)


def downgrade() -> None:
    op.drop_table(TABLE)
    op.drop_column("bots", "token_set_at")

"""The same picture is known again by a small draft of it, and a receipt remembers which other it is like."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from db import walls

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

SKETCHES = "picture_sketches"
PAYMENTS = "card_to_card_payments"
ALIKE = "fk_card_to_card_payments_bot_id_alike_payment_id"
WHOLE = "ck_card_to_card_payments_alike_whole"


def upgrade() -> None:
    op.create_table(
        SKETCHES,
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=False),
        sa.Column("media_id", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("sketch", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["bot_id"], ["bots.id"], name=op.f("fk_picture_sketches_bot_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["bot_id", "payment_id"],
            ["card_to_card_payments.bot_id", "card_to_card_payments.id"],
            name=op.f("fk_picture_sketches_bot_id_payment_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["bot_id", "media_id"],
            ["media.bot_id", "media.id"],
            name=op.f("fk_picture_sketches_bot_id_media_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_picture_sketches")),
        sa.UniqueConstraint("bot_id", "id", name=op.f("uq_picture_sketches_bot_id_id")),
        sa.UniqueConstraint("bot_id", "payment_id", name=op.f("uq_picture_sketches_bot_id_payment_id")),
        sa.UniqueConstraint("bot_id", "media_id", name=op.f("uq_picture_sketches_bot_id_media_id")),
    )
    for statement in walls.protect(SKETCHES):
        op.execute(statement)
    op.add_column(PAYMENTS, sa.Column("alike_payment_id", sa.BigInteger(), nullable=True))
    op.add_column(PAYMENTS, sa.Column("alike_difference", sa.Integer(), nullable=True))
    op.create_check_constraint(
        op.f(WHOLE), PAYMENTS, "num_nonnulls(alike_payment_id, alike_difference) IN (0, 2)"
    )
    op.create_foreign_key(
        op.f(ALIKE),
        PAYMENTS,
        PAYMENTS,
        ["bot_id", "alike_payment_id"],
        ["bot_id", "id"],
        ondelete="RESTRICT",
    )


def downgrade() -> None:
    op.drop_constraint(op.f(ALIKE), PAYMENTS, type_="foreignkey")
    op.drop_constraint(op.f(WHOLE), PAYMENTS, type_="check")
    op.drop_column(PAYMENTS, "alike_difference")
    op.drop_column(PAYMENTS, "alike_payment_id")
    op.drop_table(SKETCHES)

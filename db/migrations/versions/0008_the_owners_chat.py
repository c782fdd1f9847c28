"""Receipts in the owner's chat: which messages we posted, and the codes that make a chat the shop's own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from db import walls

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

NOTES, CODES = "telegram_notes", "link_codes"


def upgrade() -> None:
    op.create_table(
        NOTES,
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("chat_id", sa.BigInteger(), nullable=False),
        sa.Column("topic_id", sa.BigInteger(), nullable=True),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("payment_id", sa.BigInteger(), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("has_picture", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("menu", sa.Text(), nullable=True),
        sa.Column("asked_of", sa.BigInteger(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('receipt_card', 'reason_asked')", name=op.f("ck_telegram_notes_kind_known")
        ),
        sa.CheckConstraint("menu IN ('reasons', 'sure')", name=op.f("ck_telegram_notes_menu_known")),
        sa.ForeignKeyConstraint(
            ["bot_id", "payment_id"],
            ["card_to_card_payments.bot_id", "card_to_card_payments.id"],
            name=op.f("fk_telegram_notes_bot_id_payment_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["bot_id"], ["bots.id"], name=op.f("fk_telegram_notes_bot_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_telegram_notes")),
        sa.UniqueConstraint(
            "bot_id", "chat_id", "message_id", name=op.f("uq_telegram_notes_bot_id_chat_id_message_id")
        ),
    )
    op.create_index("ix_telegram_notes_payment", NOTES, ["bot_id", "payment_id"], unique=False)
    op.create_table(
        CODES,
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["bot_id", "staff_id"],
            ["staff.bot_id", "staff.id"],
            name=op.f("fk_link_codes_bot_id_staff_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["bot_id"], ["bots.id"], name=op.f("fk_link_codes_bot_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("bot_id", "code_hash", name=op.f("pk_link_codes")),
    )
    op.create_index("ix_link_codes_staff", CODES, ["bot_id", "staff_id"], unique=False)
    op.create_index("ix_link_codes_expiry", CODES, ["expires_at"], unique=False)
    for table in (NOTES, CODES):
        for statement in walls.protect(table):
            op.execute(statement)


def downgrade() -> None:
    op.drop_table(CODES)
    op.drop_table(NOTES)

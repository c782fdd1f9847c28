"""Whoever waits too long for an answer is brought to mind, once at half of the time and once after it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

TICKETS, WAITING = "tickets", "ix_tickets_to_remind"


def upgrade() -> None:
    op.add_column(
        TICKETS, sa.Column("reminded", sa.SmallInteger(), server_default=sa.text("0"), nullable=False)
    )
    op.create_index(
        WAITING,
        TICKETS,
        ["waiting_since"],
        postgresql_where=sa.text("status = 'waiting_staff' AND reminded < 2"),
    )


def downgrade() -> None:
    op.drop_index(WAITING, table_name=TICKETS)
    op.drop_column(TICKETS, "reminded")

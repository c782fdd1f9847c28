"""The largest receipt is set in megabytes, as people count files; rounded up, so that nothing taken before is
refused."""

from __future__ import annotations

from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

TO_MEGABYTES = """
UPDATE bot_configurations
SET config_key = 'receipt_max_mb', config_value = to_jsonb(ceil(config_value::text::numeric / 1048576)::int)
WHERE config_key = 'receipt_max_bytes'
"""
TO_BYTES = """
UPDATE bot_configurations
SET config_key = 'receipt_max_bytes', config_value = to_jsonb(config_value::text::int * 1048576)
WHERE config_key = 'receipt_max_mb'
"""


def upgrade() -> None:
    _behind_the_wall(TO_MEGABYTES)


def downgrade() -> None:
    _behind_the_wall(TO_BYTES)


def _behind_the_wall(statement: str) -> None:
    """For every shop at once, which nobody but the owner of the table may, and he only here."""
    op.execute("ALTER TABLE bot_configurations NO FORCE ROW LEVEL SECURITY")
    op.execute(statement)
    op.execute("ALTER TABLE bot_configurations FORCE ROW LEVEL SECURITY")

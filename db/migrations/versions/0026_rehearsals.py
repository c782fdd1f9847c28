"""A shop may be tried in a rehearsal: a shop of its own behind the same wall, which is never a real one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

KEEP_REHEARSALS = """
CREATE FUNCTION keep_rehearsals() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.rehearsal_of IS DISTINCT FROM OLD.rehearsal_of THEN
    RAISE EXCEPTION 'shop % stays a rehearsal, or never was one', OLD.id USING ERRCODE = 'check_violation';
  END IF;
  RETURN NEW;
END $$
"""
WHO_ASKS = """
CREATE FUNCTION who_asks(cookie_hash bytea, at timestamptz, open_shops text[], speechless text[])
RETURNS TABLE (
    id_hash bytea, bot_id bigint, csrf_secret bytea, created_at timestamptz, last_seen_at timestamptz,
    proved_at timestamptz, expires_at timestamptz, api_token_id bigint, scope text[], token_ends_at timestamptz,
    staff_id bigint, staff_name text, role text, permissions text[], telegram_id bigint, bot_lives boolean,
    shown_id bigint, shop_name text,
    username text, default_language text, timezone text, currency text, viewing_until timestamptz,
    has_sold boolean%s
)
LANGUAGE plpgsql ROWS 1 AS $$
DECLARE
    -- A SET clause of the function would put them back by itself, but only a superuser may write one.
    was_shop text := coalesce(current_setting('app.bot_id', true), '');
    was_platform text := coalesce(current_setting('app.platform', true), '');
BEGIN
    PERFORM set_config('app.bot_id', '', true), set_config('app.platform', 'on', true);
    RETURN QUERY
    SELECT
        session.id_hash, session.bot_id, session.csrf_secret, session.created_at, session.last_seen_at,
        session.proved_at, session.expires_at, session.api_token_id, token.scope, token.expires_at,
        person.id, person.name, person.role, person.permissions, person.telegram_id,
        home.is_active AND home.token_state <> ALL (speechless),
        shown.id, shown.name, shown.username, shown.default_language, shown.timezone, shown.currency,
        CASE WHEN shown.id <> home.id THEN session.viewing_until END,
        EXISTS (
            SELECT FROM orders
            WHERE orders.bot_id = shown.id AND orders.paid_at IS NOT NULL
                AND orders.kind <> 'topup' AND orders.status <> 'refunded'
        )%s
    FROM sessions session
    JOIN staff person ON person.bot_id = session.bot_id AND person.id = session.staff_id
    JOIN api_tokens token ON token.bot_id = session.bot_id AND token.id = session.api_token_id
    JOIN bots home ON home.id = session.bot_id
    JOIN bots shown ON shown.id = coalesce(
        CASE WHEN session.viewing_until > at THEN session.viewing_bot_id END,
        session.bot_id
    )
    WHERE session.id_hash = cookie_hash
        AND person.is_active
        AND token.revoked_at IS NULL
        AND (token.expires_at IS NULL OR token.expires_at > at)
        AND home.deleted_at IS NULL
        AND home.status = ANY (open_shops)
        -- Whoever is no master any more does not keep a stranger's shop on the screen.
        AND (session.viewing_bot_id IS NULL OR person.role = 'master');
    PERFORM set_config('app.bot_id', was_shop, true), set_config('app.platform', was_platform, true);
END
$$
"""
"""Who a cookie belongs to, before and after it says besides in which rehearsal the shop was tried last."""
BEFORE = WHO_ASKS % ("", "")
AFTER = WHO_ASKS % (", rehearsal_id bigint", ", shown.rehearsal_id")


def upgrade() -> None:
    for name in ("rehearsal_id", "rehearsal_of"):
        op.add_column("bots", sa.Column(name, sa.BigInteger(), nullable=True))
        op.create_foreign_key(op.f(f"fk_bots_{name}"), "bots", "bots", [name], ["id"], ondelete="RESTRICT")
    op.add_column("bots", sa.Column("rehearsal_for", sa.BigInteger(), nullable=True))
    op.add_column("bots", sa.Column("rehearsal_until", sa.DateTime(timezone=True), nullable=True))
    op.create_check_constraint(
        op.f("ck_bots_rehearsal_whole"),
        "bots",
        "num_nonnulls(rehearsal_of, rehearsal_for, rehearsal_until) IN (0, 3)",
    )
    op.create_check_constraint(
        op.f("ck_bots_rehearsal_is_nothing_else"),
        "bots",
        "rehearsal_of IS NULL OR (rehearsal_id IS NULL AND NOT is_master AND telegram_bot_id IS NULL)",
    )
    op.execute(KEEP_REHEARSALS)
    op.execute(
        "CREATE TRIGGER keep_rehearsals BEFORE UPDATE OF rehearsal_of ON bots "
        "FOR EACH ROW EXECUTE FUNCTION keep_rehearsals()"
    )
    op.execute("DROP FUNCTION who_asks")
    op.execute(AFTER)


def downgrade() -> None:
    op.execute("DROP FUNCTION who_asks")
    op.execute(BEFORE)
    op.execute("DROP TRIGGER keep_rehearsals ON bots")
    op.execute("DROP FUNCTION keep_rehearsals()")
    op.drop_constraint(op.f("ck_bots_rehearsal_is_nothing_else"), "bots")
    op.drop_constraint(op.f("ck_bots_rehearsal_whole"), "bots")
    op.drop_column("bots", "rehearsal_until")
    op.drop_column("bots", "rehearsal_for")
    for name in ("rehearsal_of", "rehearsal_id"):
        op.drop_constraint(op.f(f"fk_bots_{name}"), "bots")
        op.drop_column("bots", name)

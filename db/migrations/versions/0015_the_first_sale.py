"""Who a cookie belongs to says besides whether the shop on the screen ever sold anything.

Until it has, a list of what is missing is among its pages. The first order that counts as a sale (see
``shop.orders.queries.is_sale``) is one step in the index of paid orders.
"""

from __future__ import annotations

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

BEFORE = """
CREATE FUNCTION who_asks(cookie_hash bytea, at timestamptz, open_shops text[], speechless text[])
RETURNS TABLE (
    id_hash bytea, bot_id bigint, csrf_secret bytea, created_at timestamptz, last_seen_at timestamptz,
    proved_at timestamptz, expires_at timestamptz, api_token_id bigint, scope text[], token_ends_at timestamptz,
    staff_id bigint, staff_name text, role text, permissions text[], telegram_id bigint, bot_lives boolean,
    shown_id bigint, shop_name text,
    username text, default_language text, timezone text, currency text, viewing_until timestamptz
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
        CASE WHEN shown.id <> home.id THEN session.viewing_until END
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
WHO_ASKS = """
CREATE FUNCTION who_asks(cookie_hash bytea, at timestamptz, open_shops text[], speechless text[])
RETURNS TABLE (
    id_hash bytea, bot_id bigint, csrf_secret bytea, created_at timestamptz, last_seen_at timestamptz,
    proved_at timestamptz, expires_at timestamptz, api_token_id bigint, scope text[], token_ends_at timestamptz,
    staff_id bigint, staff_name text, role text, permissions text[], telegram_id bigint, bot_lives boolean,
    shown_id bigint, shop_name text,
    username text, default_language text, timezone text, currency text, viewing_until timestamptz,
    has_sold boolean
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
        )
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


def upgrade() -> None:
    op.execute("DROP FUNCTION who_asks")
    op.execute(WHO_ASKS)


def downgrade() -> None:
    op.execute("DROP FUNCTION who_asks")
    op.execute(BEFORE)

"""Who asks, and whether the shop's cards are shut: said on every page, so read with what every page reads."""

from __future__ import annotations

from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

WHO_ASKS = """
CREATE FUNCTION who_asks(cookie_hash bytea, at timestamptz, open_shops text[], speechless text[])
RETURNS TABLE (
    id_hash bytea, bot_id bigint, csrf_secret bytea, created_at timestamptz, last_seen_at timestamptz,
    proved_at timestamptz, expires_at timestamptz, api_token_id bigint, scope text[], token_ends_at timestamptz,
    staff_id bigint, staff_name text, role text, permissions text[], telegram_id bigint, bot_lives boolean,
    shown_id bigint, shop_name text,
    username text, default_language text, timezone text, currency text, viewing_until timestamptz,
    has_sold boolean, rehearsal_id bigint%s
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
        ),
        shown.rehearsal_id%s
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
"""Who a cookie belongs to, before and after it says besides whether customers can pay card to card."""
BEFORE = WHO_ASKS % ("", "")
SHUT = """,
        -- The usual answer first. A shop that never had a card is no shop whose cards are off.
        CASE
            WHEN EXISTS (
                SELECT FROM tenant_payment_cards card
                LEFT JOIN card_days today ON today.bot_id = card.bot_id AND today.card_id = card.id
                    AND today.day = (at AT TIME ZONE shown.timezone)::date
                WHERE card.bot_id = shown.id AND card.is_active AND card.archived_at IS NULL
                    AND (card.quarantined_until IS NULL OR card.quarantined_until <= at)
                    AND (
                        card.daily_limit_count IS NULL
                        OR card.daily_limit_count > coalesce(today.reserved_count, 0)
                    )
                    AND CASE
                        WHEN coalesce(card.active_until, '00:00') = '00:00'
                            THEN (at AT TIME ZONE shown.timezone)::time >= coalesce(card.active_from, '00:00')
                        WHEN coalesce(card.active_from, '00:00') <= card.active_until
                            THEN (at AT TIME ZONE shown.timezone)::time >= coalesce(card.active_from, '00:00')
                                AND (at AT TIME ZONE shown.timezone)::time < card.active_until
                        ELSE (at AT TIME ZONE shown.timezone)::time >= card.active_from
                            OR (at AT TIME ZONE shown.timezone)::time < card.active_until
                    END
                    AND CASE
                        WHEN EXISTS (
                            SELECT FROM bot_plans plan
                            WHERE plan.bot_id = shown.id AND plan.is_active AND plan.archived_at IS NULL
                                AND plan.price > 0
                                AND plan.price >= coalesce(card.min_amount, plan.price)
                                AND plan.price <= coalesce(card.max_amount, plan.price)
                                AND (
                                    card.daily_limit_amount IS NULL
                                    OR card.daily_limit_amount
                                        >= coalesce(today.reserved_amount, 0) + plan.price
                                )
                        ) THEN true
                        WHEN EXISTS (
                            SELECT FROM bot_plans plan
                            WHERE plan.bot_id = shown.id AND plan.is_active AND plan.archived_at IS NULL
                                AND plan.price > 0
                        ) THEN false
                        -- While nothing is on sale: any amount at all.
                        ELSE card.daily_limit_amount IS NULL
                            OR card.daily_limit_amount > coalesce(today.reserved_amount, 0)
                    END
            ) THEN NULL
            WHEN NOT EXISTS (SELECT FROM tenant_payment_cards card WHERE card.bot_id = shown.id) THEN NULL
            WHEN EXISTS (
                SELECT FROM bot_feature_flags flag
                WHERE flag.bot_id = shown.id AND flag.feature_key = 'card_to_card'
                    AND (NOT flag.granted OR flag.granted_until <= at OR NOT flag.enabled OR flag.killed)
            ) THEN NULL
            WHEN EXISTS (
                SELECT FROM tenant_payment_cards card
                WHERE card.bot_id = shown.id AND card.is_active AND card.archived_at IS NULL
                    AND (card.quarantined_until IS NULL OR card.quarantined_until <= at)
            ) THEN 'full'
            ELSE 'off'
        END"""
"""The reckoning of ``shop.overview.waiting``, which a test holds it to."""
AFTER = WHO_ASKS % (", cards_shut text", SHUT)


def upgrade() -> None:
    op.execute("DROP FUNCTION who_asks")
    op.execute(AFTER)


def downgrade() -> None:
    op.execute("DROP FUNCTION who_asks")
    op.execute(BEFORE)

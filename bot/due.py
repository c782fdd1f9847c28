"""What the outbox asks of its table: which messages may go now, when the next one may, which have gone."""

from __future__ import annotations

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, BIGINT, INTEGER

CLAIM = text(
    """
    -- Materialized, as for updates (``bot.inbox``): it is chosen once, however old the plan is.
    WITH s AS MATERIALIZED (
        SELECT h.id, h.bot_id, h.user_id
        FROM unnest(:shops, :rooms) AS b(bot_id, room)
        CROSS JOIN LATERAL (
            SELECT m.id, m.bot_id, m.user_id
            FROM (
                SELECT w.id, w.bot_id, w.user_id, w.chat_id
                FROM outbox w
                WHERE w.bot_id = b.bot_id AND w.due_at <= :now AND w.sent_at IS NULL AND w.failed_at IS NULL
                ORDER BY w.due_at, w.id
                LIMIT :window
            ) m
            -- Only the first message of a chat, so that they arrive in the order they were promised.
            WHERE NOT EXISTS (
                SELECT 1 FROM outbox e
                WHERE e.bot_id = m.bot_id AND e.chat_id = m.chat_id AND e.id < m.id
                  AND e.sent_at IS NULL AND e.failed_at IS NULL AND e.attempts < :overtaken_after
            )
            LIMIT b.room
        ) h
        LIMIT :room
    )
    UPDATE outbox o
    SET due_at = :lease_until, attempts = o.attempts + 1, is_going = true,
        -- Nobody said what became of the last try: this one may be the second to arrive.
        doubts = o.doubts + o.is_going::int
    FROM s
    JOIN bots shop ON shop.id = s.bot_id
    LEFT JOIN users person ON person.bot_id = s.bot_id AND person.id = s.user_id
    WHERE o.id = s.id AND o.due_at <= :now AND o.sent_at IS NULL AND o.id <> ALL (:in_hand)
    RETURNING o.id, o.bot_id, o.user_id, o.chat_id, o.topic_id, o.kind, o.payload, o.attempts,
        coalesce(person.language, shop.default_language) AS language,
        shop.rehearsal_of IS NOT NULL AS is_test, shop.timezone, shop.calendar,
        shop.name AS shop_name, shop.support_username,
        (SELECT jsonb_object_agg(f.feature_key, jsonb_build_object('enabled', f.enabled,
            'granted', f.granted, 'granted_until', f.granted_until, 'killed', f.killed))
         FROM bot_feature_flags f WHERE f.bot_id = o.bot_id) AS switches,
        (SELECT jsonb_object_agg(c.config_key, c.config_value)
         FROM bot_configurations c WHERE c.bot_id = o.bot_id AND c.config_key LIKE 'texts.%') AS texts
    """
).bindparams(
    bindparam("shops", type_=ARRAY(BIGINT)),
    bindparam("rooms", type_=ARRAY(INTEGER)),
    bindparam("in_hand", type_=ARRAY(BIGINT)),
)

KEEP = text("SET LOCAL synchronous_commit TO DEFAULT")
"""A claim that a crash of the server may not undo: a fifth of a second's messages wait for the disk once."""

NEXT = text(
    """
    SELECT min(h.due_at)
    FROM unnest(:shops) AS b(bot_id)
    CROSS JOIN LATERAL (
        SELECT o.due_at FROM outbox o
        WHERE o.bot_id = b.bot_id AND o.sent_at IS NULL AND o.failed_at IS NULL
        ORDER BY o.due_at
        LIMIT 1
    ) h
    """
).bindparams(bindparam("shops", type_=ARRAY(BIGINT)))
"""When the first open message of each of these bots is due, whether its chat may hear it then or not."""

SENT = text(
    """
    UPDATE outbox o
    SET sent_at = s.at, telegram_message_id = s.number, last_error = NULL, is_going = false, updated_at = :now
    FROM unnest(CAST(:ids AS BIGINT[]), CAST(:numbers AS BIGINT[]), CAST(:times AS TIMESTAMPTZ[]))
        AS s(id, number, at)
    WHERE o.id = s.id
    """
)

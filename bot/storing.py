"""How an update comes into our keeping, whoever brought it: before Telegram is told that we have it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import DateTime, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, BIGINT, TEXT

from bot.polling import RawUpdate, person_of
from db.json_text import to_json
from shop.actors import System
from shop.unit_of_work import UnitsOfWork

ACTOR = System("inbox")
CHANNEL = "inbox"
"""Channel of updates stored by a process that does not lead. The payload is the shop's id."""

_STORE = text(
    """
    WITH stored AS (
        INSERT INTO telegram_updates (bot_id, update_id, person_id, body, received_at, attempts)
        SELECT :shop, given.number, given.person, given.body, :now, 0
        FROM unnest(:numbers, :people, CAST(:bodies AS JSONB[])) AS given(number, person, body)
        ON CONFLICT (bot_id, update_id) DO NOTHING
    )
    UPDATE bots SET last_update_at = :now
    WHERE id = :shop AND (last_update_at IS NULL OR last_update_at < :minute_ago)
    """
).bindparams(
    bindparam("shop", type_=BIGINT),
    bindparam("now", type_=DateTime(timezone=True)),
    bindparam("minute_ago", type_=DateTime(timezone=True)),
    *(bindparam(name, type_=ARRAY(BIGINT)) for name in ("numbers", "people")),
    bindparam("bodies", type_=ARRAY(TEXT)),
)
"""Its text does not depend on how many there are, so that it is prepared once."""


async def store(
    units: UnitsOfWork, shop_id: int, updates: Sequence[RawUpdate], *, announce: bool = False
) -> None:
    """Keep a shop's updates; known ones are left alone. Returns after the commit.

    ``announce`` tells the leader, where that is another process.
    """
    async with units.begin(shop_id, ACTOR) as uow:
        await uow.session.execute(
            _STORE,
            {
                "shop": shop_id,
                "numbers": [raw["update_id"] for raw in updates],
                "people": [person_of(raw) for raw in updates],
                "bodies": [to_json(raw) for raw in updates],
                "now": uow.now,
                "minute_ago": uow.now - timedelta(minutes=1),
            },
        )
        if announce:
            uow.last.notify(CHANNEL, str(shop_id))

"""How an update comes into our keeping, whoever brought it: before Telegram is told that we have it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from bot.polling import RawUpdate, person_of
from db.models import Bot as Shop
from db.models import TelegramUpdate
from shop.actors import System
from shop.unit_of_work import UnitsOfWork

ACTOR = System("inbox")
CHANNEL = "inbox"
"""Channel of updates stored by a process that does not lead. The payload is the shop's id."""


async def store(
    units: UnitsOfWork, shop_id: int, updates: Sequence[RawUpdate], *, announce: bool = False
) -> None:
    """Keep a shop's updates; known ones are left alone. Returns after the commit.

    ``announce`` tells the leader, where that is another process.
    """
    async with units.begin(shop_id, ACTOR) as uow:
        await uow.session.execute(
            insert(TelegramUpdate)
            .values(
                [
                    {
                        "bot_id": shop_id,
                        "update_id": raw["update_id"],
                        "person_id": person_of(raw),
                        "body": raw,
                        "received_at": uow.now,
                    }
                    for raw in updates
                ]
            )
            .on_conflict_do_nothing(index_elements=["bot_id", "update_id"])
        )
        minute_ago = uow.now - timedelta(minutes=1)
        await uow.session.execute(
            update(Shop)
            .where(
                Shop.id == shop_id,
                or_(Shop.last_update_at.is_(None), Shop.last_update_at < minute_ago),
            )
            .values(last_update_at=uow.now)
            .execution_options(synchronize_session=False)
        )
        if announce:
            await uow.session.execute(select(func.pg_notify(CHANNEL, str(shop_id))))

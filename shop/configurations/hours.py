"""The hours in which a shop wants to hear nothing, or nothing of some kind to be said."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select

from db.models import Bot
from shop.configurations import rules
from shop.configurations.queries import get_config_values
from shop.unit_of_work import UnitOfWork


async def quiet_until(uow: UnitOfWork, keys: tuple[str, str]) -> datetime | None:
    """When the quiet is over that the shop set with these two settings; None where there is none now."""
    hours = await get_config_values(uow, keys)
    begins, ends = (int(hours[key]) for key in keys)
    if begins == ends:
        return None
    zone = ZoneInfo((await uow.session.scalars(select(Bot.timezone).where(Bot.id == uow.bot_id))).one())
    return rules.quiet_until(uow.now.astimezone(zone), begins=begins, ends=ends)

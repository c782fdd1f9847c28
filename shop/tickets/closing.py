"""Tickets that were answered long ago close by themselves, in every shop by its own setting."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select

from db.models import BotConfiguration, Ticket
from shop.actors import System
from shop.configurations.registry import find
from shop.tickets import rules, service
from shop.unit_of_work import UnitOfWork, UnitsOfWork

ACTOR = System("ticket-closing")
AFTER = "ticket_autoclose_days"
SHORTEST = timedelta(days=1)
AT_ONCE = 100


async def close_quiet(units: UnitsOfWork) -> int:
    """Close what was answered so many days ago without a word since; how many tickets that were.

    What a customer writes in the same moment counts: his ticket stays open.
    """
    async with units.platform(ACTOR) as uow:
        quiet = select(Ticket.bot_id).where(
            Ticket.status == rules.ANSWERED, Ticket.last_at <= uow.now - SHORTEST
        )
        shops = set(await uow.session.scalars(quiet.distinct()))
        chosen = await uow.session.execute(
            select(BotConfiguration.bot_id, BotConfiguration.config_value).where(
                BotConfiguration.config_key == AFTER
            )
        )
        days = dict(chosen.tuples().all())
    closed = 0
    for bot_id in sorted(shops):
        after = days.get(bot_id, find(AFTER).default)
        if after:
            async with units.begin(bot_id, ACTOR) as uow:
                closed += await _close_in(uow, uow.now - timedelta(days=after))
    return closed


async def _close_in(uow: UnitOfWork, since: datetime) -> int:
    found = await uow.session.scalars(
        select(Ticket.id)
        .where(Ticket.status == rules.ANSWERED, Ticket.last_at <= since)
        .order_by(Ticket.last_at, Ticket.id)
        .limit(AT_ONCE)
    )
    return sum([await service.close(uow, ticket_id, quiet_since=since) for ticket_id in found.all()])

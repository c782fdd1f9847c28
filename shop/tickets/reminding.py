"""The team hears of whoever waits: at half of the time that a shop set itself, and after all of it."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import and_, func, or_, select

from db.models import BotConfiguration, BotFeatureFlag, Ticket
from shop.actors import System
from shop.configurations.hours import quiet_until
from shop.configurations.queries import get_config_value
from shop.configurations.registry import find
from shop.features import service as features
from shop.notifications.about_tickets import TicketReminded
from shop.notifications.outbox import enqueue_for_owner
from shop.tickets import rules
from shop.tickets.answering import WITHIN
from shop.unit_of_work import UnitOfWork, UnitsOfWork

ACTOR = System("ticket-reminding")
QUIET = ("reminder_quiet_from", "reminder_quiet_until")
SHORTEST = timedelta(minutes=30)
"""Half of the shortest time that a shop can set itself."""
AT_ONCE = 100


async def remind_due(units: UnitsOfWork) -> int:
    """Tell every team that wishes it of those who wait; how many tickets that were.

    Told late, when both are due, it is one message about the whole time. In quiet hours nothing is told, and
    afterwards what is true then. Two processes at it tell once.
    """
    told = 0
    for bot_id in await _shops_with_due(units):
        async with units.begin(bot_id, ACTOR) as uow:
            told += await remind_in(uow)
    return told


async def _shops_with_due(units: UnitsOfWork) -> list[int]:
    """By what they chose; whether the switch counts, and what the clock there says, their own unit asks."""
    async with units.platform(ACTOR) as uow:
        oldest = await uow.session.execute(
            select(
                Ticket.bot_id,
                func.min(Ticket.waiting_since).filter(Ticket.reminded == rules.NOT_YET),
                func.min(Ticket.waiting_since),
            )
            .join(
                BotFeatureFlag,
                and_(
                    BotFeatureFlag.bot_id == Ticket.bot_id,
                    BotFeatureFlag.feature_key == "ticket_sla",
                    BotFeatureFlag.enabled.is_(True),
                ),
            )
            .where(
                Ticket.status == rules.WAITING,
                Ticket.reminded < rules.WHOLE,
                Ticket.waiting_since <= uow.now - SHORTEST,
            )
            .group_by(Ticket.bot_id)
        )
        rows = oldest.tuples().all()
        chosen = await uow.session.execute(
            select(BotConfiguration.bot_id, BotConfiguration.config_value).where(
                BotConfiguration.config_key == WITHIN,
                BotConfiguration.bot_id.in_([bot_id for bot_id, _, _ in rows]),
            )
        )
        hours, now = dict(chosen.tuples().all()), uow.now
    return sorted(
        bot_id
        for bot_id, untold, waiting in rows
        if _is_due(untold, waiting, now, int(hours.get(bot_id, find(WITHIN).default)))
    )


def _is_due(untold: datetime | None, waiting: datetime | None, now: datetime, hours: int) -> bool:
    """Half of the time for who was not told of at all, or the whole of it for anybody."""
    half = untold is not None and rules.reminder(untold, now, within_hours=hours) >= rules.HALF
    return half or (waiting is not None and rules.reminder(waiting, now, within_hours=hours) == rules.WHOLE)


async def remind_in(uow: UnitOfWork) -> int:
    """Tell the team of one shop of those whose time has come, if it is not quiet; how many they are."""
    is_on = (await features.load_state(uow)).is_on("ticket_sla")
    if not is_on or await quiet_until(uow, QUIET) is not None:
        return 0
    hours = int(await get_config_value(uow, WITHIN))
    within = timedelta(hours=hours)
    found = await uow.session.scalars(
        select(Ticket)
        .where(
            Ticket.status == rules.WAITING,
            or_(
                and_(Ticket.reminded < rules.WHOLE, Ticket.waiting_since <= uow.now - within),
                and_(Ticket.reminded < rules.HALF, Ticket.waiting_since <= uow.now - within / 2),
            ),
        )
        .order_by(Ticket.waiting_since, Ticket.id)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    reminders = []
    for ticket in found:
        if ticket.waiting_since is not None:
            part = rules.reminder(ticket.waiting_since, uow.now, within_hours=hours)
            reminders.append(TicketReminded(ticket.id, part, ticket.waiting_since.isoformat()))
            ticket.reminded = part
    if reminders:
        await enqueue_for_owner(uow, *reminders)
    await uow.session.flush()
    return len(reminders)

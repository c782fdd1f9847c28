"""How soon a shop answers, and who of its people may."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Float, cast, extract, func, select

from db.models import Staff, Ticket
from shop.actors import TICKETS_ANSWER, TICKETS_SEE, require
from shop.configurations.queries import get_config_value
from shop.staff.rules import held
from shop.tickets import rules
from shop.unit_of_work import UnitOfWork

WITHIN = "ticket_answer_hours"
COUNTED = timedelta(days=30)
"""Of tickets opened since then the figures are made."""


@dataclass(frozen=True, slots=True)
class Answerer:
    staff_id: int
    name: str


@dataclass(frozen=True, slots=True)
class Answering:
    """How it stands with the answers of a shop."""

    within_hours: int
    """What the shop has set itself."""
    oldest: datetime | None
    """Since when the one waits who waits longest; None when nobody does."""
    answered: int
    """Tickets of the last thirty days that had an answer."""
    median_minutes: int | None
    """Half of them had the first one sooner than this."""
    in_time: float | None
    """The share of them that had it in time, 0 to 1."""

    def urgency(self, since: datetime, now: datetime) -> rules.Urgency:
        return rules.urgency(since, now, within_hours=self.within_hours)


async def list_answerers(uow: UnitOfWork) -> list[Answerer]:
    """Who of the shop may answer, oldest first."""
    people = await uow.session.scalars(select(Staff).where(Staff.is_active).order_by(Staff.id))
    return [
        Answerer(one.id, one.name)
        for one in people
        if one.role != "master" and TICKETS_ANSWER in held(one.role, one.permissions)
    ]


async def load_answering(uow: UnitOfWork) -> Answering:
    """In two statements, and one for the setting. Raises NotAllowed."""
    require(uow.actor, TICKETS_SEE)
    within = int(await get_config_value(uow, WITHIN))
    took = extract("epoch", Ticket.first_answered_at - Ticket.created_at)
    since = uow.now - COUNTED
    row = (
        await uow.session.execute(
            select(
                func.count(),
                func.percentile_cont(0.5).within_group(cast(took, Float)),
                func.count().filter(took <= within * 3600),
            ).where(
                # What was opened since was also last spoken in since: by that there is an index.
                Ticket.last_at >= since,
                Ticket.created_at >= since,
                Ticket.first_answered_at.is_not(None),
            )
        )
    ).one()
    answered, median, in_time = row
    return Answering(
        within_hours=within,
        oldest=await oldest_waiting(uow),
        answered=answered,
        median_minutes=None if median is None else round(median / 60),
        in_time=in_time / answered if answered else None,
    )


async def oldest_waiting(uow: UnitOfWork) -> datetime | None:
    """Since when the one waits who waits longest."""
    oldest: datetime | None = await uow.session.scalar(
        select(func.min(func.coalesce(Ticket.waiting_since, Ticket.last_at))).where(
            Ticket.status == rules.WAITING
        )
    )
    return oldest

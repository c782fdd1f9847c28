"""Which ticket comes after one, for whoever answers them one after the other."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select

from db.models import Ticket
from shop.actors import TICKETS_SEE, require
from shop.errors import NotFound
from shop.paging import Place
from shop.tickets.queries import Sought, TicketRow, list_tickets
from shop.unit_of_work import UnitOfWork


async def find_next(
    uow: UnitOfWork, sought: Sought, *, besides: int, after: Place | None, newest_first: bool = True
) -> TicketRow | None:
    """The next one that waits among the ``sought``, in the order of their list; None where no other does.

    ``after``: where in the list the one before stood when it was opened, whatever became of it since. From
    the end it goes on at the beginning, so that what was passed over comes again. In three statements at
    most. Raises NotAllowed, and NotFound for a ticket that is not there.
    """
    require(uow.actor, TICKETS_SEE)
    if await uow.session.scalar(select(Ticket.id).where(Ticket.id == besides)) is None:
        raise NotFound("ticket", besides)
    waiting = replace(sought, state=None)
    for place in dict.fromkeys((after, None)):
        page = await list_tickets(uow, waiting, after=place, newest_first=newest_first, rows=2)
        found = next((row for row in page.rows if row.ticket_id != besides), None)
        if found is not None:
            return found
    return None

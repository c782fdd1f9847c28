"""An answer that was begun and not sent: kept for whoever began it, on whatever device he goes on.

Nobody else of the shop reads it, and no file takes it along: it is not said yet.
"""

from __future__ import annotations

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from db.models import Ticket, TicketDraft, TicketMessage
from shop.actors import TICKETS_ANSWER, require, staff_id
from shop.errors import NotAllowed, NotFound
from shop.tickets import rules
from shop.tickets.service import form_cause
from shop.unit_of_work import UnitOfWork


async def keep(uow: UnitOfWork, ticket_id: int, words: str, *, form: str) -> None:
    """Keep what the writer has in his box now; an empty box keeps nothing. Idempotent.

    ``form``: the box's own key. What came by it as an answer is no draft any more, however late the line
    brings its last words. Raises NotAllowed, NotFound, BadInput.
    """
    require(uow.actor, TICKETS_ANSWER)
    who, kept, cause = _writer(uow), rules.drafted(words), form_cause(form)
    # Shared: an answer holds the row alone, so that either it sees the draft or the draft sees the answer.
    found = select(Ticket.id).where(Ticket.id == ticket_id).with_for_update(read=True)
    if await uow.session.scalar(found) is None:
        raise NotFound("ticket", ticket_id)
    if await uow.session.scalar(select(TicketMessage.id).where(TicketMessage.cause == cause)):
        return
    if not kept:
        await forget(uow, ticket_id)
        return
    await uow.session.execute(
        insert(TicketDraft)
        .values(
            bot_id=uow.bot_id,
            ticket_id=ticket_id,
            staff_id=who,
            words=kept,
            created_at=uow.now,
            updated_at=uow.now,
        )
        .on_conflict_do_update(
            index_elements=["bot_id", "ticket_id", "staff_id"],
            set_={"words": kept, "updated_at": uow.now},
        )
    )


async def forget(uow: UnitOfWork, ticket_id: int) -> None:
    """It was sent, or is not wanted. Idempotent; raises NotAllowed for whoever is not of the shop."""
    await uow.session.execute(
        delete(TicketDraft).where(TicketDraft.ticket_id == ticket_id, TicketDraft.staff_id == _writer(uow))
    )


def _writer(uow: UnitOfWork) -> int:
    who = staff_id(uow.actor)
    if who is None:
        raise NotAllowed(TICKETS_ANSWER)
    return who

"""Put what a customer writes to the shop where it belongs: into his ticket."""

from __future__ import annotations

from aiogram.fsm.context import FSMContext
from aiogram.types import Message

from bot.offering import Offering
from bot.receiving import Counter, prepared_of
from bot.speaking import Event, tell
from bot.views import tickets as views
from shop.errors import TooManyQuestions
from shop.media import service as media
from shop.tickets import rules, service
from shop.tickets.queries import OpenTicket, find_open


async def open_ticket(counter: Counter) -> OpenTicket | None:
    """The person's ticket that takes what he writes; None where none is open, or the shop takes none.

    Raises TooManyQuestions, before anything is fetched for it.
    """
    visit = counter.visit
    if not visit.reader.has_tickets:
        return None
    async with visit.begin(counter.units) as uow:
        found = await find_open(uow, visit.person.id)
    if found is not None and found.unanswered >= rules.MOST_UNANSWERED:
        raise TooManyQuestions(rules.MOST_UNANSWERED)
    return found


async def put(event: Event, offering: Offering, counter: Counter) -> None:
    """Fetch and decode a picture, then ask in one unit of work, then say so.

    Raises what the shop refuses; a failing network is an error and tried again by the inbox.
    """
    visit = counter.visit
    prepared = await prepared_of(event, offering, visit.largest_file)
    kept = await counter.state.get_data()
    async with visit.begin(counter.units) as uow:
        media_id = await media.store(uow, counter.shelf, prepared) if prepared else None
        asked = await service.ask(
            uow,
            visit.person.id,
            text=offering.text,
            cause=f"chat:{visit.person.telegram_id}:{offering.message_id}",
            media_id=media_id,
            order_id=kept.get("order_id"),
        )
    album = _album(event)
    await _forget(counter.state, album)
    if album is None or kept.get("album") != album:
        await tell(event, views.asked(visit.reader, asked))


def _album(event: Event) -> str | None:
    return event.media_group_id if isinstance(event, Message) else None


async def _forget(state: FSMContext, album: str | None) -> None:
    """The ticket is open and takes what follows by itself; an album is answered once."""
    await state.set_data({"album": album} if album else {})
    await state.set_state(None)

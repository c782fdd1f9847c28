"""A customer writes to the shop: words and pictures go into his ticket, as long as it is open."""

from __future__ import annotations

from aiogram import F, Router
from aiogram.dispatcher.event.bases import SkipHandler
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message

from bot.asking import open_ticket, put
from bot.callbacks import AskSupport, CloseTicket, ReopenTicket, ToSupport
from bot.handlers.fallback import old_button
from bot.middlewares.presses import Toast
from bot.offering import Offering, offering_in
from bot.receiving import AtCounter, Counter, remember, remembered
from bot.speaking import show, tell
from bot.states import Question, Receipt
from bot.views import tickets as views
from bot.views.screen import Screen
from shop.errors import FeatureOff, FileTooLarge
from shop.receipts.rules import reference_in
from shop.tickets import service
from shop.tickets.queries import find_open, list_own_orders

SUPPORT = "support"


async def command(message: Message, counter: Counter) -> None:
    await tell(message, await _begin(counter, None))


async def begin(query: CallbackQuery, callback_data: AskSupport, counter: Counter) -> None:
    """The next words are for the shop."""
    screen = await _begin(counter, callback_data.order_id)
    await (tell if callback_data.keep else show)(query, screen)


async def _begin(counter: Counter, order_id: int | None) -> Screen:
    visit = counter.visit
    if not visit.reader.has_tickets:
        raise FeatureOff(service.FEATURE)
    async with visit.begin(counter.units) as uow:
        found = await find_open(uow, visit.person.id)
        if order_id is not None:
            await service.require_own_order(uow, visit.person.id, order_id)
        is_said = order_id is not None or (found is not None and found.order_id is not None)
        orders = [] if is_said else await list_own_orders(uow, visit.person.id, visit.language)
    await counter.state.set_data({} if order_id is None else {"order_id": order_id})
    await counter.state.set_state(Question.writing)
    return views.begin(visit.reader, found, orders, about=order_id)


async def text(message: Message, counter: Counter, raw_state: str | None) -> None:
    """Words for an open ticket, or the first of a new one. Numbers may be a receipt's: that one asks."""
    words = message.text or ""
    if raw_state != Question.writing.state:
        if raw_state == Receipt.asked.state or await open_ticket(counter) is None:
            raise SkipHandler
        if reference_in(words) is not None and await counter.awaiting():
            raise SkipHandler
    await put(message, Offering("text", message.message_id, text=words), counter)


async def file(message: Message, counter: Counter, raw_state: str | None) -> None:
    """A picture for the ticket; while an order waits for a receipt, only the person knows which it is."""
    if raw_state == Receipt.asked.state:
        raise SkipHandler
    found = await open_ticket(counter)
    if found is None and raw_state != Question.writing.state:
        raise SkipHandler
    offering = offering_in(message)
    if offering is None:
        await tell(message, views.unreadable(counter.visit.reader))
        return
    if await counter.has_already(message, offering):
        return
    limit = counter.visit.largest_file
    if offering.size is not None and offering.size > limit:
        raise FileTooLarge(offering.size, limit)
    if not await counter.awaiting():
        await put(message, offering, counter)
        return
    album = message.media_group_id
    if album and (await counter.state.get_data()).get("album") == album:
        return
    if album:
        await counter.state.update_data(album=album)
    await remember(counter.state, offering)
    await tell(message, views.which(counter.visit.reader, message_id=message.message_id))


async def other(message: Message, counter: Counter, raw_state: str | None) -> None:
    """A voice, a sticker, a film: said clearly while somebody writes to the shop."""
    if raw_state != Question.writing.state and await open_ticket(counter) is None:
        raise SkipHandler
    await tell(message, views.unreadable(counter.visit.reader))


async def to_support(query: CallbackQuery, callback_data: ToSupport, counter: Counter, toast: Toast) -> None:
    """No receipt: what came is for the shop's people."""
    offering = await remembered(counter.state, callback_data.message_id)
    if offering is None:
        await old_button(query, counter.visit, counter.units, toast)
        return
    await open_ticket(counter)
    await put(query, offering, counter)


async def close(query: CallbackQuery, callback_data: CloseTicket, counter: Counter) -> None:
    """The customer needs no answer any more; an old button says the same again."""
    visit = counter.visit
    async with visit.begin(counter.units) as uow:
        await service.close_own(uow, visit.person.id, callback_data.ticket_id)
    await counter.state.clear()
    await tell(query, views.closed(visit.reader, callback_data.ticket_id))


async def reopen(query: CallbackQuery, callback_data: ReopenTicket, counter: Counter) -> None:
    """It is not solved: the next words go on with it, or with the one that is open by now."""
    visit = counter.visit
    async with visit.begin(counter.units) as uow:
        await service.reopen_own(uow, visit.person.id, callback_data.ticket_id)
    await tell(query, await _begin(counter, None))


def router() -> Router:
    router = Router(name="tickets")
    router.message.middleware(AtCounter())
    router.callback_query.middleware(AtCounter())
    router.message.register(command, Command(SUPPORT, ignore_case=True))
    router.message.register(text, F.text, ~F.text.startswith("/"))
    router.message.register(file, F.photo | F.document)
    router.message.register(
        other, F.video | F.voice | F.audio | F.sticker | F.animation | F.video_note | F.contact | F.location
    )
    router.callback_query.register(begin, AskSupport.filter())
    router.callback_query.register(to_support, ToSupport.filter())
    router.callback_query.register(close, CloseTicket.filter())
    router.callback_query.register(reopen, ReopenTicket.filter())
    return router

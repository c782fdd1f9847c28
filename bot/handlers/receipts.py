"""A receipt comes: as a photo, a document or a text, at any time while an order is open."""

from __future__ import annotations

from aiogram import F, Router
from aiogram.types import Message

from bot.handlers.fallback import any_message
from bot.offering import Offering, offering_in
from bot.receiving import AtCounter, Counter, remember, take
from bot.speaking import tell
from bot.states import Receipt
from bot.views import receipts as views
from shop.errors import BadInput, FileTooLarge, NoOpenPayment, UnreadableFile
from shop.receipts.rules import reference_in

SHOWN = 500
"""Characters of a long text that we repeat when we ask about it."""


async def file(message: Message, counter: Counter) -> None:
    """Take a photo or a document. The first of an album is the receipt, the rest is left alone."""
    album = message.media_group_id
    if album and (await counter.state.get_data()).get("album") == album:
        return
    offering = offering_in(message)
    if offering is not None and await counter.has_already(message, offering):
        return
    awaiting = await counter.awaiting()
    if not awaiting:
        raise NoOpenPayment
    if offering is None:
        raise UnreadableFile
    limit = counter.visit.largest_file
    if offering.size is not None and offering.size > limit:
        raise FileTooLarge(offering.size, limit)
    if album:
        await counter.state.update_data(album=album)
    await take(message, offering, awaiting, counter)


async def text(message: Message, counter: Counter) -> None:
    """A tracking code, perhaps: we ask. Any other text gets the menu."""
    words = message.text or ""
    awaiting = await counter.awaiting()
    if awaiting and reference_in(words) is not None:
        await remember(counter.state, Offering("text", message.message_id, text=words))
        question = views.reference_question(
            counter.visit.reader, words[:SHOWN], message_id=message.message_id
        )
        await tell(message, question)
    elif awaiting and await counter.state.get_state() == Receipt.asked.state:
        raise BadInput("receipt", "no_reference")
    else:
        await any_message(message, counter.visit, counter.units)


async def other(message: Message, counter: Counter) -> None:
    """A voice, a sticker, a film: said clearly while we wait for a receipt."""
    if await counter.awaiting():
        raise UnreadableFile
    await any_message(message, counter.visit, counter.units)


def router() -> Router:
    router = Router(name="receipts")
    router.message.middleware(AtCounter())
    router.message.register(file, F.photo | F.document)
    router.message.register(text, F.text, ~F.text.startswith("/"))
    router.message.register(
        other,
        F.video
        | F.voice
        | F.audio
        | F.sticker
        | F.animation
        | F.video_note
        | F.contact
        | F.location
        | F.poll
        | F.dice,
    )
    return router

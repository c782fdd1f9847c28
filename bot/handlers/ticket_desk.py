"""The shop's own chat: whoever answers a ticket's post, or writes in its topic, answers the customer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypedDict

from aiogram import F, Router
from aiogram.dispatcher.event.bases import SkipHandler
from aiogram.enums import ChatType
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import CallbackQuery, Message

from bot.callbacks import TurnTicket
from bot.middlewares.presses import Toast
from bot.offering import offering_in
from bot.receiving import prepared_of
from bot.speaking import tell
from bot.views import tickets as views
from bot.views.screen import Reader
from bot.visit import largest_file
from shop.actors import System
from shop.bots.queries import BotContext
from shop.errors import FileTooLarge, ShopError
from shop.media import service as media
from shop.media.shelf import Shelf
from shop.tickets import chat
from shop.unit_of_work import UnitsOfWork

ACTOR = System("owners-chat")
"""Until we know who wrote; what is answered is answered in the person's own name."""


class Place(TypedDict):
    """Where somebody wrote, and to what."""

    telegram_id: int
    chat_id: int
    replied_to: int
    topic_id: int | None


async def answered(
    message: Message, units: UnitsOfWork, *, home_id: int, shop: BotContext, reader: Reader
) -> None:
    """An answer to a message of ours, if it is about a ticket; what else it may be, others know."""
    place = _place(message, shop)
    try:
        async with units.begin(home_id, ACTOR) as uow:
            ticket_id = await chat.answer(
                uow, **place, message_id=message.message_id, text=message.text or ""
            )
    except ShopError as refusal:
        await tell(message, views.refused(replace(reader, is_test=False), refusal))
        return
    if ticket_id is None:
        raise SkipHandler
    await tell(message, views.sent(replace(reader, is_test=False), ticket_id))


async def answered_with_file(
    message: Message,
    units: UnitsOfWork,
    *,
    home_id: int,
    shop: BotContext,
    reader: Reader,
    shelf: Shelf,
    settings: dict[str, Any],
) -> None:
    """The same with a picture or a PDF; a voice is said not to go out, so that nobody thinks it did."""
    place, reader = _place(message, shop), replace(reader, is_test=False)
    try:
        async with units.begin(home_id, ACTOR) as uow:
            is_ours = await chat.may_answer(uow, **place)
        if not is_ours:
            raise SkipHandler
        offering, limit = offering_in(message), largest_file(settings)
        if offering is None:
            await tell(message, views.not_sent(reader))
            return
        if offering.size is not None and offering.size > limit:
            raise FileTooLarge(offering.size, limit)
        prepared = await prepared_of(message, offering, limit)
        async with units.begin(home_id, ACTOR) as uow:
            media_id = None if prepared is None else await media.store(uow, shelf, prepared)
            ticket_id = await chat.answer(
                uow, **place, message_id=message.message_id, text=offering.text or "", media_id=media_id
            )
    except ShopError as refusal:
        await tell(message, views.refused(reader, refusal))
        return
    if ticket_id is not None:
        await tell(message, views.sent(reader, ticket_id))


async def turn(
    query: CallbackQuery,
    callback_data: TurnTicket,
    units: UnitsOfWork,
    *,
    shop: BotContext,
    reader: Reader,
    toast: Toast,
) -> None:
    """Close the ticket, or go on with it; the button under this very message says the other from now on."""
    if query.message is None:
        return
    ticket_id, is_closed = callback_data.ticket_id, callback_data.is_closed
    try:
        async with units.begin(shop.bot_id, ACTOR) as uow:
            await chat.turn(
                uow,
                ticket_id,
                telegram_id=query.from_user.id,
                chat_id=query.message.chat.id,
                is_closed=is_closed,
            )
    except ShopError as refusal:
        toast.text, toast.is_alert = views.refused_shortly(reader, refusal), True
        return
    toast.text = views.turned_shortly(reader, ticket_id, is_closed=is_closed)
    if isinstance(query.message, Message):
        buttons = views.desk_buttons(reader, ticket_id, is_closed=is_closed)
        try:
            await query.message.edit_reply_markup(reply_markup=buttons)
        except TelegramBadRequest:
            return  # pressed twice, or the message is gone: what was asked for is done


def _place(message: Message, shop: BotContext) -> Place:
    """Raises SkipHandler for a customer's own chat, where what he answers is his own business."""
    sender, post = message.from_user, message.reply_to_message
    is_elsewhere = message.chat.type == ChatType.PRIVATE and message.chat.id != shop.admin_chat_id
    if sender is None or post is None or is_elsewhere:
        raise SkipHandler
    return Place(
        telegram_id=sender.id,
        chat_id=message.chat.id,
        replied_to=post.message_id,
        topic_id=message.message_thread_id if message.is_topic_message else None,
    )


def router() -> Router:
    router = Router(name="ticket desk")
    router.message.register(answered, F.reply_to_message.from_user.is_bot, F.text, ~F.text.startswith("/"))
    router.message.register(
        answered_with_file,
        F.reply_to_message.from_user.is_bot,
        F.photo | F.document | F.voice | F.video | F.audio | F.sticker | F.animation | F.video_note,
    )
    router.callback_query.register(turn, TurnTicket.filter())
    return router

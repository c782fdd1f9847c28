"""The shop's own chat: whoever answers a ticket's post, or writes in its topic, answers the customer."""

from __future__ import annotations

from aiogram import F, Router
from aiogram.dispatcher.event.bases import SkipHandler
from aiogram.enums import ChatType
from aiogram.types import Message

from bot.speaking import tell
from bot.views import tickets as views
from bot.views.screen import Reader
from shop.actors import System
from shop.bots.queries import BotContext
from shop.errors import ShopError
from shop.tickets import chat
from shop.unit_of_work import UnitsOfWork

ACTOR = System("owners-chat")
"""Until we know who wrote; what is answered is answered in the person's own name."""


async def answered(message: Message, units: UnitsOfWork, *, shop: BotContext, reader: Reader) -> None:
    """An answer to a message of ours, if it is about a ticket; what else it may be, others know."""
    sender, post = message.from_user, message.reply_to_message
    if sender is None or post is None or _is_elsewhere(message, shop):
        raise SkipHandler
    try:
        async with units.begin(shop.bot_id, ACTOR) as uow:
            ticket_id = await chat.answer(
                uow,
                telegram_id=sender.id,
                chat_id=message.chat.id,
                replied_to=post.message_id,
                topic_id=message.message_thread_id if message.is_topic_message else None,
                message_id=message.message_id,
                text=message.text or "",
            )
    except ShopError as refusal:
        await tell(message, views.refused(reader, refusal))
        return
    if ticket_id is None:
        raise SkipHandler
    await tell(message, views.sent(reader, ticket_id))


async def unreadable(message: Message, units: UnitsOfWork, *, shop: BotContext, reader: Reader) -> None:
    """A picture or a voice where words are wanted: said, so that nobody thinks it went out."""
    post = message.reply_to_message
    if post is None or _is_elsewhere(message, shop):
        raise SkipHandler
    async with units.begin(shop.bot_id, ACTOR) as uow:
        ticket_id = await chat.find_ticket(
            uow,
            chat_id=message.chat.id,
            replied_to=post.message_id,
            topic_id=message.message_thread_id if message.is_topic_message else None,
        )
    if ticket_id is None:
        raise SkipHandler
    await tell(message, views.words_only(reader))


def _is_elsewhere(message: Message, shop: BotContext) -> bool:
    """A customer's own chat, where what he answers is his own business."""
    return message.chat.type == ChatType.PRIVATE and message.chat.id != shop.admin_chat_id


def router() -> Router:
    router = Router(name="ticket desk")
    router.message.register(answered, F.reply_to_message.from_user.is_bot, F.text, ~F.text.startswith("/"))
    router.message.register(
        unreadable,
        F.reply_to_message.from_user.is_bot,
        F.photo | F.document | F.voice | F.video | F.audio | F.sticker | F.animation | F.video_note,
    )
    return router

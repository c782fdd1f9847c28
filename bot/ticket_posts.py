"""Post a ticket's messages into the shop's chat, each ticket in a topic of its own where there are topics."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import BufferedInputFile, Message

from bot.promises import Claimed, Kept, Sender
from bot.views import tickets as views
from shop.actors import System
from shop.media import picture
from shop.media.shelf import Shelf
from shop.tickets import chat
from shop.tickets.chat import Posting
from shop.unit_of_work import UnitOfWork, UnitsOfWork

log = logging.getLogger(__name__)

ACTOR = System("ticket-posts")
TOPIC_LOST = ("thread not found", "topic_closed", "topic_deleted")


@dataclass(frozen=True, slots=True)
class TicketPosts:
    units: UnitsOfWork
    shelf: Shelf

    @property
    def senders(self) -> dict[str, Sender]:
        return {"ticket_posted": self.post, "ticket_topic_closed": self.close_topic}

    async def post(self, bot: Bot, promise: Claimed) -> Kept:
        """What was written, with its picture; an answer to the post is an answer to the ticket."""
        async with self.units.begin(promise.bot_id, ACTOR) as uow:
            posting = await chat.load_posting(uow, int(promise.payload["message_id"]))
        topic = await self._topic(bot, promise, posting)
        try:
            sent = await self._send(bot, promise, posting, topic)
        except TelegramBadRequest as error:
            if topic is None or not any(words in error.message.lower() for words in TOPIC_LOST):
                raise
            await self._keep(promise, posting, None)
            sent = await self._send(bot, promise, posting, None)

        async def note(uow: UnitOfWork) -> None:
            await chat.posted(uow, posting.ticket_id, chat_id=promise.chat_id, message_id=sent.message_id)

        return Kept(sent.message_id, note)

    async def close_topic(self, bot: Bot, promise: Claimed) -> Kept:
        """The topic of a closed ticket is closed with it; one that is gone, or closed, is no error."""
        async with self.units.begin(promise.bot_id, ACTOR) as uow:
            where = await chat.load_topic(uow, int(promise.payload["ticket_id"]))
        if where is not None:
            chat_id, topic_id = where
            try:
                await bot.close_forum_topic(chat_id, topic_id)
            except TelegramBadRequest as error:
                log.info("a topic of shop %s was not closed: %s", promise.bot_id, error.message)
        return Kept(None)

    async def _topic(self, bot: Bot, promise: Claimed, posting: Posting) -> int | None:
        """The ticket's own topic, opened now where it has none; None where the chat has no topics."""
        if posting.topic_id is not None and posting.topic_chat_id == promise.chat_id:
            return posting.topic_id
        if promise.chat_id > 0 or not posting.wants_topic or posting.is_closed:
            return None
        try:
            made = await bot.create_forum_topic(promise.chat_id, views.topic_name(posting))
        except TelegramBadRequest as error:
            log.info("shop %s has no topic for a ticket: %s", promise.bot_id, error.message)
            return None
        # At once: the sending may fail, and a second topic would split the talk.
        await self._keep(promise, posting, made.message_thread_id)
        return made.message_thread_id

    async def _keep(self, promise: Claimed, posting: Posting, topic_id: int | None) -> None:
        chat_id = promise.chat_id if topic_id is not None else None
        async with self.units.begin(promise.bot_id, ACTOR) as uow:
            await chat.keep_topic(uow, posting.ticket_id, chat_id=chat_id, topic_id=topic_id)

    async def _send(self, bot: Bot, promise: Claimed, posting: Posting, topic: int | None) -> Message:
        thread = promise.topic_id if topic is None else topic
        content = None
        if posting.located is not None:
            content = await asyncio.to_thread(self.shelf.read, posting.located.storage_key)
        screen = views.post(
            promise.reader,
            posting,
            in_topic=topic is not None,
            is_without_picture=posting.located is not None and content is None,
        )
        if content is None or posting.located is None:
            return await bot.send_message(promise.chat_id, screen.text, message_thread_id=thread)
        if posting.located.is_picture:
            photo = BufferedInputFile(await asyncio.to_thread(picture.as_jpeg, content), "picture.jpg")
            return await bot.send_photo(promise.chat_id, photo, caption=screen.text, message_thread_id=thread)
        document = BufferedInputFile(content, "document.pdf")
        return await bot.send_document(
            promise.chat_id, document, caption=screen.text, message_thread_id=thread
        )

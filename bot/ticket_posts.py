"""Send a ticket's messages: into the shop's chat, each ticket in a topic of its own where there are topics;
and what the shop answered, to the customer."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import Message

from bot.outbox import send_text
from bot.promises import Claimed, Kept, Sender
from bot.sending_files import file_id_in, send_file
from bot.views import tickets as views
from bot.views.notices import notice
from bot.views.screen import Screen
from shop.actors import System
from shop.media import service as media
from shop.media.service import Located
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
        return {
            "ticket_answered": self.answer,
            "ticket_posted": self.post,
            "ticket_reminded": self.remind,
            "ticket_topic_closed": self.close_topic,
            "ticket_topic_opened": self.open_topic,
        }

    async def post(self, bot: Bot, promise: Claimed) -> Kept:
        """What was written, with its picture; an answer to the post is an answer to the ticket."""
        async with self.units.begin(promise.bot_id, ACTOR) as uow:
            posting = await chat.load_posting(uow, int(promise.payload["message_id"]))
        topic = await self._topic(bot, promise, posting)
        try:
            sent = await self._send(bot, promise, posting, topic)
        except TelegramBadRequest as error:
            if topic is None or not _is_lost(error):
                raise
            await self._keep(promise, posting, None)
            sent = await self._send(bot, promise, posting, None)

        async def note(uow: UnitOfWork) -> None:
            await chat.posted(uow, posting.ticket_id, chat_id=promise.chat_id, message_id=sent.message_id)

        return Kept(sent.message_id, note)

    async def remind(self, bot: Bot, promise: Claimed) -> Kept:
        """Somebody waits, told where the talk with him is; nothing, where he does not wait any more.

        An answer to it is an answer to the ticket, as to a post.
        """
        said = promise.payload
        since = datetime.fromisoformat(said["since"])
        async with self.units.begin(promise.bot_id, ACTOR) as uow:
            found = await chat.load_reminder(uow, int(said["ticket_id"]), part=int(said["part"]), since=since)
        if found is None:
            return Kept(None)
        say = partial(views.reminder, promise.reader, found)
        topic = found.topic_id if found.topic_chat_id == promise.chat_id else None
        try:
            sent = await _say(bot, promise, say(in_topic=topic is not None), topic or promise.topic_id)
        except TelegramBadRequest as error:
            if topic is None or not _is_lost(error):
                raise
            # The next post opens another topic; this one is told outside of it.
            sent = await _say(bot, promise, say(in_topic=False), promise.topic_id)

        async def note(uow: UnitOfWork) -> None:
            await chat.posted(uow, found.ticket_id, chat_id=promise.chat_id, message_id=sent.message_id)

        return Kept(sent.message_id, note)

    async def answer(self, bot: Bot, promise: Claimed) -> Kept:
        """What the shop answered, to the customer, with its picture."""
        message_id = int(promise.payload["message_id"])
        file = None
        if promise.payload.get("has_file"):
            async with self.units.begin(promise.bot_id, ACTOR) as uow:
                file = (await chat.load_posting(uow, message_id)).located
        if file is None:
            return await send_text(bot, promise)
        screen = notice(promise.kind, promise.payload, promise.reader)
        sent = await self._send_file(bot, promise, file, screen, promise.topic_id)
        return await send_text(bot, promise) if sent is None else Kept(sent.message_id)

    async def close_topic(self, bot: Bot, promise: Claimed) -> Kept:
        """The topic of a closed ticket is closed with it; one that is gone, or closed, is no error."""
        return await self._turn_topic(bot, promise, is_closed=True)

    async def open_topic(self, bot: Bot, promise: Claimed) -> Kept:
        """The topic of a ticket that goes on is opened with it."""
        return await self._turn_topic(bot, promise, is_closed=False)

    async def _turn_topic(self, bot: Bot, promise: Claimed, *, is_closed: bool) -> Kept:
        ticket_id = int(promise.payload["ticket_id"])
        async with self.units.begin(promise.bot_id, ACTOR) as uow:
            where = await chat.load_topic(uow, ticket_id, is_closed=is_closed)
        if where is None:
            return Kept(None)
        chat_id, topic_id = where
        screen = views.turned(
            promise.reader, ticket_id, by=promise.payload.get("by", ""), is_closed=is_closed
        )
        say = partial(
            bot.send_message, chat_id, screen.text, message_thread_id=topic_id, reply_markup=screen.keyboard
        )
        # What is said in a closed topic is refused.
        first, then = (
            (say, partial(bot.close_forum_topic, chat_id, topic_id))
            if is_closed
            else (partial(bot.reopen_forum_topic, chat_id, topic_id), say)
        )
        for call in (first, then):
            try:
                await call()
            except TelegramBadRequest as error:
                log.info("a topic of shop %s was not turned: %s", promise.bot_id, error.message)
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
        write = partial(views.post, promise.reader, posting, in_topic=topic is not None)
        if posting.located is not None:
            sent = await self._send_file(bot, promise, posting.located, write(), thread)
            if sent is not None:
                return sent
        return await _say(bot, promise, write(is_without_picture=posting.located is not None), thread)

    async def _send_file(
        self, bot: Bot, promise: Claimed, file: Located, screen: Screen, thread: int | None
    ) -> Message | None:
        """Sent, and its id kept for the next chat that it goes to; None where it is on the shelf no more."""
        sent = await send_file(
            bot, self.shelf, file, screen, name="picture", chat_id=promise.chat_id, topic_id=thread
        )
        file_id = None if sent is None else file_id_in(sent)
        if file_id is not None and file_id != file.telegram_file_id:
            async with self.units.begin(promise.bot_id, ACTOR) as uow:
                await media.keep_file_id(uow, file.media_id, file_id)
        return sent


def _is_lost(error: TelegramBadRequest) -> bool:
    return any(words in error.message.lower() for words in TOPIC_LOST)


async def _say(bot: Bot, promise: Claimed, screen: Screen, thread: int | None) -> Message:
    return await bot.send_message(
        promise.chat_id, screen.text, message_thread_id=thread, reply_markup=screen.keyboard
    )

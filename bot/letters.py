"""How a broadcast is sent: as a text, or as a picture with its words, uploaded as seldom as can be."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import BufferedInputFile

from bot.outbox import send_text
from bot.promises import Claimed, Kept, Sender
from bot.views.notices import notice
from shop.actors import System
from shop.broadcasts import service
from shop.media import picture
from shop.media import service as media
from shop.media.shelf import Shelf
from shop.unit_of_work import UnitOfWork, UnitsOfWork

log = logging.getLogger(__name__)

ACTOR = System("broadcasts")
LOST = ("wrong file identifier", "file reference", "wrong remote file")
"""Telegram's words for a picture that it does not know any more, or that is another bot's."""


@dataclass(frozen=True, slots=True)
class Letters:
    units: UnitsOfWork
    shelf: Shelf

    @property
    def senders(self) -> dict[str, Sender]:
        return {"broadcast": self.send}

    async def send(self, bot: Bot, promise: Claimed) -> Kept:
        media_id, known = promise.payload.get("media_id"), promise.payload.get("photo")
        if media_id is None:
            return await send_text(bot, promise)
        if known is not None:
            try:
                return (await self._send(bot, promise, known))[0]
            except TelegramBadRequest as error:
                if not any(words in error.message.lower() for words in LOST):
                    raise
                log.info("shop %s uploads a picture again: %s", promise.bot_id, error.message)
        return await self._upload(bot, promise, int(media_id))

    async def _upload(self, bot: Bot, promise: Claimed, media_id: int) -> Kept:
        """A picture that is not on the shelf any more takes nothing from the words."""
        async with self.units.begin(promise.bot_id, ACTOR) as uow:
            key = await media.find_picture(uow, media_id)
        content = None if key is None else await asyncio.to_thread(self.shelf.read, key)
        if content is None:
            return await send_text(bot, promise)
        photo = BufferedInputFile(await asyncio.to_thread(picture.as_jpeg, content), "picture.jpg")
        kept, file = await self._send(bot, promise, photo)
        if file is None:
            return kept
        name = file

        async def note(uow: UnitOfWork) -> None:
            broadcast_id = int(promise.payload["broadcast_id"])
            await service.keep_photo(uow, broadcast_id, media_id=media_id, file=name)

        return Kept(kept.message_id, note)

    @staticmethod
    async def _send(bot: Bot, promise: Claimed, photo: BufferedInputFile | str) -> tuple[Kept, str | None]:
        screen = notice(promise.kind, promise.payload, promise.reader)
        sent = await bot.send_photo(
            promise.chat_id,
            photo,
            caption=screen.text,
            message_thread_id=promise.topic_id,
            reply_markup=screen.keyboard,
        )
        return Kept(sent.message_id), sent.photo[-1].file_id if sent.photo else None

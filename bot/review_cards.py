"""Post a receipt's card into the shop's chat, and edit it: what it says is read when it is sent."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest, TelegramEntityTooLarge
from aiogram.types import Message

from bot.promises import Claimed, Kept, Sender
from bot.sending_files import send_file
from bot.views import review
from bot.views.screen import Screen
from db.logs import redact
from shop.actors import System
from shop.media import service as media
from shop.media.service import Located
from shop.media.shelf import Shelf
from shop.receipts import copies
from shop.receipts.copies import Copy
from shop.unit_of_work import UnitOfWork, UnitsOfWork

log = logging.getLogger(__name__)

ACTOR = System("receipt-cards")
SAME = "message is not modified"
GONE = ("message to edit not found", "message can't be edited", "message_id_invalid")
OF_THE_OTHER_KIND = ("there is no caption in the message", "there is no text in the message")
OF_THE_CHAT = ("thread not found", "chat not found", "topic_closed", "not enough rights", "have no rights")
"""Refusals that words alone would meet as well as a picture."""


@dataclass(frozen=True, slots=True)
class ReviewCards:
    units: UnitsOfWork
    shelf: Shelf
    dashboard_url: str
    """Where the desk is; a button leads there if Telegram takes such an address."""

    @property
    def senders(self) -> dict[str, Sender]:
        return {"receipt_card": self.post, "receipt_card_changed": self.edit}

    async def post(self, bot: Bot, promise: Claimed) -> Kept:
        """The card with its picture; where that cannot be sent, its words. An outdated one is left out."""
        payment_id, turn = int(promise.payload["payment_id"]), int(promise.payload["turn"])
        async with self.units.begin(promise.bot_id, ACTOR) as uow:
            shown = await copies.load(uow, payment_id, promise.reader.language)
            located = await media.locate(uow, payment_id)
        if turn < shown.stamp.turn:
            return Kept(None)
        write = partial(
            review.card,
            promise.reader,
            shown,
            turn=turn,
            dashboard_url=self.dashboard_url,
            chat_id=promise.chat_id,
        )
        sent, has_picture = await self._send(bot, promise, located, write)

        async def note(uow: UnitOfWork) -> None:
            await copies.posted(
                uow,
                shown,
                turn=turn,
                chat_id=promise.chat_id,
                topic_id=promise.topic_id,
                message_id=sent.message_id,
                has_picture=has_picture,
            )

        return Kept(sent.message_id, note)

    async def edit(self, bot: Bot, promise: Claimed) -> Kept:
        """One copy to what is true now. A copy that is gone, or shows it already, is no error."""
        async with self.units.begin(promise.bot_id, ACTOR) as uow:
            copy = await copies.take_up(uow, int(promise.payload["note_id"]), promise_id=promise.id)
            if copy is None:
                return Kept(None)
            shown = await copies.load(uow, copy.payment_id, promise.reader.language)
        screen = review.card(
            promise.reader,
            shown,
            turn=copy.turn,
            menu=copy.menu,
            is_without_picture=not copy.has_picture and shown.detail.receipt_type != "text",
            dashboard_url=self.dashboard_url,
            chat_id=copy.chat_id,
        )
        is_there = await _rewrite(bot, copy, screen)

        async def note(uow: UnitOfWork) -> None:
            await copies.edited(uow, copy, shown if is_there else None)

        return Kept(copy.message_id, note)

    async def _send(
        self, bot: Bot, promise: Claimed, located: Located | None, write: Callable[..., Screen]
    ) -> tuple[Message, bool]:
        """The message, and whether it carries the file."""
        if located is not None:
            try:
                sent = await send_file(
                    bot,
                    self.shelf,
                    located,
                    write(),
                    name="receipt",
                    chat_id=promise.chat_id,
                    topic_id=promise.topic_id,
                )
            except (TelegramBadRequest, TelegramEntityTooLarge) as error:
                if any(reason in error.message.lower() for reason in OF_THE_CHAT):
                    raise
                log.warning("the picture of message %s cannot be sent: %s", promise.id, redact(str(error)))
            else:
                if sent is not None:
                    return sent, True
        screen = write(is_without_picture=located is not None)
        words = await bot.send_message(
            promise.chat_id,
            screen.text,
            message_thread_id=promise.topic_id,
            reply_markup=screen.keyboard,
        )
        return words, False


async def _rewrite(bot: Bot, copy: Copy, screen: Screen) -> bool:
    """Edit the words and the buttons of a copy; False when there is nothing to edit any more."""
    here, under_a_file = (
        (_edit_words, _edit_caption) if not copy.has_picture else (_edit_caption, _edit_words)
    )
    for call in (here, under_a_file):
        try:
            await call(bot, copy, screen)
        except TelegramBadRequest as error:
            reason = error.message.lower()
            if SAME in reason:
                return True
            if any(words in reason for words in GONE):
                return False
            if call is not here or not any(words in reason for words in OF_THE_OTHER_KIND):
                raise
        else:
            return True
    return False


async def _edit_caption(bot: Bot, copy: Copy, screen: Screen) -> None:
    await bot.edit_message_caption(
        chat_id=copy.chat_id, message_id=copy.message_id, caption=screen.text, reply_markup=screen.keyboard
    )


async def _edit_words(bot: Bot, copy: Copy, screen: Screen) -> None:
    await bot.edit_message_text(
        screen.text, chat_id=copy.chat_id, message_id=copy.message_id, reply_markup=screen.keyboard
    )

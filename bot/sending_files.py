"""Send a file of ours: a picture as a JPEG, else as a document; what was uploaded once goes by its id."""

from __future__ import annotations

import asyncio

from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import BufferedInputFile, Message

from bot.views.screen import Screen
from shop.media import picture
from shop.media.service import Located
from shop.media.shelf import Shelf

UNKNOWN_ID = ("wrong file identifier", "wrong remote file identifier", "file reference")
"""Telegram's words for an id that is another bot's, or too old."""


async def send_file(
    bot: Bot,
    shelf: Shelf,
    file: Located,
    screen: Screen,
    *,
    name: str,
    chat_id: int,
    topic_id: int | None = None,
) -> Message | None:
    """The file with the screen's words below it; None when it lies on the shelf no more.

    ``name``: what it is called there, without an ending. Raises what Telegram refuses.
    """
    send = bot.send_photo if file.is_picture else bot.send_document
    if file.telegram_file_id is not None:
        try:
            return await send(
                chat_id,
                file.telegram_file_id,
                caption=screen.text,
                message_thread_id=topic_id,
                reply_markup=screen.keyboard,
            )
        except TelegramBadRequest as error:
            if not any(words in error.message.lower() for words in UNKNOWN_ID):
                raise
    content = await asyncio.to_thread(shelf.read, file.storage_key)
    if content is None:
        return None
    if file.is_picture:
        # Telegram makes a photo of a JPEG; our own copy is in another format.
        content = await asyncio.to_thread(picture.as_jpeg, content)
    return await send(
        chat_id,
        BufferedInputFile(content, f"{name}.{'jpg' if file.is_picture else 'pdf'}"),
        caption=screen.text,
        message_thread_id=topic_id,
        reply_markup=screen.keyboard,
    )


def file_id_in(message: Message) -> str | None:
    """The id of what was sent."""
    if message.photo:
        return message.photo[-1].file_id
    return None if message.document is None else message.document.file_id

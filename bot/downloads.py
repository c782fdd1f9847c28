"""Fetch a file a person sent, never more of it than we take, and never telling the token on failure."""

from __future__ import annotations

from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiohttp import ClientError

from shop.errors import FileTooLarge, UnreadableFile

SECONDS = 30


class DownloadFailed(RuntimeError):
    """The network failed us; trying again may help. Holds no address: it would contain the token."""


async def fetch(bot: Bot, file_id: str, *, limit: int) -> bytes:
    """The file's bytes. Raises FileTooLarge beyond ``limit`` bytes, UnreadableFile when Telegram no longer
    has it, DownloadFailed when the network breaks."""
    try:
        file = await bot.get_file(file_id)
    except TelegramBadRequest as error:
        if "too big" in error.message:
            raise FileTooLarge(size=limit + 1, limit=limit) from None
        raise UnreadableFile from None
    if file.file_size is not None and file.file_size > limit:
        raise FileTooLarge(size=file.file_size, limit=limit)
    if file.file_path is None:
        raise UnreadableFile
    content = bytearray()
    address = bot.session.api.file_url(bot.token, file.file_path)
    try:
        async for chunk in bot.session.stream_content(address, timeout=SECONDS):
            content += chunk
            # What Telegram says about the size is a promise of a stranger: count what really comes.
            if len(content) > limit:
                raise FileTooLarge(size=len(content), limit=limit)
    except (ClientError, OSError) as error:
        raise DownloadFailed(type(error).__name__) from None
    return bytes(content)

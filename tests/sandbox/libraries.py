"""Two clients of the Bot API by other people than aiogram's, behind one face: the same walk for both."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

import requests
import telebot
from telebot import apihelper
from telebot import types as telebot_types
from telebot.apihelper import ApiTelegramException
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, InputFile, Update
from telegram.error import RetryAfter
from telegram.ext import Application, ApplicationBuilder, MessageHandler, filters
from telegram.request import HTTPXRequest

LABEL, DATA = "خرید", "buy:1"


class Library(Protocol):
    """What a shop's bot needs of a client."""

    async def name(self) -> str: ...

    async def poll(self, *, patience: int = 0) -> list[Any]:
        """The library's own update objects; whatever was given before is confirmed."""

    async def send(self, chat_id: int, text: str) -> tuple[int, str]:
        """With one button; the message's id and its button's data as the library read them."""

    async def answer(self, query_id: str, text: str) -> bool: ...

    async def photo(self, chat_id: int, content: bytes) -> str:
        """The file's id of the largest copy."""

    async def download(self, file_id: str) -> bytes: ...

    async def edit(self, chat_id: int, message_id: int, text: str) -> str: ...

    async def pause_asked(self, chat_id: int) -> int:
        """How long to wait, as the library's own exception says, when sending meets a flood limit."""

    async def hook(self, url: str) -> str:
        """The address as getWebhookInfo tells it after it was set."""

    async def unhook(self) -> str: ...

    async def echo_once(self) -> None:
        """The library's own loop answers the first message with its text in capitals, then ends."""


@dataclass
class PythonTelegramBot:
    bot: Bot
    offset: int | None = None

    async def name(self) -> str:
        return (await self.bot.get_me()).username or ""

    async def poll(self, *, patience: int = 0) -> list[Update]:
        found = await self.bot.get_updates(offset=self.offset, timeout=patience)
        self.offset = found[-1].update_id + 1 if found else self.offset
        return list(found)

    async def send(self, chat_id: int, text: str) -> tuple[int, str]:
        markup = InlineKeyboardMarkup([[InlineKeyboardButton(LABEL, callback_data=DATA)]])
        sent = await self.bot.send_message(chat_id, text, parse_mode="HTML", reply_markup=markup)
        assert sent.reply_markup is not None
        return sent.message_id, str(sent.reply_markup.inline_keyboard[0][0].callback_data)

    async def answer(self, query_id: str, text: str) -> bool:
        return await self.bot.answer_callback_query(query_id, text, show_alert=True)

    async def photo(self, chat_id: int, content: bytes) -> str:
        sent = await self.bot.send_photo(chat_id, InputFile(content, "receipt.png"), caption="رسید")
        return sent.photo[-1].file_id

    async def download(self, file_id: str) -> bytes:
        return bytes(await (await self.bot.get_file(file_id)).download_as_bytearray())

    async def edit(self, chat_id: int, message_id: int, text: str) -> str:
        edited = await self.bot.edit_message_text(text, chat_id, message_id)
        assert not isinstance(edited, bool)
        return edited.text or ""

    async def pause_asked(self, chat_id: int) -> int:
        try:
            await self.bot.send_message(chat_id, "too much")
        except RetryAfter as flood:
            assert isinstance(flood.retry_after, timedelta)  # noqa: PT017  (which exception it is, is the point)
            return int(flood.retry_after.total_seconds())
        raise AssertionError("no flood")

    async def hook(self, url: str) -> str:
        await self.bot.set_webhook(url, secret_token="s3cret", allowed_updates=["message"])
        return (await self.bot.get_webhook_info()).url

    async def unhook(self) -> str:
        await self.bot.delete_webhook()
        return (await self.bot.get_webhook_info()).url

    async def echo_once(self) -> None:
        done = asyncio.Event()

        async def echo(update: Update, _context: Any) -> None:
            assert update.message is not None
            await update.message.reply_text((update.message.text or "").upper())
            done.set()

        application: Application[Any, Any, Any, Any, Any, Any] = ApplicationBuilder().bot(self.bot).build()
        application.add_handler(MessageHandler(filters.TEXT, echo))
        assert application.updater is not None
        async with application:
            await application.start()
            await application.updater.start_polling(poll_interval=0, timeout=1)
            await asyncio.wait_for(done.wait(), 10)
            await application.updater.stop()
            await application.stop()


@asynccontextmanager
async def python_telegram_bot(url: str, token: str) -> AsyncIterator[Library]:
    bot = Bot(
        token,
        base_url=f"{url}/bot",
        base_file_url=f"{url}/file/bot",
        request=HTTPXRequest(read_timeout=20),
        get_updates_request=HTTPXRequest(read_timeout=20),
    )
    async with bot:
        yield PythonTelegramBot(bot)


@dataclass
class PyTelegramBotApi:
    """It blocks, so it works in threads; its address and its session are the module's."""

    bot: telebot.TeleBot
    offset: int | None = None

    async def name(self) -> str:
        return (await asyncio.to_thread(self.bot.get_me)).username or ""

    async def poll(self, *, patience: int = 0) -> list[telebot_types.Update]:
        # It takes 0 for "not given" and then waits ten seconds.
        found = await asyncio.to_thread(
            self.bot.get_updates, offset=self.offset, long_polling_timeout=patience or 1, timeout=20
        )
        self.offset = found[-1].update_id + 1 if found else self.offset
        return found

    async def send(self, chat_id: int, text: str) -> tuple[int, str]:
        markup = telebot_types.InlineKeyboardMarkup()
        markup.add(telebot_types.InlineKeyboardButton(LABEL, callback_data=DATA))
        sent = await asyncio.to_thread(
            self.bot.send_message, chat_id, text, parse_mode="HTML", reply_markup=markup
        )
        return sent.message_id, sent.reply_markup.keyboard[0][0].callback_data

    async def answer(self, query_id: str, text: str) -> bool:
        return await asyncio.to_thread(self.bot.answer_callback_query, int(query_id), text, show_alert=True)

    async def photo(self, chat_id: int, content: bytes) -> str:
        sent = await asyncio.to_thread(self.bot.send_photo, chat_id, content, caption="رسید")
        return sent.photo[-1].file_id

    async def download(self, file_id: str) -> bytes:
        path = (await asyncio.to_thread(self.bot.get_file, file_id)).file_path
        return await asyncio.to_thread(self.bot.download_file, path)

    async def edit(self, chat_id: int, message_id: int, text: str) -> str:
        return (await asyncio.to_thread(self.bot.edit_message_text, text, chat_id, message_id)).text

    async def pause_asked(self, chat_id: int) -> int:
        try:
            await asyncio.to_thread(self.bot.send_message, chat_id, "too much")
        except ApiTelegramException as flood:
            assert flood.error_code == 429  # noqa: PT017  (its one exception is told by its code)
            return int(flood.result_json["parameters"]["retry_after"])
        raise AssertionError("no flood")

    async def hook(self, url: str) -> str:
        await asyncio.to_thread(self.bot.set_webhook, url, secret_token="s3cret", allowed_updates=["message"])
        return (await asyncio.to_thread(self.bot.get_webhook_info)).url

    async def unhook(self) -> str:
        await asyncio.to_thread(self.bot.delete_webhook)
        return (await asyncio.to_thread(self.bot.get_webhook_info)).url

    async def echo_once(self) -> None:
        @self.bot.message_handler(content_types=["text"])
        def echo(message: telebot_types.Message) -> None:
            self.bot.reply_to(message, message.text.upper())
            self.bot.stop_polling()

        await asyncio.wait_for(
            asyncio.to_thread(self.bot.polling, non_stop=True, long_polling_timeout=1, timeout=20), 10
        )


@asynccontextmanager
async def py_telegram_bot_api(url: str, token: str) -> AsyncIterator[Library]:
    before = apihelper.API_URL, apihelper.FILE_URL, apihelper.session
    with requests.Session() as session:
        apihelper.API_URL, apihelper.FILE_URL = f"{url}/bot{{0}}/{{1}}", f"{url}/file/bot{{0}}/{{1}}"
        apihelper.session = session
        try:
            yield PyTelegramBotApi(telebot.TeleBot(token, threaded=False, validate_token=False))
        finally:
            apihelper.API_URL, apihelper.FILE_URL, apihelper.session = before
            with suppress(AttributeError):
                apihelper._get_req_session(reset=True)

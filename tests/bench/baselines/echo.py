"""aiogram's echo: the same updates, one handler, alone or with one INSERT and one SELECT."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable, Sequence
from typing import Any

import asyncpg
from aiogram import Bot, Dispatcher
from aiogram.client.session.base import BaseSession
from aiogram.methods import TelegramMethod
from aiogram.types import Chat, Message

TABLE = "CREATE TABLE IF NOT EXISTS bench_echo (id bigint GENERATED ALWAYS AS IDENTITY, body jsonb NOT NULL)"
INSERT = "INSERT INTO bench_echo (body) VALUES ($1)"
SELECT = "SELECT id, first_name, language FROM users WHERE bot_id = $1 AND telegram_id = $2"


class NoNetwork(BaseSession):
    """Every call is answered at once: what is measured is not Telegram."""

    async def close(self) -> None:
        """Nothing to close."""

    async def make_request(self, bot: Bot, method: TelegramMethod[Any], timeout: int | None = None) -> Any:
        if method.__api_method__ == "sendMessage":
            return Message(message_id=1, date=0, chat=Chat(id=method.chat_id, type="private"), text="x")
        return True

    async def stream_content(self, *_args: Any, **_more: Any) -> AsyncGenerator[bytes, None]:
        yield b""


def plain() -> Dispatcher:
    dispatcher = Dispatcher()

    @dispatcher.message()
    async def echo(message: Message) -> None:
        await message.answer(message.text or "")

    return dispatcher


def with_database(pool: asyncpg.Pool, bot_id: int) -> Dispatcher:
    dispatcher = Dispatcher()

    @dispatcher.message()
    async def echo(message: Message) -> None:
        async with pool.acquire() as connection:
            await connection.execute(INSERT, message.model_dump_json(exclude_none=True))
            await connection.fetchrow(SELECT, bot_id, message.from_user.id)
        await message.answer(message.text or "")

    return dispatcher


async def feed(dispatcher: Dispatcher, bot: Bot, updates: Sequence[dict[str, Any]], *, callers: int) -> int:
    waiting: Iterable[dict[str, Any]] = iter(updates)

    async def caller() -> None:
        for update in waiting:
            await dispatcher.feed_raw_update(bot, update)

    await asyncio.gather(*(caller() for _ in range(callers)))
    return len(updates)

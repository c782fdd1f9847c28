"""The one HTTP session of all bots, and its two rules.

Telegram is never called while a transaction is open: a slow network must not hold a row lock. And what
goes wrong is told without the address, because the address of a call contains the bot's token.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from aiogram import Bot
from aiogram.client.default import DefaultBotProperties
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.session.middlewares.base import BaseRequestMiddleware, NextRequestMiddlewareType
from aiogram.client.telegram import TelegramAPIServer
from aiogram.methods import Response, TelegramMethod
from aiogram.methods.base import TelegramType
from aiogram.types import LinkPreviewOptions

from bot import turns
from shop import unit_of_work

CALL_SECONDS = 20.0
"""The longest an ordinary call may take; shorter than the leases of inbox and outbox."""


class TelegramInsideTransaction(RuntimeError):
    """A bug: somebody called Telegram inside a unit of work."""


class NoTelegramInsideTransaction(BaseRequestMiddleware):
    async def __call__(
        self,
        make_request: NextRequestMiddlewareType[TelegramType],
        bot: Bot,
        method: TelegramMethod[TelegramType],
    ) -> Response[TelegramType] | Any:
        if unit_of_work.is_open():
            raise TelegramInsideTransaction(type(method).__name__)
        async with turns.away():
            return await make_request(bot, method)


@cache
def _answer_of(returned: Any) -> type[Response[Any]]:
    """pydantic's model of an answer that holds ``returned``.

    pydantic remembers it only for as long as somebody holds it, and aiogram holds it for one call: without
    this every call after a pause builds it anew, which takes 20 ms of a core for a Message.
    """
    return Response[returned]


class Session(AiohttpSession):
    """aiogram's, but for the models of answers: they are built once."""

    def check_response(
        self, bot: Bot, method: TelegramMethod[TelegramType], status_code: int, content: str
    ) -> Response[TelegramType]:
        _answer_of(method.__returning__)
        return super().check_response(bot, method, status_code, content)


def open_session(api_url: str, *, proxy: str | None = None) -> AiohttpSession:
    """The session all bots share. It is closed once, by whoever opened it; never by a bot."""
    session = Session(
        proxy=proxy,
        # A long poll keeps its connection: the default of 100 would starve the bots beyond it.
        limit=0,
        api=TelegramAPIServer.from_base(api_url),
        timeout=CALL_SECONDS,
    )
    session.middleware(NoTelegramInsideTransaction())
    return session


def open_bot(token: str, session: AiohttpSession) -> Bot:
    """A bot that writes HTML and shows no previews of links. Raises TokenValidationError."""
    return Bot(
        token,
        session=session,
        default=DefaultBotProperties(parse_mode="HTML", link_preview=LinkPreviewOptions(is_disabled=True)),
    )

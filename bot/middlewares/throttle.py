"""Nobody can keep the bot busy by typing fast. Files always pass: a receipt must not be lost."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from aiogram import BaseMiddleware
from aiogram.types import CallbackQuery, Message, TelegramObject

from bot.pace import Buckets
from bot.speaking import answer_press, tell
from bot.views.screen import Screen
from bot.views.words import write

RATE, BURST = 2.0, 20.0
"""Messages and presses a second, and at once."""
PATIENCE_SECONDS = 5
"""How long to wait, as we say it; and how often we say it."""


class Throttle(BaseMiddleware):
    """What comes too fast is left out; a press is told so each time, a message once in a while."""

    def __init__(self) -> None:
        self._pace = Buckets(RATE, BURST)
        self._told = Buckets(1 / PATIENCE_SECONDS, 1)

    async def __call__(
        self,
        handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
        event: TelegramObject,
        data: dict[str, Any],
    ) -> Any:
        if isinstance(event, Message) and (event.photo or event.document):
            return await handler(event, data)
        who = (data["shop_id"], data["event_from_user"].id)
        if self._pace.of(who).room():
            self._pace.of(who).take()
            return await handler(event, data)
        text = write("slow_down", data["reader"], seconds=PATIENCE_SECONDS)
        if isinstance(event, CallbackQuery):
            await answer_press(event, text)
        elif isinstance(event, Message) and self._told.of(who).room():
            self._told.of(who).take()
            await tell(event, Screen(text))
        return None

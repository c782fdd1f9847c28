"""Every pressed button gets its answer, whatever the handler did: otherwise it shows a clock for minutes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiogram import BaseMiddleware
from aiogram.types import CallbackQuery, TelegramObject

from bot.speaking import answer_press


@dataclass(slots=True)
class Toast:
    """What the answer says, if a handler wants to say something beside the screen."""

    text: str | None = None
    is_alert: bool = False
    """A box that has to be closed, instead of a line that passes."""


class AnswerPresses(BaseMiddleware):
    """Adds ``toast``; answers after the handler, also when it failed."""

    async def __call__(
        self,
        handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
        event: TelegramObject,
        data: dict[str, Any],
    ) -> Any:
        toast = data["toast"] = Toast()
        try:
            return await handler(event, data)
        finally:
            if isinstance(event, CallbackQuery):
                await answer_press(event, toast.text, alert=toast.is_alert)

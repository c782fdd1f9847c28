"""The shop's counter stands in private chats; what is said in groups is not for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from aiogram import BaseMiddleware
from aiogram.enums import ChatType
from aiogram.types import CallbackQuery, Chat, ChatMemberUpdated, Message, TelegramObject


class OnlyPrivate(BaseMiddleware):
    async def __call__(
        self,
        handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
        event: TelegramObject,
        data: dict[str, Any],
    ) -> Any:
        chat = _chat(event)
        if chat is not None and chat.type != ChatType.PRIVATE:
            return None
        return await handler(event, data)


def _chat(event: TelegramObject) -> Chat | None:
    match event:
        case Message() | ChatMemberUpdated():
            return event.chat
        case CallbackQuery():
            return event.message.chat if event.message else None
        case _:
            return None

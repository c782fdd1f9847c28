"""The shop's counter stands in private chats; of groups, only what is for the shop's own team comes in.

What belongs to the team is decided here by its looks alone, without the database: a group talks a lot. Whose
it really is, the use case asks.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from aiogram import BaseMiddleware
from aiogram.enums import ChatType
from aiogram.types import CallbackQuery, Chat, ChatMemberUpdated, Message, TelegramObject, Update

from bot.callbacks import LINK, Review, Tap, TurnTicket

TEAM = tuple(f"{one.__prefix__}{one.__separator__}" for one in (Review, TurnTicket))
SIGN_IN = f"{Tap.__prefix__}{Tap.__separator__}"


class OnlyPrivate(BaseMiddleware):
    """Adds ``is_for_team``: then nobody is a customer, and nobody is registered as one."""

    async def __call__(
        self,
        handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
        event: TelegramObject,
        data: dict[str, Any],
    ) -> Any:
        data["is_for_team"] = is_for_team = _is_for_team(event)
        chat = _chat(event)
        if not is_for_team and chat is not None and chat.type != ChatType.PRIVATE:
            return None
        return await handler(event, data)


def is_for_the_house(update: Update) -> bool:
    """Whether it is the business of the team, in whatever chat: no part of what somebody rehearses there."""
    if update.callback_query is not None:
        return (update.callback_query.data or "").startswith((*TEAM, SIGN_IN))
    return update.message is not None and _is_link(update.message)


def _is_for_team(event: TelegramObject) -> bool:
    match event:
        case CallbackQuery():
            return (event.data or "").startswith(TEAM)
        case Message():
            return event.chat.type != ChatType.PRIVATE and (_is_link(event) or _answers_us(event))
        case _:
            return False


def _is_link(message: Message) -> bool:
    return (message.text or "").lower().startswith(f"/{LINK}")


def _answers_us(message: Message) -> bool:
    said = message.reply_to_message
    return (
        said is not None
        and said.from_user is not None
        and message.bot is not None
        and (said.from_user.id == message.bot.id)
    )


def _chat(event: TelegramObject) -> Chat | None:
    match event:
        case Message() | ChatMemberUpdated():
            return event.chat
        case CallbackQuery():
            return event.message.chat if event.message else None
        case _:
            return None

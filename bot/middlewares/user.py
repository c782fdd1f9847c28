"""Who is this? Registered on first contact; a person the shop blocked gets one sentence."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from aiogram import BaseMiddleware
from aiogram.types import CallbackQuery, PreCheckoutQuery, TelegramObject, User

from bot.speaking import answer_press
from bot.views.refusals import sentence
from bot.visit import Visit
from shop.actors import System
from shop.errors import UserBlocked
from shop.unit_of_work import UnitsOfWork
from shop.users import service as users


class UserMiddleware(BaseMiddleware):
    """Adds ``person`` (UserCard) and ``visit``; the ``reader`` gets the person's own language.

    Not for the shop's team, which is written to in the shop's language.
    """

    def __init__(self, units: UnitsOfWork) -> None:
        self._units = units

    async def __call__(
        self,
        handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
        event: TelegramObject,
        data: dict[str, Any],
    ) -> Any:
        user: User | None = data.get("event_from_user")
        if user is None or user.is_bot:
            return None
        if data["is_for_team"]:
            return await handler(event, data)
        async with self._units.begin(data["shop_id"], System("bot")) as uow:
            person = await users.register(
                uow,
                telegram_id=user.id,
                first_name=user.first_name,
                last_name=user.last_name,
                username=user.username,
                language_code=user.language_code,
            )
        data["person"] = person
        data["reader"] = replace(data["reader"], language=person.language)
        data["visit"] = Visit(data["shop"], person, data["reader"], data["settings"], data["features"])
        if not person.is_blocked:
            return await handler(event, data)
        text = sentence(data["reader"], UserBlocked())
        match event:
            case CallbackQuery():
                await answer_press(event, text, alert=True)
            case PreCheckoutQuery():
                await event.answer(ok=False, error_message=text)
            case _:
                raise UserBlocked
        return None

"""Who is this? Registered on first contact; a person the shop blocked gets one sentence."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from aiogram import BaseMiddleware
from aiogram.types import CallbackQuery, PreCheckoutQuery, TelegramObject, User

from bot.arrivals import Arrival
from bot.newcomers import Newcomers
from bot.speaking import answer_press
from bot.views.refusals import sentence
from bot.visit import Visit
from shop.errors import UserBlocked
from shop.unit_of_work import UnitsOfWork
from shop.users import service as users
from shop.users.service import UserCard


class UserMiddleware(BaseMiddleware):
    """Adds ``person`` (UserCard) and ``visit``; the ``reader`` gets the person's own language.

    Not for the shop's team, which is written to in the shop's language.
    """

    def __init__(self, units: UnitsOfWork) -> None:
        self._units = units
        self._newcomers = Newcomers(units)

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
        person = await self._person(data["arrival"], user, data["shop_id"])
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

    async def _person(self, arrival: Arrival, user: User, shop_id: int) -> UserCard:
        told = users.Told(user.id, user.first_name, user.last_name, user.username, user.language_code)
        known = users.recognise(arrival.person, told, self._units.clock())
        if known is not None:
            return known
        return await self._newcomers.keep(shop_id, told, arrival.shop.default_language)

"""A refusal becomes a reply; a bug stays a bug and goes on to the inbox, which tries again and remembers."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from aiogram import BaseMiddleware
from aiogram.exceptions import TelegramForbiddenError
from aiogram.types import CallbackQuery, Message, TelegramObject

from bot.speaking import tell
from bot.views.refusals import refusal
from bot.views.screen import Reader
from shop.actors import Customer
from shop.errors import ShopError
from shop.unit_of_work import UnitsOfWork
from shop.users import service as users
from shop.users.service import UserCard

log = logging.getLogger(__name__)


class Refusals(BaseMiddleware):
    """The outermost: what comes from further in passes here on its way out."""

    def __init__(self, units: UnitsOfWork) -> None:
        self._units = units

    async def __call__(
        self,
        handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
        event: TelegramObject,
        data: dict[str, Any],
    ) -> Any:
        try:
            try:
                return await handler(event, data)
            except ShopError as error:
                await self._reply(event, data.get("reader"), error)
        except TelegramForbiddenError:
            await self._unreachable(data.get("person"), data.get("shop_id"))
        return None

    async def _reply(self, event: TelegramObject, reader: Reader | None, error: ShopError) -> None:
        log.info("refused: %s", error.code)
        if reader is not None and isinstance(event, Message | CallbackQuery):
            await tell(event, refusal(reader, error))

    async def _unreachable(self, person: UserCard | None, shop_id: int | None) -> None:
        """He blocked the bot while we were answering: nothing to repeat."""
        if person is None or shop_id is None:
            return
        async with self._units.begin(shop_id, Customer(person.id, person.name)) as uow:
            await users.mark_unreachable(uow, person.id)

"""Who comes, to which shop and in the middle of what: asked once, for every middleware and handler behind."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from aiogram import Bot
from aiogram.fsm.middleware import FSMContextMiddleware
from aiogram.fsm.storage.base import BaseStorage
from aiogram.fsm.storage.memory import DisabledEventIsolation
from aiogram.types import TelegramObject, Update

from bot.arrivals import Arrivals
from bot.middlewares.private import is_for_the_house
from bot.registry import Registry, UnknownBot


class ArrivalMiddleware(FSMContextMiddleware):
    """aiogram's own of the conversations, but its state comes with everything else there is to ask.

    Adds ``arrival`` (None for an unknown bot) and what aiogram's adds. Nothing is locked: of one person the
    inbox hands out one update at a time.
    """

    def __init__(self, storage: BaseStorage, arrivals: Arrivals, registry: Registry) -> None:
        super().__init__(storage, DisabledEventIsolation())
        self._arrivals = arrivals
        self._registry = registry

    async def __call__(
        self,
        handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
        event: TelegramObject,
        data: dict[str, Any],
    ) -> Any:
        bot: Bot = data["bot"]
        data["fsm_storage"], data["arrival"] = self.storage, None
        conversation = self.resolve_event_context(bot, data)
        if conversation is not None:
            try:
                shop_id = self._registry.shop_of(bot.id)
            except UnknownBot:
                return await handler(event, data)
            at_home = isinstance(event, Update) and is_for_the_house(event)
            arrival = data["arrival"] = await self._arrivals.of(shop_id, conversation.key, at_home=at_home)
            data |= {"state": conversation, "raw_state": arrival.state if arrival else None}
        return await handler(event, data)

"""Whose bot is this? The shop, its settings and its switches, for every handler."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any
from zoneinfo import ZoneInfo

from aiogram import BaseMiddleware, Bot
from aiogram.types import CallbackQuery, Message, PreCheckoutQuery, TelegramObject, User

from bot.registry import Registry, UnknownBot
from bot.speaking import answer_press, tell
from bot.views.refusals import refusal, sentence
from bot.views.screen import Reader
from shop.actors import System
from shop.bots import queries as bots
from shop.bots.queries import BotContext
from shop.configurations import queries as configurations
from shop.errors import NotFound, ShopClosed
from shop.features import queries as features
from shop.i18n import pick_language
from shop.unit_of_work import UnitsOfWork

log = logging.getLogger(__name__)

CLOSED = ("suspended", "frozen")
"""Statuses in which a shop answers one neutral sentence and nothing else."""
GONE = ("archived", "deleted")


class BotContextMiddleware(BaseMiddleware):
    """For messages, callback queries and pre-checkout queries.

    Adds ``shop_id``, ``shop`` (BotContext), ``settings``, ``features`` and ``reader``. An unknown or
    inactive bot is refused and logged: nobody answers in its name.
    """

    def __init__(self, units: UnitsOfWork, registry: Registry) -> None:
        self._units = units
        self._registry = registry

    async def __call__(
        self,
        handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
        event: TelegramObject,
        data: dict[str, Any],
    ) -> Any:
        bot: Bot = data["bot"]
        try:
            shop_id = self._registry.shop_of(bot.id)
            async with self._units.begin(shop_id, System("bot")) as uow:
                shop = await bots.get_context(uow)
                data["settings"] = await configurations.get_all_configurations_dict(uow)
                data["features"] = await features.load_state(uow)
        except (UnknownBot, NotFound):
            log.warning("an update for an unknown bot (Telegram's id %s) was refused", bot.id)
            return None
        if not shop.is_active or shop.status in GONE:
            log.warning("an update for the inactive bot of shop %s was refused", shop_id)
            return None
        data["shop_id"], data["shop"] = shop_id, shop
        is_for_team = data.get("is_for_team", False)
        language = shop.default_language if is_for_team else _stranger(data.get("event_from_user"), shop)
        data["reader"] = reader_of(shop, language)
        if shop.status in CLOSED:
            return await _closed(event, data["reader"])
        return await handler(event, data)


def reader_of(shop: BotContext, language: str) -> Reader:
    """For whom this shop writes."""
    return Reader(language, ZoneInfo(shop.timezone), shop.name, shop.support_username)


def _stranger(user: User | None, shop: BotContext) -> str:
    """The language for somebody we have not looked up yet."""
    return pick_language(user.language_code if user else None, shop.default_language)


async def _closed(event: TelegramObject, reader: Reader) -> None:
    text = sentence(reader, ShopClosed())
    match event:
        case Message():
            await tell(event, refusal(reader, ShopClosed()))
        case CallbackQuery():
            await answer_press(event, text, alert=True)
        case PreCheckoutQuery():
            await event.answer(ok=False, error_message=text)
        case _:  # nobody waits for an answer
            return

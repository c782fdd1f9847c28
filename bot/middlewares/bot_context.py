"""Whose bot is this? The shop, its settings and its switches, for every handler."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any
from zoneinfo import ZoneInfo

from aiogram import BaseMiddleware, Bot
from aiogram.types import CallbackQuery, Message, PreCheckoutQuery, TelegramObject, User

from bot.arrivals import Arrival
from bot.speaking import answer_press, tell
from bot.views.refusals import refusal, sentence
from bot.views.screen import Reader
from shop.bots.queries import BotContext
from shop.errors import ShopClosed
from shop.i18n import pick_language

log = logging.getLogger(__name__)

CLOSED = ("suspended", "frozen")
"""Statuses in which a shop answers one neutral sentence and nothing else."""
GONE = ("archived", "deleted")


class BotContextMiddleware(BaseMiddleware):
    """For messages, callback queries and pre-checkout queries.

    Adds ``shop_id``, ``home_id``, ``shop`` (BotContext), ``settings``, ``features`` and ``reader``.
    An unknown or inactive bot is refused and logged: nobody answers in its name.
    """

    async def __call__(
        self,
        handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
        event: TelegramObject,
        data: dict[str, Any],
    ) -> Any:
        bot: Bot = data["bot"]
        arrival: Arrival | None = data["arrival"]
        if arrival is None:
            log.warning("an update for an unknown bot (Telegram's id %s) was refused", bot.id)
            return None
        shop, shop_id = arrival.shop, arrival.shop.bot_id
        if not shop.is_active or shop.status in GONE:
            log.warning("an update for the inactive bot of shop %s was refused", shop_id)
            return None
        data["settings"], data["features"] = arrival.settings, arrival.features
        data["shop_id"], data["home_id"], data["shop"] = shop_id, arrival.home_id, shop
        is_for_team = data.get("is_for_team", False)
        language = shop.default_language if is_for_team else _stranger(data.get("event_from_user"), shop)
        data["reader"] = reader_of(arrival, language)
        if shop.status in CLOSED:
            return await _closed(event, data["reader"])
        return await handler(event, data)


def reader_of(arrival: Arrival, language: str) -> Reader:
    """For whom this shop writes."""
    shop = arrival.shop
    return Reader(
        language,
        ZoneInfo(shop.timezone),
        shop.name,
        shop.support_username if arrival.features.is_on("support_contact") else None,
        shop.calendar,
        arrival.texts,
        has_tickets=arrival.features.is_on("support_tickets"),
        is_test=arrival.is_test,
    )


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

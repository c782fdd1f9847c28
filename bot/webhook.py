"""Webhook mode, at Telegram's end: tell it where to bring a bot's updates, and see that it stays so."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Never
from urllib.parse import urlsplit

from aiogram import Bot
from aiogram.exceptions import TelegramAPIError
from aiogram.types import WebhookInfo

from bot.callers import Callers
from bot.front_door import PATH
from db.logs import redact
from shop.bots.queries import FleetBot

log = logging.getLogger(__name__)

CONNECTIONS = 10
"""At a time, for one bot: each is one short transaction, and all bots share this process's pool."""
CHECK_SECONDS = 60.0
RELEASE_SECONDS = 5
"""A Telegram that does not answer must not keep the fleet from its work."""


class WebhookMoved(RuntimeError):
    """Somebody else with the bot's token took our address away, or put his own in its place."""

    def __init__(self, url: str) -> None:
        where = f"now leads to {urlsplit(url).hostname}" if url else "was removed"
        super().__init__(f"the webhook {where}; another program uses this token")


@dataclass(slots=True)
class WebhookSource:
    """The updates themselves come to ``bot.front_door``; here is what makes Telegram bring them."""

    callers: Callers
    base_url: str
    """As Telegram reaches us; without a slash at the end."""
    allowed_updates: Sequence[str]
    check_seconds: float = CHECK_SECONDS
    waiting: dict[int, int] = field(default_factory=dict)
    """How many updates Telegram still holds for a shop, as it last said."""

    async def receive(self, bot: Bot, shop: FleetBot, answered: Callable[[], Awaitable[None]]) -> Never:
        self.callers.learn(shop)
        # Always, not only where it differs: Telegram does not tell which secret it says.
        await self._set(bot, shop)
        told: datetime | None = None
        try:
            while True:
                await asyncio.sleep(self.check_seconds)
                info = await bot.get_webhook_info()
                self.waiting[shop.bot_id] = info.pending_update_count
                if info.url != self._url(shop):
                    raise WebhookMoved(info.url)
                if not self._as_we_set_it(info):
                    log.warning("the webhook of shop %s was changed; it is set again", shop.bot_id)
                    await self._set(bot, shop)
                if info.pending_update_count and info.last_error_date not in (None, told):
                    told = info.last_error_date
                    log.warning(
                        "Telegram cannot bring %s updates to shop %s: %s",
                        info.pending_update_count,
                        shop.bot_id,
                        redact(info.last_error_message or ""),
                    )
                await answered()
        finally:
            self.waiting.pop(shop.bot_id, None)

    async def release(self, bot: Bot) -> None:
        """Not vital: without it our door refuses what comes, and Telegram keeps it for a day."""
        try:
            await bot.delete_webhook(drop_pending_updates=False, request_timeout=RELEASE_SECONDS)
        except TelegramAPIError as error:
            log.info("the webhook of bot %s was not removed: %s", bot.id, redact(error.message))

    async def _set(self, bot: Bot, shop: FleetBot) -> None:
        await bot.set_webhook(
            self._url(shop),
            secret_token=shop.webhook_secrets[0],
            allowed_updates=list(self.allowed_updates),
            max_connections=CONNECTIONS,
            drop_pending_updates=False,
        )

    def _url(self, shop: FleetBot) -> str:
        return f"{self.base_url}{PATH}{shop.public_id}"

    def _as_we_set_it(self, info: WebhookInfo) -> bool:
        return info.max_connections == CONNECTIONS and set(info.allowed_updates or ()) == set(
            self.allowed_updates
        )

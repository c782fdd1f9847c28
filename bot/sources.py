"""The two ways by which updates come to us. Telegram allows a bot one at a time; either may follow the other.

What Telegram has not been told we hold, it brings again by whichever way is open; what comes twice, the
table of updates knows already. So a switch loses nothing and handles nothing twice.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Never, Protocol

from aiogram import Bot

from bot.polling import Poller, RawUpdate
from shop.bots.queries import FleetBot

Store = Callable[[int, Sequence[RawUpdate]], Awaitable[None]]
"""Keep a shop's updates; returns after the commit."""


class Source(Protocol):
    """How one bot's updates come; managed by the leader alone."""

    async def receive(self, bot: Bot, shop: FleetBot, answered: Callable[[], Awaitable[None]]) -> Never:
        """Until cancelled, or until Telegram objects; raises whatever failed.

        ``answered`` is called whenever Telegram has shown that the token works and is ours alone.
        """

    async def release(self, bot: Bot) -> None:
        """The bot goes off duty for good or changes its token: leave nothing of ours behind at Telegram."""


@dataclass(frozen=True, slots=True)
class PollingSource:
    store: Store
    allowed_updates: Sequence[str]

    async def receive(self, bot: Bot, shop: FleetBot, answered: Callable[[], Awaitable[None]]) -> Never:
        # A webhook that is set, ours of yesterday or somebody else's, would refuse every poll.
        await bot.delete_webhook(drop_pending_updates=False)
        await Poller(bot, self.allowed_updates, partial(self.store, shop.bot_id), answered).run()

    async def release(self, bot: Bot) -> None:
        """A poll that has ended leaves nothing behind."""

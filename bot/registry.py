"""Which bots run now, and whose they are: Telegram's numbers on one side, our shops on the other."""

from __future__ import annotations

from dataclasses import dataclass, field

from aiogram import Bot


class UnknownBot(LookupError):
    """No shop runs a bot with this Telegram id (any more)."""


@dataclass(slots=True)
class Registry:
    """Kept by the fleet; read by whoever receives or sends."""

    _bots: dict[int, Bot] = field(default_factory=dict)
    _shops: dict[int, int] = field(default_factory=dict)
    _rehearsals: dict[int, int] = field(default_factory=dict)
    """By a rehearsal's key, the shop whose bot speaks for it."""
    _turn: int = 0

    def add(self, shop_id: int, bot: Bot) -> None:
        self._bots[shop_id] = bot
        self._shops[bot.id] = shop_id

    def remove(self, shop_id: int) -> None:
        bot = self._bots.pop(shop_id, None)
        if bot is not None:
            self._shops.pop(bot.id, None)

    def shop_of(self, telegram_bot_id: int) -> int:
        """The shop's key. Raises UnknownBot."""
        try:
            return self._shops[telegram_bot_id]
        except KeyError:
            raise UnknownBot(telegram_bot_id) from None

    def bot_of(self, shop_id: int) -> Bot | None:
        return self._bots.get(self._rehearsals.get(shop_id, shop_id))

    def rehearse(self, rehearsals: dict[int, int]) -> None:
        """Know exactly these rehearsals, each with its shop: what they promise goes out by its bot."""
        self._rehearsals = rehearsals

    def running(self) -> list[int]:
        """Keys of the shops whose bots run, ascending; a rehearsal runs as long as its shop's bot."""
        return sorted([*self._bots, *(key for key, shop in self._rehearsals.items() if shop in self._bots)])

    def in_turn(self) -> list[int]:
        """The same, each time beginning with another one: where not all can be served, each is first
        once."""
        shops = self.running()
        self._turn += 1
        start = self._turn % len(shops) if shops else 0
        return shops[start:] + shops[:start]

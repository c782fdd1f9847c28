"""The worker of the broadcasts: gives the outbox a handful at a time, at a pace of each bot's own.

Runs only in the process that leads the fleet. A bot that Telegram asked to be quiet, or that does not run,
gets nothing to say; the others go on.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Never

from bot.outbox import Outbox
from bot.pace import Bucket
from shop.broadcasts import sending
from shop.broadcasts.rules import TICK
from shop.unit_of_work import UnitsOfWork

log = logging.getLogger(__name__)

IDLE_SECONDS = 1.0
"""The same while nothing moves: the bot is quiet, or the switch is off."""
LONGEST_WAIT = 5.0
"""Until we look again although nobody called: a lost notice delays a broadcast no longer."""


@dataclass(slots=True)
class Broadcasting:
    units: UnitsOfWork
    outbox: Outbox
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _paces: dict[int, Bucket] = field(default_factory=dict)
    """Of the shops that are busy."""

    def wake(self) -> None:
        self._wake.set()

    async def run(self) -> Never:
        """Serve whatever goes on, until cancelled."""
        while True:
            self._wake.clear()
            wait = LONGEST_WAIT
            try:
                wait = await self.turn()
            except Exception:  # the database may be away; what is written down stays written down
                log.exception("cannot look after the broadcasts")
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._wake.wait()

    async def turn(self) -> float:
        """One look; seconds of rest until the next, less by what it took: the pace is from look to look."""
        began = self.outbox.monotonic()
        wait = await self.look()
        return max(0.0, wait - (self.outbox.monotonic() - began))

    async def look(self) -> float:
        """One handful for each shop that has one; seconds until the next look."""
        shops = await sending.busy_shops(self.units)
        self._paces = {shop: self._pace(shop, rate) for shop, rate in shops.items()}
        if not shops:
            return await self._until_next()
        awake, moved = set(self.outbox.awake()), False
        for shop, pace in self._paces.items():
            done = await sending.step(self.units, shop, most=pace.room() if shop in awake else 0)
            pace.take(done.promised)
            moved |= bool(done.promised or done.settled)
        return TICK if moved else IDLE_SECONDS

    def _pace(self, shop: int, rate: float) -> Bucket:
        """The one that is known, as long as the shop wants the same; a new one begins with one handful."""
        known = self._paces.get(shop)
        if known is not None and known.rate == rate:
            return known
        return Bucket(rate, max(1.0, rate * TICK), self.outbox.monotonic)

    async def _until_next(self) -> float:
        next_at = await sending.next_start(self.units)
        if next_at is None:
            return LONGEST_WAIT
        seconds = (next_at - self.units.clock()).total_seconds()
        return min(max(seconds, TICK), LONGEST_WAIT)

"""The worker of the holds: lets each decision count when its hold is over, whoever still looks at the page.

Runs only in the process that leads the fleet. NOTIFY says that something may have been held; the next end of
a hold is asked of the database, so that none is waited for in memory alone.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Never

from shop.receipts import holding
from shop.unit_of_work import UnitsOfWork

log = logging.getLogger(__name__)

LONGEST_WAIT = 5.0
"""Seconds until we look again although nobody called: a lost notice delays a decision no longer."""
SHORTEST_WAIT = 0.02
GATHER_SECONDS = 0.05
"""After a notice: others follow it, and the message of the very decision that sent it goes first."""


@dataclass(slots=True)
class Holds:
    units: UnitsOfWork
    _wake: asyncio.Event = field(default_factory=asyncio.Event)

    def wake(self) -> None:
        self._wake.set()

    async def run(self) -> Never:
        """Settle whatever is due, until cancelled."""
        while True:
            self._wake.clear()
            wait = LONGEST_WAIT
            try:
                await holding.commit_due(self.units)
                wait = await self._until_next()
            except Exception:  # the database may be away; what is held stays held
                log.exception("cannot settle what was held")
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._wake.wait()
                    await asyncio.sleep(GATHER_SECONDS)

    async def _until_next(self) -> float:
        next_at = await holding.next_commit_at(self.units)
        if next_at is None:
            return LONGEST_WAIT
        seconds = (next_at - self.units.clock()).total_seconds()
        return min(max(seconds, SHORTEST_WAIT), LONGEST_WAIT)

"""A clock that a test may push forward, so that nobody waits 150 seconds for a press to expire."""

from __future__ import annotations

import asyncio
import time


class Clock:
    """Unix seconds, running at the usual pace from wherever it was pushed to."""

    def __init__(self) -> None:
        self._ahead = 0.0
        self._pushed: set[asyncio.Event] = set()

    def now(self) -> float:
        return time.time() + self._ahead

    def stamp(self) -> int:
        """Whole seconds, as the Bot API writes dates."""
        return int(self.now())

    def advance(self, seconds: float) -> None:
        """Push forward; everybody who sleeps by this clock looks at it again."""
        self._ahead += seconds
        for event in self._pushed:
            event.set()

    async def sleep(self, seconds: float) -> None:
        """Pause until this clock, not the wall's, has moved by ``seconds``."""
        until = self.now() + seconds
        event = asyncio.Event()
        self._pushed.add(event)
        try:
            while (left := until - self.now()) > 0:
                event.clear()
                try:
                    await asyncio.wait_for(event.wait(), left)
                except TimeoutError:
                    continue
        finally:
            self._pushed.discard(event)

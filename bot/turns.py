"""Who computes: the handlers of one shop take turns, so that its flood does not slow the other shops down.

All handlers share one thread, and whoever has eight updates in hand would have eight shares of it. So only a
few of a shop's handlers are at work at once. Who waits for Telegram is not: his place is free meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from weakref import WeakValueDictionary

AT_WORK = 2
"""How many handlers of one shop compute or wait for the database at once (P11): one uses the thread while the
other waits. Nobody waits here inside a transaction, so nobody with a place can wait for one who wants it."""


class _Place:
    """One handler's right to be at work, which it may give away for a while."""

    def __init__(self, places: asyncio.Semaphore) -> None:
        self._places = places
        self._is_held = False

    async def take(self) -> None:
        await self._places.acquire()
        self._is_held = True

    def give_back(self) -> bool:
        """False: it was not held; a call beside this one gave it away, or its handler has ended."""
        was_held, self._is_held = self._is_held, False
        if was_held:
            self._places.release()
        return was_held


_place: ContextVar[_Place | None] = ContextVar("place", default=None)


class Turns:
    """The places of every shop; a shop without a handler takes no memory."""

    def __init__(self) -> None:
        self._of: WeakValueDictionary[int, asyncio.Semaphore] = WeakValueDictionary()

    @asynccontextmanager
    async def at_work(self, shop_id: int) -> AsyncIterator[None]:
        """Wait for a place of this shop, first come first served, and keep it to the end."""
        place = _Place(self._of.setdefault(shop_id, asyncio.Semaphore(AT_WORK)))
        await place.take()
        before = _place.set(place)
        try:
            yield
        finally:
            _place.reset(before)
            place.give_back()


@asynccontextmanager
async def away() -> AsyncIterator[None]:
    """Give this handler's place to another one of its shop meanwhile; outside a handler nothing happens."""
    place = _place.get()
    if place is None or not place.give_back():
        yield
        return
    try:
        yield
    finally:
        await place.take()

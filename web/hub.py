"""Who has a page open in this worker, and what each of them has to look at next.

One hub per worker hears the database's notices and hands them to the open streams as flags, never as
messages: fifty changes at once are one look, and a reader who is slow is behind, not a growing queue.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from types import FrameType
from weakref import WeakSet

from db.listen import Listener
from shop import signals
from shop.staff.sessions import SignedIn

MOST_SEATS = 20
"""Open streams of one session in one worker; whoever opens more tabs than that polls in the rest."""
MOST_LOOKS = 4
"""Looks into the database at the same time, so that a busy desk leaves connections for people who click."""


@dataclass(frozen=True, slots=True)
class Pace:
    """All in seconds."""

    beat: float = 15.0
    gather: float = 0.05
    """What happens together is told together."""
    between: float = 1.0
    """From one snapshot to the next, at least."""
    stale: float = 60.0
    """A page is told again after this long: times go on, and a notice may have been lost."""


class TooManySeats(Exception):
    """This session has more streams open than a person needs."""


@dataclass(slots=True, eq=False, weakref_slot=True)
class Seat:
    """One open stream: whose it is, and what has happened since it last looked."""

    shop_id: int
    home_id: int
    """The shop its person belongs to; the master's is the platform's own."""
    session: bytes
    watches_broadcasts: bool = False
    """Its page shows figures that move while a broadcast goes out."""
    must_look: bool = False
    """The desk changed."""
    must_check: bool = False
    """Somebody's right to be here may have ended."""
    _woken: asyncio.Event = field(default_factory=asyncio.Event)
    _over: asyncio.Event = field(default_factory=asyncio.Event)

    def is_over(self) -> bool:
        return self._over.is_set()

    def wake(self, *, look: bool = False, check: bool = False) -> None:
        self.must_look |= look
        self.must_check |= check
        self._woken.set()

    def end(self) -> None:
        self._over.set()
        self._woken.set()

    async def rest(self, seconds: float) -> None:
        """Until something happens, but no longer."""
        await _within(self._woken, seconds)
        self._woken.clear()

    async def gather(self, seconds: float) -> None:
        """Let what happens now become one look; only the end cuts it short."""
        await _within(self._over, seconds)


async def _within(event: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(max(seconds, 0)):
            await event.wait()


class Hub:
    """The open streams of this worker."""

    def __init__(self, pace: Pace | None = None) -> None:
        self.pace = pace or Pace()
        # Weak: a stream that was prepared and never read leaves nothing behind.
        self._seats: WeakSet[Seat] = WeakSet()
        self._is_closed = False
        self.looking = asyncio.Semaphore(MOST_LOOKS)

    def count(self) -> int:
        """Open streams."""
        return len(self._seats)

    def take_seat(self, who: SignedIn, *, watches_broadcasts: bool = False) -> Seat:
        """A place for one stream; taken before its first look, so that nothing is missed between the two.

        Raises TooManySeats.
        """
        if sum(seat.session == who.id_hash for seat in self._seats) >= MOST_SEATS:
            raise TooManySeats
        taken = Seat(who.shop.bot_id, who.home_bot_id, who.id_hash, watches_broadcasts)
        if self._is_closed:
            taken.end()
        self._seats.add(taken)
        return taken

    def leave(self, seat: Seat) -> None:
        self._seats.discard(seat)

    def desk_changed(self, payload: str) -> None:
        """A receipt of one shop came, was decided, or is being looked at."""
        for seat in self._seats:
            if str(seat.shop_id) == payload:
                seat.wake(look=True)

    def progress_made(self, payload: str) -> None:
        """A broadcast of one shop moved; other pages than those of broadcasts do not show it."""
        for seat in self._seats:
            if seat.watches_broadcasts and str(seat.shop_id) == payload:
                seat.wake(look=True)

    def people_changed(self, payload: str) -> None:
        """Sessions of one shop may have ended, or the shop itself was closed."""
        for seat in self._seats:
            if payload in {str(seat.home_id), str(seat.shop_id)}:
                seat.wake(check=True)

    def shop_changed(self, payload: str) -> None:
        """A shop's bot, switches or settings are others: who may stay, and whether its cards are shut."""
        self.people_changed(payload)
        self.desk_changed(payload)

    def everything_changed(self) -> None:
        """Nobody knows what was said while nobody listened."""
        for seat in self._seats:
            seat.wake(look=True, check=True)

    def close(self) -> None:
        """Every stream ends now, and those that come later at once: the worker goes."""
        self._is_closed = True
        for seat in self._seats:
            seat.end()

    def listener(self, database_url: str) -> Listener:
        """What brings the database's notices here, over one connection of its own."""
        return Listener(
            database_url,
            "pishkhan-web-notices",
            {
                signals.DESK: self.desk_changed,
                signals.PROGRESS: self.progress_made,
                signals.SESSIONS: self.people_changed,
                signals.BOTS: self.shop_changed,
            },
            self.everything_changed,
        )


@asynccontextmanager
async def listening(hub: Hub, database_url: str) -> AsyncIterator[None]:
    """Hear the database for as long as the block lasts."""
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(hub.listener(database_url).run())
        try:
            yield
        finally:
            task.cancel()


@asynccontextmanager
async def ended_by_signals(hub: Hub) -> AsyncIterator[None]:
    """End the streams when the worker is told to stop.

    The server first waits for what is open and only then ends the application's life, and a stream is open
    for hours. Its own handling of the signal goes on beside this: the loop hears of signals by another way.
    """
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def stop(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(hub.close)
        theirs = before[signal.Signals(number)]
        if callable(theirs):
            theirs(number, frame)

    for number in before:
        signal.signal(number, stop)
    try:
        yield
    finally:
        hub.close()
        for number, handler in before.items():
            signal.signal(number, handler)

"""Updates wait here between Telegram and the handlers: stored before they are confirmed, handled once each
and in order per person.

The table is the queue. A worker leases a row, handles it and marks it done; a crash in between repeats
that one update, which is why the verbs behind the handlers are idempotent.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from aiogram import Bot
from aiogram.exceptions import TelegramRetryAfter, TelegramUnauthorizedError
from sqlalchemy import DateTime, bindparam, delete, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY, BIGINT, INTEGER

from bot.noting import note
from bot.polling import RawUpdate
from bot.registry import Registry
from bot.storing import store
from bot.tasks import Tasks, settle
from bot.together import Together
from bot.turns import Turns
from db.logs import redact
from db.models import Bot as Shop
from db.models import TelegramUpdate
from db.passing import is_away
from shop.actors import System
from shop.unit_of_work import UnitsOfWork

log = logging.getLogger(__name__)

ACTOR = System("inbox")
AT_ONCE = 12
WINDOW = 40
"""How far into a bot's queue one claim looks for people who can be served."""
PER_BOT = 4
"""How many updates of one bot one claim takes: a flood in one shop does not stop the others. Where fewer
shops run than there is room for, each may take its share of it."""
MOST_OF_ONE = 8
"""How many updates of one bot are handled at once: whoever writes to another shop finds a free hand."""
HANDLE_SECONDS = 90.0
LEASE = timedelta(seconds=120)
NOTE_SECONDS = 3600.0
"""How long we try to write down what became of an update; meanwhile nothing of its person is looked at."""
TICK_SECONDS = 1.0
"""Until we look again although nobody called, while something waits that could not be taken."""
LONGEST_WAIT = 5.0
"""The same while nothing waits: a notice that was lost delays an update no longer."""
MOST_ATTEMPTS = 5
PAUSES = (timedelta(seconds=1), timedelta(seconds=2), timedelta(seconds=5), timedelta(seconds=15))
KEPT = timedelta(days=3)
"""Telegram repeats an update for a day at most; so long we must remember having seen it."""
FAILURES_KEPT = timedelta(days=30)
ERROR_LENGTH = 500

_CLAIM = text(
    """
    -- Materialized: a plan that was made while the table was empty would choose anew for every row of it, and
    -- stand still when a flood has come before the server has looked at the table again.
    WITH s AS MATERIALIZED (
        SELECT h.bot_id, h.update_id
        FROM unnest(:shops, :rooms) AS b(bot_id, room)
        CROSS JOIN LATERAL (
            -- Only the first open update of a person; while it is leased or pauses, the person waits.
            SELECT f.bot_id, f.update_id
            FROM (
                SELECT DISTINCT ON (w.person_id) w.*
                FROM (
                    SELECT o.bot_id, o.update_id, o.person_id, o.lease_until
                    FROM telegram_updates o
                    WHERE o.bot_id = b.bot_id AND o.done_at IS NULL AND o.failed_at IS NULL
                      AND o.person_id <> ALL (:busy)
                    ORDER BY o.update_id
                    LIMIT :window
                ) w
                ORDER BY w.person_id, w.update_id
            ) f
            WHERE f.lease_until IS NULL OR f.lease_until <= :now
            ORDER BY f.update_id
            LIMIT b.room
        ) h
        LIMIT :room
    )
    UPDATE telegram_updates u
    SET lease_until = :lease_until, attempts = u.attempts + 1
    FROM s
    WHERE u.bot_id = s.bot_id AND u.update_id = s.update_id
      AND u.done_at IS NULL AND (u.lease_until IS NULL OR u.lease_until <= :now)
    RETURNING u.bot_id, u.update_id, u.person_id, u.body, u.attempts
    """
).bindparams(
    bindparam("shops", type_=ARRAY(BIGINT)),
    bindparam("rooms", type_=ARRAY(INTEGER)),
    bindparam("busy", type_=ARRAY(BIGINT)),
)

_NEXT = text(
    """
    SELECT min(coalesce(h.lease_until, :now))
    FROM unnest(:shops) AS b(bot_id)
    CROSS JOIN LATERAL (
        SELECT o.lease_until FROM telegram_updates o
        WHERE o.bot_id = b.bot_id AND o.done_at IS NULL AND o.failed_at IS NULL
        ORDER BY o.update_id
        LIMIT :window
    ) h
    """
).bindparams(bindparam("shops", type_=ARRAY(BIGINT)), bindparam("now", type_=DateTime(timezone=True)))

_DONE = text(
    """
    UPDATE telegram_updates u
    SET done_at = d.at, body = NULL, lease_until = NULL, last_error = NULL
    FROM unnest(CAST(:shops AS BIGINT[]), CAST(:numbers AS BIGINT[]), CAST(:times AS TIMESTAMPTZ[]))
        AS d(shop, number, at)
    WHERE u.bot_id = d.shop AND u.update_id = d.number
    """
)


@dataclass(frozen=True, slots=True)
class Claimed:
    """One update this process may handle until its lease ends."""

    bot_id: int
    update_id: int
    person_id: int
    body: RawUpdate
    attempts: int


@dataclass(slots=True)
class Inbox:
    units: UnitsOfWork
    registry: Registry
    handle: Callable[[Bot, RawUpdate], Awaitable[object]]
    """The dispatcher."""
    apologise: Callable[[Bot, RawUpdate, str], Coroutine[Any, Any, None]]
    """Tell the person that it went wrong for good; the text is the incident's mark in our log."""
    _workers: Tasks = field(default_factory=Tasks)
    _handlers: Tasks = field(default_factory=lambda: Tasks(watched=True))
    _busy: Counter[int] = field(default_factory=Counter)
    """People whose update is being handled: nothing else of theirs is looked at meanwhile."""
    _in_hand: Counter[int] = field(default_factory=Counter)
    """How many updates of each shop are being handled."""
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _turns: Turns = field(default_factory=Turns)
    _in_doubt: bool = False
    """A claim failed: it may have been carried out although we were not told of it."""
    _done: Together[tuple[int, int, datetime]] = field(init=False)
    """Updates to note as handled: shop, number, when."""

    def __post_init__(self) -> None:
        self._done = Together(self._note_done)

    def wake(self) -> None:
        self._wake.set()

    async def store(self, shop_id: int, updates: Sequence[RawUpdate]) -> None:
        """Keep a shop's updates and begin to handle them. Returns after the commit."""
        await store(self.units, shop_id, updates)
        self.wake()

    async def take_over(self) -> None:
        """Free what is leased and nobody works at; only the leader may say so.

        A process that is gone had leased it, or we had, by a claim whose answer did not reach us.
        """
        async with self.units.platform(ACTOR) as uow:
            await uow.session.execute(
                update(TelegramUpdate)
                .where(
                    TelegramUpdate.done_at.is_(None),
                    TelegramUpdate.failed_at.is_(None),
                    TelegramUpdate.lease_until > uow.now,
                    # One that failed and pauses goes on pausing; a lease is longer than any pause.
                    or_(
                        TelegramUpdate.last_error.is_(None),
                        TelegramUpdate.lease_until > uow.now + PAUSES[-1],
                    ),
                    TelegramUpdate.person_id.not_in(list(self._busy)),
                )
                # The process failed, not the update.
                .values(lease_until=None, attempts=func.greatest(TelegramUpdate.attempts - 1, 0))
                .execution_options(synchronize_session=False)
            )

    async def run(self) -> None:
        """Handle whatever is stored, until cancelled."""
        while True:
            self._wake.clear()
            taken, wait = 0, TICK_SECONDS
            try:
                if self._in_doubt:
                    await self.take_over()
                    self._in_doubt = False
                room = AT_ONCE - len(self._workers)
                for claimed in await self._claim(room):
                    self._workers.spawn(self._work(claimed), name=f"update-{claimed.update_id}")
                    taken += 1
                if taken == 0 and room > 0:
                    wait = await self._until_next()
            except Exception:  # the queue must outlive whatever the database does
                log.exception("cannot claim updates")
                self._in_doubt = True
            if taken == 0:
                await self._pause(wait)

    async def work_due(self) -> int:
        """Handle what is due now and return how many updates were tried; for tests and tools."""
        claimed = await self._claim(AT_ONCE)
        await asyncio.gather(*(self._work(one) for one in claimed))
        return len(claimed)

    async def drain(self, seconds: float) -> None:
        """Let the handlers in flight finish, at most so long."""
        await self._workers.drain(seconds)
        await self._handlers.cancel()

    async def sweep(self) -> int:
        """Forget updates that Telegram cannot repeat any more; how many."""
        async with self.units.platform(ACTOR) as uow:
            shops = await uow.session.scalars(select(Shop.id).order_by(Shop.id))
            everybody = list(shops)
        swept = 0
        for shop_id in everybody:
            async with self.units.begin(shop_id, ACTOR) as uow:
                gone = await uow.session.execute(
                    delete(TelegramUpdate)
                    .where(
                        or_(
                            TelegramUpdate.done_at < uow.now - KEPT,
                            TelegramUpdate.failed_at < uow.now - FAILURES_KEPT,
                        )
                    )
                    .returning(TelegramUpdate.update_id)
                    .execution_options(synchronize_session=False)
                )
                swept += len(gone.all())
        return swept

    async def backlog(self) -> int:
        """How many updates wait, in all shops."""
        async with self.units.platform(ACTOR) as uow:
            return (
                await uow.session.scalar(
                    select(func.count())
                    .select_from(TelegramUpdate)
                    .where(TelegramUpdate.done_at.is_(None), TelegramUpdate.failed_at.is_(None))
                )
                or 0
            )

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()

    async def _until_next(self) -> float:
        """Seconds until something may be taken, of any bot that runs; asked when nothing could be."""
        async with self.units.platform(ACTOR) as uow:
            values = {"shops": self.registry.running(), "now": uow.now, "window": WINDOW}
            free_at: datetime | None = await uow.session.scalar(_NEXT, values)
        if free_at is None:
            return LONGEST_WAIT
        if free_at <= uow.now:  # its person has another one in hand
            return TICK_SECONDS
        return min((free_at - uow.now).total_seconds(), LONGEST_WAIT)

    async def _claim(self, room: int) -> list[Claimed]:
        running = self.registry.in_turn()
        usual = max(PER_BOT, room // len(running)) if running else 0
        rooms = {shop: min(usual, MOST_OF_ONE - self._in_hand[shop]) for shop in running}
        shops = [shop for shop, free in rooms.items() if free > 0]
        if not shops or room <= 0:
            return []
        # A lease that a crash of the server undoes is one that the next leader would undo as well.
        async with self.units.platform(ACTOR, may_be_lost=True) as uow:
            rows = await uow.session.execute(
                _CLAIM,
                {
                    "shops": shops,
                    "now": uow.now,
                    "lease_until": uow.now + LEASE,
                    "rooms": [rooms[shop] for shop in shops],
                    "window": WINDOW,
                    "busy": list(self._busy),
                    "room": room,
                },
            )
            claimed = [Claimed(*row) for row in rows]
        self._busy.update(one.person_id for one in claimed)
        self._in_hand.update(one.bot_id for one in claimed)
        return claimed

    async def _work(self, claimed: Claimed) -> None:
        try:
            await self._attempt(claimed)
        finally:
            self._busy[claimed.person_id] -= 1
            self._busy += Counter()  # drops those who are down to nothing
            self._in_hand[claimed.bot_id] -= 1
            self._in_hand += Counter()
            # Claiming for each one that is done would be as many claims as updates.
            if len(self._workers) <= AT_ONCE // 2:
                self.wake()

    async def _attempt(self, claimed: Claimed) -> None:
        bot = self.registry.bot_of(claimed.bot_id)
        if bot is None:  # it stopped this instant; another time, or another process
            await self._note(claimed, lease_until=None, attempts=claimed.attempts - 1)
            return
        handling = self._handlers.spawn(self._handle(bot, claimed), name=f"handle-{claimed.update_id}")
        error = await settle(handling, seconds=HANDLE_SECONDS)
        now = self.units.clock()
        if error is None:
            await self._done.add((claimed.bot_id, claimed.update_id, now))
        elif isinstance(error, TelegramRetryAfter | TelegramUnauthorizedError | asyncio.CancelledError):
            # Not this update's fault: it waits without losing an attempt.
            wait = error.retry_after if isinstance(error, TelegramRetryAfter) else 1
            await self._note(
                claimed, lease_until=now + timedelta(seconds=wait), attempts=claimed.attempts - 1
            )
        elif is_away(error):
            log.warning("update %s of shop %s waits for the database", claimed.update_id, claimed.bot_id)
            await self._note(claimed, lease_until=None, attempts=claimed.attempts - 1)
        else:
            await self._failed(bot, claimed, error, now)

    async def _handle(self, bot: Bot, claimed: Claimed) -> None:
        async with self._turns.at_work(claimed.bot_id):
            await self.handle(bot, claimed.body)

    async def _failed(self, bot: Bot, claimed: Claimed, error: BaseException, now: datetime) -> None:
        what = redact(repr(error))[:ERROR_LENGTH]
        if claimed.attempts < MOST_ATTEMPTS:
            log.warning("update %s of shop %s failed: %s", claimed.update_id, claimed.bot_id, what)
            pause = PAUSES[min(claimed.attempts, len(PAUSES)) - 1]
            await self._note(claimed, lease_until=now + pause, last_error=what)
            return
        incident = f"{claimed.bot_id}-{claimed.update_id:x}"
        log.error("incident %s: update given up", incident, exc_info=error)
        await self._note(claimed, failed_at=now, lease_until=None, last_error=f"{incident}: {what}")
        apology = self._handlers.spawn(
            self.apologise(bot, claimed.body, incident), name=f"apology-{incident}"
        )
        await settle(apology, seconds=HANDLE_SECONDS)

    async def _note_done(self, done: Sequence[tuple[int, int, datetime]]) -> None:
        shops, numbers, times = map(list, zip(*done, strict=True))

        async def write() -> None:
            async with self.units.platform(ACTOR) as uow:
                await uow.session.execute(_DONE, {"shops": shops, "numbers": numbers, "times": times})

        await note(write, what=f"{len(done)} updates", seconds=NOTE_SECONDS)

    async def _note(self, claimed: Claimed, **values: Any) -> None:
        async def write() -> None:
            async with self.units.platform(ACTOR) as uow:
                await uow.session.execute(
                    update(TelegramUpdate)
                    .where(
                        TelegramUpdate.bot_id == claimed.bot_id,
                        TelegramUpdate.update_id == claimed.update_id,
                    )
                    .values(**values)
                    .execution_options(synchronize_session=False)
                )

        await note(write, what=f"update {claimed.update_id}", seconds=NOTE_SECONDS)

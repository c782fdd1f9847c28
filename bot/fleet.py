"""The running bots: one process, many bots, each with a loop of its own.

Nothing that happens to one bot (a revoked token, a second user of its token, a crash) touches another.
The database says who should run; NOTIFY makes us look at once, a periodic look covers what was missed.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal, Never

from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.exceptions import (
    TelegramAPIError,
    TelegramConflictError,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramUnauthorizedError,
)
from aiogram.utils.backoff import Backoff, BackoffConfig
from aiogram.utils.token import TokenValidationError

from bot.pace import Bucket
from bot.registry import Registry
from bot.sources import Source
from bot.tasks import Tasks
from bot.telegram_session import open_bot
from bot.webhook import WebhookMoved
from db.logs import redact
from db.passing import is_passing
from shop.actors import System
from shop.bots import service as bots
from shop.bots.queries import FleetBot, list_fleet
from shop.errors import NotFound
from shop.unit_of_work import UnitsOfWork

log = logging.getLogger(__name__)

ACTOR = System("fleet")
LOOK_SECONDS = 10.0
STOP_SECONDS = 5.0
ERROR_LENGTH = 300
AFTER_CRASH = BackoffConfig(min_delay=1.0, max_delay=60.0, factor=2.0, jitter=0.1)
AFTER_CONFLICT = BackoffConfig(min_delay=2.0, max_delay=300.0, factor=2.0, jitter=0.1)
DATABASE_SECONDS = 1.0
"""Until a bot tries again that could not keep its updates."""
STARTS_AT_ONCE, STARTS_A_SECOND = 20, 4
"""Telegram throttles addresses that bring many tokens at once; a large fleet starts staggered."""

REFUSED = (TelegramUnauthorizedError, TelegramNotFound, TokenValidationError)
"""The token is none (any more): Telegram answers 401 for a revoked one, 404 for a malformed one."""

State = Literal["starting", "live", "conflict", "broken"]


@dataclass(slots=True)
class Member:
    """One bot of the fleet and its loop."""

    shop: FleetBot
    task: asyncio.Task[None] | None = None
    state: State = "starting"
    noted: tuple[str, str | None] | None = None
    """What we last wrote about the token, so as not to write it after every poll."""


@dataclass(slots=True)
class Pauses:
    """How long one bot waits after which failure, until its next success."""

    crash: Backoff = field(default_factory=lambda: Backoff(AFTER_CRASH))
    conflict: Backoff = field(default_factory=lambda: Backoff(AFTER_CONFLICT))
    introduced_again: bool = False

    def reset(self) -> None:
        self.crash.reset()
        self.conflict.reset()
        self.introduced_again = False


@dataclass(slots=True)
class Fleet:
    units: UnitsOfWork
    session: AiohttpSession
    registry: Registry
    tasks: Tasks
    source: Source
    """How their updates come."""
    dress: Callable[[Bot, FleetBot], Coroutine[Any, Any, None]]
    """Tell Telegram the bot's commands; its failure is no reason not to serve."""
    introduce: Callable[[FleetBot], Awaitable[None]] | None = None
    """Before a bot's first call; for the sandbox, which knows nobody by itself."""
    came_alive: Callable[[], None] = lambda: None
    """Called when a bot starts to work: its outbox may be waiting."""
    _members: dict[int, Member] = field(default_factory=dict)
    _known: dict[int, FleetBot] = field(default_factory=dict)
    """What the last look found."""
    _look: asyncio.Event = field(default_factory=asyncio.Event)
    _starts: Bucket = field(default_factory=lambda: Bucket(STARTS_A_SECOND, STARTS_AT_ONCE))

    def look(self) -> None:
        """Compare with the database soon; safe to call from any callback of the loop."""
        self._look.set()

    def states(self) -> dict[str, int]:
        """How many bots are in which state, for the health endpoint."""
        found = [member.state for member in self._members.values()]
        return {state: found.count(state) for state in ("starting", "live", "conflict", "broken")}

    async def run(self) -> None:
        """Keep the fleet as the database wants it, until cancelled; then stop every bot."""
        try:
            while True:
                self._look.clear()
                try:
                    await self.refresh()
                except Exception:  # the database may be away: the bots that run go on running
                    log.exception("cannot compare the fleet with the database")
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_SECONDS):
                        await self._look.wait()
        finally:
            # Cancelled, not stopped: the handlers in flight still answer through these bots.
            tasks = {member.task for member in self._members.values() if member.task is not None}
            for task in tasks:
                task.cancel()
            if tasks:
                await asyncio.wait(tasks, timeout=STOP_SECONDS)

    async def refresh(self) -> None:
        """Start, stop and restart bots until they are those of the database."""
        async with self.units.platform(ACTOR) as uow:
            self._known = {shop.bot_id: shop for shop in await list_fleet(uow, self._known)}
        wanted = self._known
        self.registry.rehearse(
            {shop.rehearsal_id: shop.bot_id for shop in wanted.values() if shop.rehearsal_id is not None}
        )
        gone = [
            shop_id
            for shop_id, member in self._members.items()
            if shop_id not in wanted or wanted[shop_id].token != member.shop.token
        ]
        await asyncio.gather(*(self._dismiss(shop_id) for shop_id in gone))
        for shop_id, shop in wanted.items():
            if shop_id in self._members:
                self._members[shop_id].shop = shop
            else:
                self._start(shop)

    def refused(self, shop_id: int, reason: str) -> None:
        """Somebody else met a 401: the loop of this bot finds out at once instead of at the next poll."""
        member = self._members.get(shop_id)
        if member is not None and member.state != "broken":
            log.warning("the token of shop %s was refused: %s", shop_id, redact(reason))
            self.tasks.spawn(self._restart(member.shop), name=f"restart-{shop_id}")

    async def _restart(self, shop: FleetBot) -> None:
        await self._stop(shop.bot_id)
        if shop.bot_id not in self._members:
            self._start(shop)

    def _start(self, shop: FleetBot) -> None:
        member = self._members[shop.bot_id] = Member(shop)
        member.task = self.tasks.spawn(self._serve(member), name=f"bot-{shop.bot_id}")

    async def _dismiss(self, shop_id: int) -> None:
        """Off duty by the database's word, not because this process ends: Telegram is told as well."""
        member = self._members.get(shop_id)
        await self._stop(shop_id)
        if member is not None and member.state != "broken":
            await self.source.release(open_bot(member.shop.token, self.session))

    async def _stop(self, shop_id: int) -> None:
        member = self._members.pop(shop_id, None)
        self.registry.remove(shop_id)
        if member is None or member.task is None:
            return
        member.task.cancel()
        await asyncio.wait({member.task}, timeout=STOP_SECONDS)
        log.info("bot of shop %s stopped", shop_id)

    async def _serve(self, member: Member) -> None:
        """One bot's life: start, receive, after a failure try again; for ever or until the token is dead."""
        await asyncio.sleep(self._starts.take())
        pauses = Pauses()
        while True:
            try:
                if await self._serve_once(member, pauses):
                    return
            except Exception as error:  # one bot's crash is not the others'
                log.warning("bot of shop %s stumbled: %s", member.shop.bot_id, redact(repr(error)))
                log.debug("the stumble of shop %s", member.shop.bot_id, exc_info=error)
                if is_passing(error):  # the database's trouble, not Telegram's: it may be back any moment
                    await asyncio.sleep(DATABASE_SECONDS)
                else:
                    await pauses.crash.asleep()

    async def _serve_once(self, member: Member, pauses: Pauses) -> bool:
        """Receive until Telegram objects; True when the token is dead."""
        shop_id = member.shop.bot_id
        try:
            await self._receive(member, pauses)
        except REFUSED as error:
            self.registry.remove(shop_id)
            if self.introduce is not None and not pauses.introduced_again:
                pauses.introduced_again = True  # the sandbox forgets everybody when it restarts
                return False
            log.warning("the token of shop %s was refused: %s", shop_id, _reason(error))
            await self._note(member, "broken", error=_reason(error))
            return True
        except (TelegramConflictError, WebhookMoved) as error:
            log.warning("the bot of shop %s runs elsewhere too: %s", shop_id, _reason(error))
            await self._note(member, "conflict", error=_reason(error))
            await pauses.conflict.asleep()
        except TelegramRetryAfter as error:
            log.warning("shop %s: Telegram asks for a pause of %s s", shop_id, error.retry_after)
            await asyncio.sleep(error.retry_after)
        return False

    async def _receive(self, member: Member, pauses: Pauses) -> Never:
        shop = member.shop
        if self.introduce is not None:
            await self.introduce(shop)
        bot = open_bot(shop.token, self.session)
        me = await bot.get_me()
        self.registry.add(shop.bot_id, bot)
        if member.state != "conflict":  # getMe works beside another user; only the source proves peace
            await self._note(member, "live", username=me.username)
        log.info("bot of shop %s is on duty as @%s", shop.bot_id, me.username)
        self.came_alive()

        async def answered() -> None:
            pauses.reset()
            await self._note(member, "live")

        dressing = self.tasks.spawn(self.dress(bot, shop), name=f"dress-{shop.bot_id}")
        try:
            await self.source.receive(bot, shop, answered)
        finally:
            dressing.cancel()

    async def _note(
        self,
        member: Member,
        state: Literal["live", "conflict", "broken"],
        *,
        error: str | None = None,
        username: str | None = None,
    ) -> None:
        member.state = state
        if member.noted == (state, error) and username is None:
            return
        try:
            async with self.units.begin(member.shop.bot_id, ACTOR) as uow:
                await bots.note_token_state(uow, state=state, error=error, username=username)
        except NotFound:  # deleted this instant; the next look stops the bot
            return
        member.noted = (state, error)


def _reason(error: Exception) -> str:
    """Telegram's own words, as the dashboard shows them beside the bot."""
    return redact(error.message if isinstance(error, TelegramAPIError) else str(error))[:ERROR_LENGTH]

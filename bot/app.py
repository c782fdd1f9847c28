"""Composition root of the bot process: one dispatcher, one session, one fleet, one outbox."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.exceptions import TelegramAPIError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from bot.broadcasting import Broadcasting
from bot.callers import Callers
from bot.dispatching import Handler, build_dispatcher
from bot.fleet import Fleet
from bot.front_door import FrontDoor
from bot.health import health_server
from bot.holds import Holds
from bot.inbox import Inbox
from bot.introductions import Introducer
from bot.jobs import Job, Jobs
from bot.leader import Lead, leadership
from bot.letters import Letters
from bot.outbox import Outbox
from bot.polling import RawUpdate
from bot.registry import Registry
from bot.review_cards import ReviewCards
from bot.sources import PollingSource, Source
from bot.storing import CHANNEL as INBOX
from bot.storing import store
from bot.tasks import Tasks
from bot.telegram_session import open_session
from bot.ticket_posts import TicketPosts
from bot.token_checks import TokenChecks
from bot.views.menu import commands
from bot.webhook import CHECK_SECONDS, WebhookSource
from db.crypto import Vault
from db.engine import build_engine, build_sessions
from db.listen import CONNECTION_TROUBLE, Listener
from db.settings import Settings
from shop.actors import System
from shop.audit.chain import seal_due
from shop.books.service import prove_due
from shop.bots.queries import FleetBot
from shop.i18n import LANGUAGES
from shop.media.service import remove_old
from shop.media.shelf import Shelf
from shop.notifications.outbox import CHANNEL as OUTBOX
from shop.payments.service import expire_due
from shop.provisioning.service import run_due
from shop.signals import BOTS, BROADCASTS, DESK
from shop.tickets.closing import close_quiet
from shop.tickets.reminding import remind_due
from shop.unit_of_work import UnitsOfWork

log = logging.getLogger(__name__)

POOL_SIZE = 15
"""Connections: handlers, deliveries and stores of updates at the same time; half as many again in a rush."""
AFTER_STUMBLE_SECONDS = 1.0
SANDBOX_CHECK_SECONDS = 5.0
"""A sandbox that was restarted has forgotten every webhook, and nothing else would tell us."""
FINISH_SECONDS = 8.0
"""How long handlers and deliveries in flight may take after we were told to stop."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a bot process works: everything it needs from outside."""

    database_url: str
    units: UnitsOfWork
    media_dir: Path
    api_url: str
    proxy: str | None = None
    is_sandbox: bool = False
    dashboard_url: str = ""
    """Where people open the dashboard; empty: the shop's chat gets no button that leads there."""
    host: str = "127.0.0.1"
    port: int = 0
    """Of everything this process answers; 0 takes a free one."""
    webhook_url: str | None = None
    """Where Telegram reaches that port, to bring updates there; None fetches them by polling."""
    webhook_check_seconds: float = CHECK_SECONDS


@dataclass(slots=True)
class Crew:
    """What runs while this process leads."""

    registry: Registry
    fleet: Fleet
    inbox: Inbox
    outbox: Outbox
    jobs: Jobs
    holds: Holds
    broadcasting: Broadcasting
    token_checks: TokenChecks
    source: Source


@dataclass(slots=True)
class BotProcess:
    """Waits for the lead, serves while it has it, stops gracefully."""

    place: Place
    crew: Crew | None = None
    lead: Lead | None = None
    health_port: int | None = None
    callers: Callers | None = None
    """In webhook mode: who may bring updates, whether this process leads or stands by."""
    _tasks: Tasks = field(default_factory=lambda: Tasks(watched=True))
    _door_tasks: Tasks = field(default_factory=Tasks)

    async def run(self, stop: asyncio.Event) -> None:
        """Work until ``stop`` is set. Raises OSError when the health endpoint's port is taken."""
        door = self._front_door()
        async with AsyncExitStack() as stack:
            server = health_server(
                self.place.host, self.place.port, self._report, also=door.add_routes if door else None
            )
            self.health_port = await stack.enter_async_context(server)
            if door is not None:
                stack.push_async_callback(self._door_tasks.cancel)
                self._door_tasks.spawn(door.callers.run(), name="callers")
            serving = self._tasks.spawn(self._serve_for_ever(), name="serving")
            stopping = self._tasks.spawn(stop.wait(), name="stopping")
            await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
            # Each is cancelled once: a second time would cut short what finishes its work.
            serving.cancel()
            stopping.cancel()
            await asyncio.wait({serving, stopping})
        if not serving.cancelled():
            serving.result()

    def _front_door(self) -> FrontDoor | None:
        if self.place.webhook_url is None:
            return None
        self.callers = Callers(self.place.units, self.place.database_url)
        return FrontDoor(self.callers, self._store)

    async def _store(self, shop_id: int, updates: Sequence[RawUpdate]) -> None:
        """What came to our door; where we only stand by, the leader is told."""
        if self.crew is not None:
            await self.crew.inbox.store(shop_id, updates)
        else:
            await store(self.place.units, shop_id, updates, announce=True)

    async def _serve_for_ever(self) -> None:
        while True:
            async with leadership(self.place.database_url) as self.lead:
                lost = self._tasks.spawn(self.lead.until_lost(), name="lead")
                work = self._tasks.spawn(self._work(), name="work")
                try:
                    await asyncio.wait({lost, work}, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    lost.cancel()
                    work.cancel()
                    await asyncio.wait({lost, work})
            if not work.cancelled() and (error := work.exception()) is not None:
                log.error("the fleet stumbled and starts again", exc_info=error)
                await asyncio.sleep(AFTER_STUMBLE_SECONDS)

    async def _work(self) -> None:
        """Everything that only one process may do; ends when cancelled, after tidying up."""
        async with AsyncExitStack() as stack:
            session = open_session(self.place.api_url, proxy=self.place.proxy)
            stack.push_async_callback(session.close)
            running = Tasks()
            crew = self.crew = self._build(session, running)
            await crew.inbox.take_over()
            await crew.outbox.take_over()
            log.info("leading the fleet")
            loops = (
                running.spawn(self._listener(crew).run(), name="listener"),
                running.spawn(crew.fleet.run(), name="fleet"),
                running.spawn(crew.inbox.run(), name="inbox"),
                running.spawn(crew.outbox.run(), name="outbox"),
                running.spawn(crew.jobs.run(), name="jobs"),
                running.spawn(crew.holds.run(), name="holds"),
                running.spawn(crew.broadcasting.run(), name="broadcasts"),
                running.spawn(crew.token_checks.run(), name="token checks"),
            )
            try:
                await asyncio.wait(loops, return_when=asyncio.FIRST_COMPLETED)
            finally:
                self.crew = None
                # Nothing new comes in; what is in flight may finish before the session closes.
                await running.cancel()
                await asyncio.gather(crew.inbox.drain(FINISH_SECONDS), crew.outbox.drain(FINISH_SECONDS))

    def _build(self, session: AiohttpSession, running: Tasks) -> Crew:
        units, registry = self.place.units, Registry()
        shelf = Shelf(self.place.media_dir)
        dispatcher = build_dispatcher(units, registry, shelf)
        handler = Handler(dispatcher)
        inbox = Inbox(units, registry, handler.handle, handler.apologise)
        introducer = Introducer(units, self.place.api_url) if self.place.is_sandbox else None
        source = self._source(inbox, dispatcher.resolve_used_update_types())
        fleet = Fleet(
            units=units,
            session=session,
            registry=registry,
            tasks=running,
            source=source,
            dress=dress,
            introduce=introducer.introduce if introducer else None,
        )
        cards = ReviewCards(units, shelf, self.place.dashboard_url)
        posts = TicketPosts(units, shelf)
        letters = Letters(units, shelf)
        outbox = Outbox(units, registry, fleet.refused, {**cards.senders, **posts.senders, **letters.senders})

        def came_alive() -> None:
            inbox.wake()
            outbox.wake()

        fleet.came_alive = came_alive
        jobs = Jobs(
            [
                Job("expiry", 5.0, lambda: expire_due(units)),
                Job("deliveries", 5.0, lambda: run_due(units)),
                Job("sealing", 5.0, lambda: seal_due(units)),
                Job("books", 60.0, lambda: prove_due(units)),
                Job("sweeping", 3600.0, inbox.sweep),
                Job("quiet tickets", 600.0, lambda: close_quiet(units)),
                Job("ticket reminders", 60.0, lambda: remind_due(units)),
                Job("retention", 3600.0, lambda: remove_old(units, shelf)),
            ]
        )
        return Crew(
            registry=registry,
            fleet=fleet,
            inbox=inbox,
            outbox=outbox,
            jobs=jobs,
            holds=Holds(units),
            broadcasting=Broadcasting(units, outbox),
            token_checks=TokenChecks(units, session),
            source=source,
        )

    def _source(self, inbox: Inbox, allowed_updates: Sequence[str]) -> Source:
        if self.callers is None or self.place.webhook_url is None:
            return PollingSource(inbox.store, allowed_updates)
        return WebhookSource(
            self.callers, self.place.webhook_url, allowed_updates, self.place.webhook_check_seconds
        )

    def _listener(self, crew: Crew) -> Listener:
        def look_everywhere() -> None:
            crew.fleet.look()
            crew.outbox.wake()
            crew.inbox.wake()
            crew.holds.wake()
            crew.broadcasting.wake()
            crew.token_checks.wake()

        def look_at_bots() -> None:
            crew.fleet.look()
            crew.token_checks.wake()

        return Listener(
            self.place.database_url,
            "pishkhan bot listener",
            {
                BOTS: lambda _shop: look_at_bots(),
                OUTBOX: lambda _shop: crew.outbox.wake(),
                INBOX: lambda _shop: crew.inbox.wake(),
                DESK: lambda _shop: crew.holds.wake(),
                BROADCASTS: lambda _shop: crew.broadcasting.wake(),
            },
            on_connect=look_everywhere,
        )

    async def _report(self) -> tuple[bool, dict[str, Any]]:
        crew = self.crew
        details: dict[str, Any] = {"role": "leader" if crew else "standby"}
        if crew is not None:
            details["bots"] = crew.fleet.states()
            if isinstance(crew.source, WebhookSource):
                details["waiting_at_telegram"] = sum(crew.source.waiting.values())
        try:
            async with self.place.units.platform(System("health")) as uow:
                await uow.session.execute(text("select 1"))
            if crew is not None:
                details["inbox"] = await crew.inbox.backlog()
        except (SQLAlchemyError, *CONNECTION_TROUBLE) as error:
            return False, details | {"database": type(error).__name__}
        return True, details


async def dress(bot: Bot, shop: FleetBot) -> None:
    """Tell Telegram the commands, in every language; not vital, so a failure is only noted."""
    try:
        await bot.set_my_commands(commands(shop.default_language))
        for language in LANGUAGES:
            await bot.set_my_commands(commands(language), language_code=language)
    except TelegramAPIError as error:
        log.info("the commands of shop %s were not set: %s", shop.bot_id, error.message)


def place_of(settings: Settings) -> Place:
    """The place that the installation's settings describe. The engine lives as long as the process."""
    engine = build_engine(settings.database_url, application_name="pishkhan bot", pool_size=POOL_SIZE)
    units = UnitsOfWork(build_sessions(engine), Vault(settings.secret_keys), channel="bot")
    return Place(
        database_url=settings.database_url,
        units=units,
        media_dir=settings.media_dir,
        api_url=settings.telegram_api_url,
        proxy=settings.telegram_proxy,
        is_sandbox=settings.sandbox,
        dashboard_url=settings.public_base_url,
        host=settings.host,
        port=settings.bot_port,
        webhook_url=settings.webhook_url,
        webhook_check_seconds=SANDBOX_CHECK_SECONDS if settings.sandbox else CHECK_SECONDS,
    )

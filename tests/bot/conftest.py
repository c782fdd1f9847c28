"""The bot process as it is, over the sandbox's real HTTP, on a database of its own."""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import asyncpg
import httpx
import pytest

from bot.app import BotProcess, Place
from bot.sandbox.server import Sandbox, run_sandbox
from db import migrate
from db.crypto import Vault
from db.embedded import Database, Server
from db.engine import build_engine, build_sessions
from db.urls import APP_ROLE
from shop.media.shelf import Shelf
from shop.unit_of_work import UnitsOfWork
from tests.bot.phone import Phone, Wire
from tests.conftest import Clock
from tests.factories import Shop, Shops
from tests.sandbox.judge import Judge

SECRET = "b0t-tests-have-a-secret-of-their-own"
MakePhone = Callable[..., Awaitable[Phone]]


@pytest.fixture(scope="session")
async def bot_database(server: Server) -> Database:
    """Apart from the suite's: the fleet starts every bot it finds."""
    made = server.create_database("bots")
    await migrate.upgrade(made.owner_url, app_role=APP_ROLE)
    return made


@pytest.fixture(scope="session")
async def bot_units(bot_database: Database) -> AsyncIterator[UnitsOfWork]:
    """With the real clock: the process under test waits by it."""
    engine = build_engine(bot_database.app_url, application_name="bot tests", pool_size=15)
    yield UnitsOfWork(build_sessions(engine), Vault((SECRET,)), channel="bot")
    await engine.dispose()


@pytest.fixture
async def bare(server: Server, bot_database: Database) -> AsyncIterator[asyncpg.Connection]:
    """A superuser's look into the bots' database."""
    connection = await asyncpg.connect(
        host=str(server.socket_folder), port=5432, user="postgres", database=bot_database.name
    )
    # The shops of earlier tests go off duty.
    await connection.execute("update bots set is_active = false")
    yield connection
    await connection.close()


@pytest.fixture
def units(bot_units: UnitsOfWork, bare: asyncpg.Connection) -> UnitsOfWork:
    return bot_units


@pytest.fixture
def timed_units(units: UnitsOfWork, clock: Clock) -> UnitsOfWork:
    """The same database, by a clock the test moves."""
    clock.now = units.clock()
    return replace(units, clock=clock)


@pytest.fixture
def shops(units: UnitsOfWork, shelf: Shelf) -> Shops:
    return Shops(units, shelf)


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """Whatever our bot asks in any of these tests, and whatever it is told, is held against the Bot API."""
    judge = Judge()
    async with run_sandbox() as running:
        running.world.witness = judge
        yield running
    assert judge.problems == []


@pytest.fixture
async def wire(sandbox: Sandbox) -> AsyncIterator[Wire]:
    async with httpx.AsyncClient(timeout=20) as http:
        yield Wire(sandbox.url, http)


@pytest.fixture
def place(bot_database: Database, units: UnitsOfWork, sandbox: Sandbox, tmp_path: Path) -> Place:
    return Place(bot_database.app_url, units, tmp_path / "media", sandbox.url, is_sandbox=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def shelf(place: Place) -> Shelf:
    """The process reads the pictures that the tests hand in."""
    return Shelf(place.media_dir)


@asynccontextmanager
async def running(place: Place) -> AsyncIterator[BotProcess]:
    """A bot process for as long as the block lasts; new objects each time, as after a restart."""
    process, stop = BotProcess(place), asyncio.Event()
    task = asyncio.create_task(process.run(stop))
    try:
        yield process
    finally:
        stop.set()
        await asyncio.wait_for(task, 15)


@pytest.fixture
async def bots(place: Place) -> AsyncIterator[BotProcess]:
    async with running(place) as process:
        yield process


@pytest.fixture
def make_phone(wire: Wire) -> MakePhone:
    async def make(shop: Shop, *, name: str = "Carol", language: str = "en") -> Phone:
        user_id = 10**8 + secrets.randbelow(9 * 10**8)
        await wire.act(
            "bot",
            token=shop.telegram_token,
            username=f"shop{shop.bot_id}_bot",
            name=shop.name,
            if_absent=True,
        )
        await wire.act("user", id=user_id, first_name=name, language_code=language)
        return Phone(wire, shop.telegram_token, user_id)

    return make

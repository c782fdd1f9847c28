"""One real PostgreSQL for the whole run; every test opens shops of its own, so nothing is cleaned up."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from db import migrate
from db.crypto import Vault
from db.embedded import Database, Server, embedded_postgres
from db.engine import build_engine, build_sessions
from db.urls import APP_ROLE
from shop.media.shelf import Shelf
from shop.unit_of_work import UnitsOfWork
from tests.factories import MakeShop, Shops

NOON = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
"""Twelve o'clock in Tehran, on the first of Azar 1405."""
SECRET = "a secret of the tests, long enough to pass"


class Clock:
    """The instant every unit of work of a test sees, unless the test moves it."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **amount: float) -> datetime:
        """Let time pass: ``clock.forward(minutes=31)``."""
        self.now += timedelta(**amount)
        return self.now


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The embedded server, without fsync: quick, and never for tests that crash it."""
    with embedded_postgres(tmp_path_factory.mktemp("postgres"), fsync=False) as running:
        yield running


@pytest.fixture(scope="session")
async def database(server: Server) -> Database:
    """A migrated database, reached by the owner and by the application."""
    made = server.create_database("suite")
    await migrate.upgrade(made.owner_url, app_role=APP_ROLE)
    return made


@pytest.fixture(scope="session")
async def engine(database: Database) -> AsyncIterator[AsyncEngine]:
    """The application's role, with room for races of many callers."""
    built = build_engine(database.app_url, application_name="tests", pool_size=40)
    yield built
    await built.dispose()


@pytest.fixture(scope="session")
def sessions(engine: AsyncEngine) -> async_sessionmaker[AsyncSession]:
    return build_sessions(engine)


@pytest.fixture(scope="session")
def vault() -> Vault:
    return Vault((SECRET,))


@pytest.fixture
def clock() -> Clock:
    return Clock(NOON)


@pytest.fixture
def units(sessions: async_sessionmaker[AsyncSession], vault: Vault, clock: Clock) -> UnitsOfWork:
    return UnitsOfWork(sessions, vault, channel="test", clock=clock)


@pytest.fixture
def shelf(tmp_path) -> Shelf:
    return Shelf(tmp_path / "media")


@pytest.fixture
async def everything(server: Server, database: Database) -> AsyncIterator[asyncpg.Connection]:
    """A superuser's connection: sees through every wall, to check what is really there."""
    connection = await asyncpg.connect(
        host=str(server.socket_folder), port=5432, user="postgres", database=database.name
    )
    yield connection
    await connection.close()


@pytest.fixture
async def app_connection(server: Server, database: Database) -> AsyncIterator[asyncpg.Connection]:
    """The application's role without any of our code around it: what the wall alone lets through."""
    connection = await asyncpg.connect(
        host=str(server.socket_folder), port=5432, user=APP_ROLE, database=database.name
    )
    yield connection
    await connection.close()


@pytest.fixture
def shops(units: UnitsOfWork, shelf: Shelf) -> Shops:
    """Opens shops, fills them and buys in them."""
    return Shops(units, shelf)


@pytest.fixture
def make_shop(shops: Shops) -> MakeShop:
    return shops.open

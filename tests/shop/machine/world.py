"""Where the machine runs: one database, a loop, a clock, three pictures."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg

from db.crypto import Vault
from db.embedded import Database, Server
from db.engine import build_engine, build_sessions
from shop.media import picture
from shop.media.shelf import Shelf
from shop.unit_of_work import UnitsOfWork
from tests.conftest import NOON, Clock
from tests.factories import Person, photo


@dataclass
class World:
    """One database with a loop of its own: the machine's steps are not coroutines."""

    runner: asyncio.Runner
    units: UnitsOfWork
    clock: Clock
    shelf: Shelf
    everything: asyncpg.Connection
    pictures: list[picture.Prepared] = field(default_factory=list)

    def do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(work)


@contextmanager
def world(server: Server, database: Database, vault: Vault, folder: Path) -> Iterator[World]:
    with asyncio.Runner() as runner:

        @asynccontextmanager
        async def opened() -> AsyncIterator[World]:
            clock = Clock(NOON)
            engine = build_engine(database.app_url, application_name="machine", pool_size=20)
            watching = await asyncpg.connect(
                host=str(server.socket_folder), port=5432, user="postgres", database=database.name
            )
            units = UnitsOfWork(build_sessions(engine), vault, channel="test", clock=clock)
            made = World(runner, units, clock, Shelf(folder), watching)
            # Decoding is not what is tried here: three pictures serve all runs.
            made.pictures = [await picture.prepare(photo()) for _ in range(3)]
            yield made
            await watching.close()
            await engine.dispose()

        opening = opened()
        try:
            yield runner.run(opening.__aenter__())
        finally:
            runner.run(opening.__aexit__(None, None, None))


@dataclass
class Trade:
    """An order of the machine, and the payments that were begun for it."""

    order_id: int
    buyer: Person
    payments: list[int] = field(default_factory=list)

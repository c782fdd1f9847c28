"""The pool: how often it waits for the database, and what it does about connections that died."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import event, text

import db.engine
from db.crypto import Vault
from db.engine import build_engine, build_sessions
from db.urls import APP_ROLE, embedded_address
from shop.actors import System
from shop.unit_of_work import UnitsOfWork
from tests.bench.wiretap import Wiretap, tapped
from tests.conftest import SECRET

NAME = "a pool under test"
ACTOR = System("test")


@pytest.fixture
async def tap(server, tmp_path: Path) -> AsyncIterator[Wiretap]:
    async with tapped(server.socket_folder / ".s.PGSQL.5432", tmp_path / "tap") as made:
        yield made


@asynccontextmanager
async def pool(url: str, gone: asyncio.Semaphore | None = None) -> AsyncIterator[UnitsOfWork]:
    """``gone`` is released once for each connection of which the driver hears that it ended."""
    engine = build_engine(url, application_name=NAME)
    if gone is not None:

        @event.listens_for(engine.sync_engine, "connect")
        def listen(made, _entry) -> None:
            made.driver_connection.add_termination_listener(lambda _: gone.release())

    try:
        yield UnitsOfWork(build_sessions(engine), Vault((SECRET,)), channel="test")
    finally:
        await engine.dispose()


async def ask(units: UnitsOfWork) -> int:
    """A unit of one statement; the server's process that answered."""
    async with units.platform(ACTOR) as uow:
        return await uow.session.scalar(text("SELECT pg_backend_pid() FROM pg_sleep(0.02)"))


async def test_a_unit_of_one_statement_waits_three_times_for_the_database(database, tap):
    async with pool(embedded_address(APP_ROLE, database.name, tap.folder)) as units:
        await ask(units)
        tap.take()

        await ask(units)

        assert tap.take() == 3  # BEGIN with the scope, the statement, COMMIT


async def test_the_connection_that_was_used_last_is_used_next(database):
    """It has the statements prepared; in turn with the others it would have rested, and be asked first."""
    async with pool(database.app_url) as units:
        await asyncio.gather(*(ask(units) for _ in range(4)))

        answered = [await ask(units) for _ in range(3)]

        assert len(set(answered)) == 1


async def test_a_unit_that_may_be_lost_waits_for_no_disk_and_the_next_on_its_connection_does(database):
    show = text("SELECT current_setting('synchronous_commit'), pg_backend_pid()")

    async def how(*, may_be_lost: bool) -> tuple[str, int]:
        async with units.platform(ACTOR, may_be_lost=may_be_lost) as uow:
            return tuple((await uow.session.execute(show)).one())

    async with pool(database.app_url) as units:
        async with units.platform(ACTOR) as uow:  # the server of the tests is in a hurry anyway
            await uow.session.execute(text("SET synchronous_commit = on"))
        ordinary, hurried, after = [await how(may_be_lost=lost) for lost in (False, True, False)]

    assert (ordinary[0], hurried[0], after[0]) == ("on", "off", "on")
    assert ordinary[1] == hurried[1] == after[1]


async def test_connections_that_the_server_ended_are_not_handed_out(database, everything):
    gone = asyncio.Semaphore(0)
    async with pool(database.app_url, gone) as units:
        before = set(await asyncio.gather(*(ask(units) for _ in range(5))))
        killed = await everything.fetch(
            "SELECT pid, pg_terminate_backend(pid, 5000) AS gone FROM pg_stat_activity "
            "WHERE application_name = $1",
            NAME,
        )
        # Ended there, heard of here: on a busy machine the news takes a moment.
        for _ in before:
            await asyncio.wait_for(gone.acquire(), 20)

        after = set(await asyncio.gather(*(ask(units) for _ in range(20))))

    assert {row["pid"] for row in killed if row["gone"]} >= before
    assert not before & after


async def test_a_connection_that_died_in_silence_while_it_rested_is_found_out(database, tap, monkeypatch):
    monkeypatch.setattr(db.engine, "RESTED_SECONDS", 0)
    monkeypatch.setattr(db.engine, "CONNECT_SECONDS", 0.2)
    async with pool(embedded_address(APP_ROLE, database.name, tap.folder)) as units:
        before = await ask(units)
        tap.swallow()

        after = await ask(units)

    assert after != before

"""Readers who are slow, and workers who go."""

from __future__ import annotations

import asyncio
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import httpx
import pytest

from db import migrate
from db.crypto import Vault
from db.embedded import Database, Server
from db.engine import build_engine, build_sessions
from db.urls import APP_ROLE
from shop.media.shelf import Shelf
from shop.staff.sessions import ShopOnScreen, SignedIn
from shop.unit_of_work import UnitsOfWork
from tests.conftest import NOON
from tests.factories import Shop, Shops
from tests.runtime.running import process
from tests.web.conftest import Browser
from tests.web.test_live import Line, free_port
from web.hub import Hub, Pace
from web.streams import Snapshot, Viewer, follow, patient

PATIENCE = 30.0
WORKERS = 2
LISTENERS = """SELECT count(*) FROM pg_stat_activity
               WHERE application_name = 'pishkhan-web-notices' AND datname = $1"""
KEY = "0123456789abcdef0123456789abcdef"
AT_ONCE = Pace(beat=300, gather=0, between=0, stale=300)


def somebody(*, shop: int = 7) -> SignedIn:
    return SignedIn(
        id_hash=b"h",
        home_bot_id=shop,
        staff_id=1,
        name="Alice",
        role="owner",
        permissions=frozenset(),
        api_token_id=1,
        csrf_secret=b"c",
        last_seen_at=NOON,
        proved_at=NOON,
        telegram_id=None,
        bot_lives=True,
        shop=ShopOnScreen(shop, "Nasim", "nasim_bot", "fa", "Asia/Tehran", "IRT", has_sold=True),
    )


class Counting:
    """A viewer who counts how often he looks."""

    def __init__(self) -> None:
        self.looks = 0

    async def look(self) -> Snapshot:
        self.looks += 1
        return Snapshot(self.looks, f"look {self.looks}", 300)

    async def may_stay(self) -> bool:
        return True


async def test_nothing_is_prepared_for_a_reader_who_has_not_taken_what_there_is():
    hub, counting = Hub(AT_ONCE), Counting()
    seat = hub.take_seat(somebody())
    stream = follow(hub, seat, Viewer(counting.look, counting.may_stay), Snapshot(0, "first", 300))
    assert b"first" in await anext(stream)

    for _ in range(50):
        hub.desk_changed("7")
        await asyncio.sleep(0)

    assert counting.looks == 0
    assert b"look 1" in await anext(stream)
    hub.close()
    assert [message async for message in stream] == []
    assert hub.count() == 0


async def test_a_stream_nobody_began_to_read_leaves_no_seat():
    hub, counting = Hub(AT_ONCE), Counting()
    stream = follow(
        hub, hub.take_seat(somebody()), Viewer(counting.look, counting.may_stay), Snapshot(0, "first", 300)
    )
    assert hub.count() == 1

    del stream

    assert hub.count() == 0


async def test_a_reader_who_never_takes_a_message_is_let_go():
    is_let_go = False

    async def app(_scope, _receive, send) -> None:
        nonlocal is_let_go
        try:
            await send({"type": "http.response.body", "body": b"x", "more_body": True})
        finally:
            is_let_go = True

    async def never(_message) -> None:
        await asyncio.Event().wait()

    async with asyncio.timeout(PATIENCE):
        await patient(0.05)(app)({}, None, never)  # type: ignore[arg-type, typeddict-item]

    assert is_let_go


@pytest.fixture
async def own_database(server: Server) -> AsyncIterator[Database]:
    """One of its own: the process keeps its secrets under another key than the suite's."""
    made = server.create_database("streams")
    await migrate.upgrade(made.owner_url, app_role=APP_ROLE)
    yield made
    server.drop_database("streams")


@pytest.fixture
async def own_shop(own_database: Database, shelf: Shelf) -> AsyncIterator[Shop]:
    engine = build_engine(own_database.app_url, application_name="tests")
    yield await Shops(UnitsOfWork(build_sessions(engine), Vault((KEY,)), channel="test"), shelf).open()
    await engine.dispose()


@pytest.fixture
def web(own_database: Database, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The web process as the Procfile starts it, with two workers."""
    port = free_port()
    environment = {
        "DATABASE_URL": own_database.app_url,
        "SECRET_KEY": KEY,
        "PISHKHAN_DATA": str(tmp_path / "data"),
        "PORT": str(port),
        "WEB_WORKERS": str(WORKERS),
    }
    with process("-m", "web", **environment) as running:
        yield running, f"http://127.0.0.1:{port}"


async def test_a_worker_that_stops_ends_its_streams_and_need_not_be_killed(
    web, own_shop, own_database, server
):
    running, address = web
    await listening(server, own_database)
    async with httpx.AsyncClient(base_url=address, timeout=PATIENCE) as client:
        await serving(client, running)
        browser = Browser(client)
        assert (await browser.sign_in(own_shop.api_token)).status_code == 303
        cookie = {"Cookie": f"pishkhan={browser.session}"}
        async with (
            httpx.AsyncClient(base_url=address, timeout=PATIENCE) as one,
            one.stream("GET", "/events", headers=cookie) as first,
            httpx.AsyncClient(base_url=address, timeout=PATIENCE) as other,
            other.stream("GET", "/events?topics=desk", headers=cookie) as second,
        ):
            lines = [Line(first), Line(second)]
            for line in lines:
                assert (await line.snapshot()).retry == 3000

            running.send_signal(signal.SIGTERM)

            assert [await line.ends() for line in lines] == [True, True]
    output, _ = await asyncio.to_thread(running.communicate, timeout=PATIENCE)
    assert running.returncode == 0
    assert "refused to gracefully stop" not in output


async def listening(server: Server, database: Database) -> None:
    """Both workers are up: one that is told to stop while it still loads does not hear it."""
    watching = await asyncpg.connect(
        host=str(server.socket_folder), port=5432, user="postgres", database=database.name
    )
    try:
        async with asyncio.timeout(PATIENCE):
            while True:
                if await watching.fetchval(LISTENERS, database.name) == WORKERS:
                    return
                await asyncio.sleep(0.05)
    finally:
        await watching.close()


async def serving(client: httpx.AsyncClient, running: subprocess.Popen[str]) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            assert running.poll() is None, running.stdout and running.stdout.read()
            try:
                await client.get("/health/live")
            except httpx.TransportError:
                await asyncio.sleep(0.05)
            else:
                return


def test_a_broadcast_that_moves_wakes_whoever_watches_it_and_nobody_else():
    hub = Hub()
    watching, elsewhere = hub.take_seat(somebody(), watches_broadcasts=True), hub.take_seat(somebody())
    hub.progress_made("999")
    assert not watching.must_look

    hub.progress_made(str(watching.shop_id))

    assert (watching.must_look, elsewhere.must_look) == (True, False)

"""The stream that keeps open pages true, over real HTTP: two servers, as two workers, on one database."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
import pytest
from granian.constants import Interfaces
from granian.server.embed import Server

from db.embedded import Database
from shop.unit_of_work import UnitsOfWork
from tests.web.conftest import Browser
from web.app import build_app, readiness_of
from web.hub import Hub, Pace, listening
from web.security import Hardened

PATIENCE = 10.0
QUICK = Pace(beat=0.4, gather=0.05, between=0.3, stale=60.0)


@dataclass
class Heard:
    """One message of a stream."""

    id: int | None = None
    event: str = ""
    data: str = ""
    retry: int | None = None
    comment: str = ""

    @property
    def waiting(self) -> str:
        """The count it tells."""
        return re.search(r'data-waiting="([^"]*)"', self.data)[1]

    @property
    def queue(self) -> list[int]:
        return [int(n) for n in re.findall(r'id="q-(\d+)"', self.data)]


@dataclass
class Line:
    """A browser's end of a stream."""

    response: httpx.Response
    lines: AsyncIterator[str] = field(init=False)

    def __post_init__(self) -> None:
        self.lines = self.response.aiter_lines()

    async def message(self) -> Heard:
        """The next one, whatever it is. Raises StopAsyncIteration when the stream has ended."""
        heard, is_begun = Heard(), False
        async with asyncio.timeout(PATIENCE):
            while True:
                line = await anext(self.lines)
                if not line:
                    if is_begun:
                        return heard
                    continue
                is_begun = True
                name, _, value = line.partition(":")
                value = value.removeprefix(" ")
                if name == "id":
                    heard.id = int(value)
                elif name == "retry":
                    heard.retry = int(value)
                elif name == "data":
                    heard.data += value + "\n"
                elif name == "event":
                    heard.event = value
                else:
                    heard.comment = value

    async def snapshot(self, *, until: Callable[[Heard], bool] = lambda _: True) -> Heard:
        """The next snapshot for which ``until`` holds."""
        async with asyncio.timeout(PATIENCE):
            while True:
                heard = await self.message()
                if not heard.event and until(heard):
                    return heard

    async def ends(self) -> bool:
        """True once the stream is over; what is said before does not matter."""
        try:
            while True:
                await self.message()
        except StopAsyncIteration:
            return True


@dataclass
class Worker:
    """One server of its own: its own hub, its own connection for notices."""

    address: str
    hub: Hub

    @asynccontextmanager
    async def line(self, browser: Browser, url: str = "/events", **headers: str) -> AsyncIterator[Line]:
        cookie = {"Cookie": f"pishkhan={browser.session}"}
        async with (
            httpx.AsyncClient(timeout=PATIENCE) as client,
            client.stream("GET", self.address + url, headers={**cookie, **headers}) as response,
        ):
            yield Line(response)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
async def workers(sessions, vault, _wall_clock, shelf, assets, engine, database: Database):
    """Two of them."""
    async with asyncio.TaskGroup() as tasks:
        running = []
        for _ in range(2):
            hub, port = Hub(QUICK), free_port()
            app = build_app(
                UnitsOfWork(sessions, vault, channel="web", clock=_wall_clock),
                shelf=shelf,
                assets=assets,
                https=False,
                readiness=readiness_of(engine),
                hub=hub,
                lifespan=[listening(hub, database.app_url)],
            )
            server = Server(
                Hardened(app, https=False), port=port, interface=Interfaces.ASGI, log_enabled=False
            )
            tasks.create_task(server.serve())
            running.append((server, Worker(f"http://127.0.0.1:{port}", hub)))
        for _, worker in running:
            await _until_serving(worker.address)
        yield [worker for _, worker in running]
        for server, worker in running:
            worker.hub.close()
            server.stop()


async def _until_serving(address: str) -> None:
    async with asyncio.timeout(PATIENCE), httpx.AsyncClient() as client:
        while True:
            try:
                if (await client.get(f"{address}/health/live")).status_code == 200:
                    return
            except httpx.TransportError:
                await asyncio.sleep(0.05)


@pytest.fixture
async def shop(shops):
    return await shops.open(name="Nasim")


@pytest.fixture
async def alice(shop, signed_in) -> Browser:
    return await signed_in(shop)


async def test_what_comes_first_is_a_whole_snapshot(workers, alice, shop, shops):
    sent = await shops.receipt(shop)

    async with workers[0].line(alice, "/events?topics=desk") as line:
        first = await line.message()

    assert line.response.headers["content-type"].startswith("text/event-stream")
    assert line.response.headers["x-accel-buffering"] == "no"
    assert line.response.headers["cache-control"] == "no-store"
    assert first.retry == 3000
    assert first.queue == [sent.payment_id]


async def test_a_new_receipt_is_told_at_every_worker(workers, alice, shop, shops):
    async with (
        workers[0].line(alice, "/events?topics=desk") as one,
        workers[1].line(alice, "/events") as other,
    ):
        await one.snapshot()
        await other.snapshot()
        sent = await shops.receipt(shop)

        assert (await one.snapshot()).queue == [sent.payment_id]
        assert (await other.snapshot()).waiting == "۱"

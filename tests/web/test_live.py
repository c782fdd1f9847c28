"""The stream that keeps open pages true, over real HTTP: two servers, as two workers, on one database."""

from __future__ import annotations

import asyncio
import re
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field

import httpx
import pytest
from granian.constants import Interfaces
from granian.server.embed import Server

from db.embedded import Database
from shop.bots import service as bots
from shop.cards import keeping as cards
from shop.features import service as features
from shop.receipts import claims, holding, service
from shop.staff import service as staff
from shop.unit_of_work import UnitsOfWork
from tests.factories import MASTER
from tests.web.conftest import Browser, add_staff
from web.app import build_app, readiness_of
from web.hub import MOST_SEATS, Hub, Pace, listening
from web.security import Hardened

PATIENCE = 10.0
QUICK = Pace(beat=0.4, gather=0.05, between=0.3, stale=300.0)
PATIENT = Pace(beat=300.0, gather=0.05, between=0.3, stale=300.0)
"""What happens here within a test happens because of a notice, not of a beat."""


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
        with suppress(StopAsyncIteration):
            async with asyncio.timeout(PATIENCE):
                while True:
                    await self.message()
        return True


@dataclass
class Worker:
    """One server of its own: its own hub, its own connection for notices."""

    address: str
    hub: Hub

    @asynccontextmanager
    async def line(self, browser: Browser, url: str = "/events", **headers: str) -> AsyncIterator[Line]:
        cookie = {"Cookie": f"pishkhan={browser.session}"}
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
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
    """Two of them: the first beats often, the second not within a test."""
    async with asyncio.TaskGroup() as tasks:
        running = []
        for pace in (QUICK, PATIENT):
            hub, port = Hub(pace), free_port()
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


async def eventually(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            if condition():
                return
            await asyncio.sleep(0.02)


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


async def test_a_new_receipt_and_its_decision_are_told_at_every_worker(workers, units, alice, shop, shops):
    async with (
        workers[0].line(alice, "/events?topics=desk") as one,
        workers[1].line(alice, "/events") as other,
    ):
        await one.snapshot()
        await other.snapshot()

        sent = await shops.receipt(shop)
        assert (await one.snapshot()).queue == [sent.payment_id]
        assert (await other.snapshot()).waiting == "۱"
        async with units.begin(shop.bot_id, shop.owner) as uow:
            await service.approve(uow, sent.payment_id)

        assert (await one.snapshot()).queue == []
        assert (await other.snapshot()).waiting == ""


async def test_open_pages_are_told_that_nobody_can_pay_by_card_any_more(workers, units, alice, shop):
    async with workers[1].line(alice) as line:
        assert "هیچ کارتی" not in (await line.snapshot()).data

        async with units.begin(shop.bot_id, shop.owner) as uow:
            await cards.deactivate_card(uow, shop.card_id)
        assert "هیچ کارتی در نوبت نیست" in (await line.snapshot()).data
        async with units.begin(shop.bot_id, shop.owner) as uow:
            await features.disable_feature(uow, "card_to_card")

        assert "هیچ کارتی" not in (await line.snapshot()).data


async def test_a_receipt_handed_on_is_told_first_to_whom_it_was_handed(
    workers, units, alice, shop, shops, new_browser
):
    first, second = [(await shops.receipt(shop)).payment_id for _ in range(2)]
    sara, token = await add_staff(units, shop, name="Sara")
    browser = new_browser()
    await browser.sign_in(token)
    async with (
        workers[1].line(alice, "/events?topics=desk") as hers,
        workers[1].line(browser, "/events?topics=desk") as saras,
    ):
        await hers.snapshot()
        assert (await saras.snapshot()).queue == [first, second]
        async with units.begin(shop.bot_id, shop.owner) as uow:
            await claims.hand_on(uow, second, to=sara.staff_id)

        told = await saras.snapshot()
        assert told.queue == [second, first]
        assert told.data.count("برای شما") == 1
        told = await hers.snapshot()
        assert told.queue == [first, second]
        assert "برای شما" not in told.data


async def test_another_shop_hears_nothing(workers, alice, shop, shops, signed_in):
    mallorys = await shops.open(name="Mallory's shop")
    mallory = await signed_in(mallorys)

    async with (
        workers[1].line(mallory, "/events?topics=desk") as hers,
        workers[1].line(alice, "/events") as ours,
    ):
        await hers.snapshot()
        await ours.snapshot()
        await shops.receipt(shop)
        await ours.snapshot(until=lambda heard: heard.waiting == "۱")
        own = await shops.receipt(mallorys)

        # The very next thing she hears is her own.
        assert (await hers.message()).queue == [own.payment_id]


async def test_another_shops_receipt_has_no_stream(workers, shop, shops, signed_in):
    sent = await shops.receipt(shop)
    mallory = await signed_in(await shops.open(name="Mallory's shop"))

    for url in ("/events", "/events/now"):
        async with workers[0].line(mallory, f"{url}?topics=desk&item={sent.payment_id}") as line:
            assert line.response.status_code == 404


async def test_silence_is_filled_with_beats(workers, alice):
    async with workers[0].line(alice) as line:
        await line.snapshot()

        beats = [await line.message() for _ in range(2)]

    assert [(beat.event, beat.comment, beat.id) for beat in beats] == [("beat", "beat", None)] * 2


async def test_a_burst_is_one_or_two_snapshots(workers, alice, shop, shops, units, everything):
    sent = await shops.receipt(shop)
    async with workers[1].line(alice, "/events") as line:
        await line.snapshot()
        began = time.monotonic()
        for _ in range(50):
            await everything.execute(f"NOTIFY desk, '{shop.bot_id}'")
        async with units.begin(shop.bot_id, shop.owner) as uow:
            await service.approve(uow, sent.payment_id)
        took = time.monotonic() - began
        heard = [await line.snapshot()]
        while heard[-1].waiting:
            heard.append(await line.snapshot())

    assert len(heard) <= 2 + took / PATIENT.between


async def test_moments_rise_across_workers_and_reconnections(workers, alice, shop, shops):
    seen = []
    for worker in (*workers, *workers):
        async with worker.line(alice) as line:
            seen.append((await line.snapshot()).id)
            await shops.receipt(shop)
            seen.append((await line.snapshot()).id)

    assert seen == sorted(set(seen))


@pytest.mark.parametrize("said", ["9" * 17, "x", "-5", "9" * 40, ""])
async def test_a_reader_never_gets_a_moment_it_has_seen(workers, alice, said):
    async with workers[0].line(alice, Last_Event_ID=said) as line:
        first = await line.snapshot()

    assert first.id > (int(said) if said == "9" * 17 else 10**15)


async def test_who_comes_back_is_told_everything_missed(workers, alice, shop, shops, units):
    async with workers[0].line(alice, "/events?topics=desk") as line:
        before = await line.snapshot()
    sent = [await shops.receipt(shop) for _ in range(3)]
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await service.approve(uow, sent[1].payment_id)

    async with workers[1].line(alice, "/events?topics=desk", Last_Event_ID=str(before.id)) as line:
        first = await line.message()

    assert first.queue == [sent[0].payment_id, sent[2].payment_id]


async def test_what_was_said_while_nobody_listened_is_told_afterwards(
    workers, alice, shop, shops, everything
):
    async with workers[1].line(alice) as line:
        await line.snapshot()
        ended = await everything.fetch(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'pishkhan-web-notices' AND datname = current_database()"
        )
        await shops.receipt(shop)

        assert len(ended) == 2
        assert (await line.snapshot(until=lambda heard: heard.waiting == "۱")).id


async def test_the_queue_stays_when_a_colleague_decides_the_open_one(workers, alice, shop, shops, units):
    sent, other = await shops.receipt(shop), await shops.receipt(shop)
    async with workers[1].line(alice, f"/events?topics=desk&tab=waiting&item={sent.payment_id}") as line:
        assert f"/receipts/{sent.payment_id}/approve" in (await line.snapshot()).data
        async with units.begin(shop.bot_id, shop.owner) as uow:
            await service.approve(uow, sent.payment_id)

        heard = await line.snapshot()

    assert heard.queue == [other.payment_id]
    assert f"/receipts/{sent.payment_id}/approve" not in heard.data
    assert "act-done" in heard.data


async def test_a_held_decision_is_told_with_its_undo_and_then_goes(workers, shops, signed_in, units, clock):
    shop = await shops.open(hold_seconds=6)
    sent = await shops.receipt(shop)
    async with workers[1].line(await signed_in(shop), "/events?topics=desk") as line:
        await line.snapshot()
        async with units.begin(shop.bot_id, shop.owner) as uow:
            await holding.hold_approval(uow, sent.payment_id)

        heard = await line.snapshot()
        assert (heard.queue, heard.waiting) == ([], "")
        assert f"/receipts/{sent.payment_id}/undo" in heard.data
        clock.forward(seconds=7)
        assert await holding.commit_due(units) >= 1

        assert "/undo" not in (await line.snapshot()).data


async def test_the_overview_is_told_what_waits(workers, alice, shop, shops):
    async with workers[1].line(alice, "/events?topics=overview") as line:
        assert "todo" in (await line.snapshot()).data
        await shops.receipt(shop)

        assert "۱ رسید" in (await line.snapshot()).data


async def test_the_overview_is_told_its_figures_in_the_range_it_shows(workers, alice, shop, shops, units):
    async with workers[1].line(alice, "/events?topics=overview&range=7") as line:
        await line.snapshot()
        sent = await shops.receipt(shop)
        await line.snapshot()
        async with units.begin(shop.bot_id, shop.owner) as uow:
            await service.approve(uow, sent.payment_id)

        heard = (await line.snapshot()).data

    for part in ("#figures", "#chart", "#chart-table", "#top-plans", "#activity"):
        assert f'hx-target="{part}"' in heard
    assert "۱۲۵٬۰۰۰" in heard
    assert heard.count('scope="row"') == 7


# How a stream ends ------------------------------------------------------------------------------------------


async def _log_out(alice, units, shop, everything):
    await alice.post("/logout")


async def _log_out_everywhere(alice, units, shop, everything):
    await alice.post("/logout-everywhere")


async def _revoke(alice, units, shop, everything):
    async with units.begin(shop.bot_id, shop.owner) as uow:
        token_id = await everything.fetchval("SELECT id FROM api_tokens WHERE bot_id = $1", shop.bot_id)
        await staff.revoke_api_token(uow, token_id)


async def _delete_shop(alice, units, shop, everything):
    async with units.platform(MASTER) as uow:
        await bots.delete_bot(uow, shop.bot_id)


@pytest.mark.parametrize("how", [_log_out, _log_out_everywhere, _revoke, _delete_shop])
async def test_a_stream_ends_at_once_with_the_right_to_it(workers, alice, units, shop, everything, how):
    async with workers[1].line(alice) as line:
        await line.snapshot()

        await how(alice, units, shop, everything)

        assert await line.ends()
    async with workers[1].line(alice) as again:
        assert again.response.status_code in {303, 401}


async def test_a_suspension_nobody_announces_ends_it_with_the_next_beat(workers, alice, shop, everything):
    async with workers[0].line(alice) as line:
        await line.snapshot()

        await everything.execute("UPDATE bots SET status = 'suspended' WHERE id = $1", shop.bot_id)

        assert await line.ends()


async def test_a_session_that_grows_old_ends_with_the_next_beat(workers, alice, clock):
    async with workers[0].line(alice) as line:
        await line.snapshot()

        clock.forward(days=8)

        assert await line.ends()


async def test_an_open_page_keeps_no_session_alive(workers, alice, everything, clock):
    seen = "SELECT last_seen_at FROM sessions WHERE id_hash = sha256($1::bytea)"
    before = await everything.fetchval(seen, alice.session.encode())
    clock.forward(hours=2)

    async with workers[0].line(alice) as line:
        await line.snapshot()
        await line.message()
    async with workers[0].line(alice, "/events/now") as line:
        assert line.response.status_code == 200

    assert await everything.fetchval(seen, alice.session.encode()) == before


async def test_the_master_hears_a_shop_only_while_he_looks_at_it(workers, new_browser, master, shop, shops):
    browser = new_browser()
    await browser.sign_in(master.api_token)
    await browser.post(f"/platform/bots/{shop.bot_id}/open")

    async with workers[1].line(browser, "/events?topics=desk") as line:
        await line.snapshot()
        sent = await shops.receipt(shop)
        heard = await line.snapshot()
        assert heard.queue == [sent.payment_id]
        assert "/approve" not in heard.data
        await browser.post("/platform/leave")

        assert await line.ends()


async def test_who_lost_the_right_to_see_receipts_hears_no_more(
    workers, shop, shops, units, new_browser, everything
):
    bob, token = await add_staff(units, shop)
    browser = new_browser()
    await browser.sign_in(token)
    async with workers[1].line(browser, "/events?topics=desk") as line:
        await line.snapshot()

        await everything.execute("UPDATE staff SET permissions = '{}' WHERE id = $1", bob.staff_id)
        await shops.receipt(shop)

        assert await line.ends()


async def test_a_person_has_only_so_many_streams(workers, alice):
    async with AsyncExitStack() as stack:
        lines = [await stack.enter_async_context(workers[1].line(alice)) for _ in range(MOST_SEATS)]
        for line in lines:
            await line.snapshot()

        async with workers[1].line(alice) as one_more:
            assert one_more.response.status_code == 429
        async with workers[1].line(alice, "/events/now") as asked:
            assert asked.response.status_code == 200
    await eventually(lambda: workers[1].hub.count() == 0)
    async with workers[1].line(alice) as line:
        assert (await line.snapshot()).id


async def test_a_stream_at_rest_holds_no_connection(workers, alice, engine):
    async with workers[1].line(alice) as line:
        await line.snapshot()

        await eventually(lambda: engine.pool.checkedout() == 0)


async def test_what_is_fetched_is_what_is_told(workers, alice, shop, shops):
    sent = await shops.receipt(shop)
    url = f"topics=desk&item={sent.payment_id}"

    async with workers[0].line(alice, f"/events?{url}") as line:
        told = await line.snapshot()
    async with workers[0].line(alice, f"/events/now?{url}") as line:
        fetched = await line.response.aread()

    assert fetched.decode().split() == told.data.split()

"""P3: every list of shops of one size in a very large database beside a small one; page 100 beside page 1.

Both databases stand on one server and hold the same ten shops; in the large one all of them were copied until
there are so many payments. The rows of a shop lie scattered between those of all others, as time brings them.
The hundredth page is of one long shop in the large database, walked to by "Next page".
"""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from html import unescape
from itertools import cycle
from statistics import median

from db import migrate
from db.crypto import Vault
from db.engine import build_engine, build_sessions
from db.urls import APP_ROLE
from shop.demo.bulk import Wanted, seed_bulk
from shop.unit_of_work import UnitsOfWork
from tests.bench import browsing
from tests.bench.browsing import Browser
from tests.bench.crowding import add_talk, multiply
from tests.bench.figures import Figure, Goal, Series, ratio
from tests.bench.ground import SECRET, Ground
from tests.bench.p01_page import dashboard

LISTS = (
    *(
        "/receipts",
        "/receipts?tab=approved",
        "/receipts/all",
        "/transactions",
        "/customers",
        "/subscriptions",
    ),
    *("/tickets?state=all", "/broadcasts", "/audit", "/plans", "/stock", "/cards", "/tokens", "/team"),
)
PAGED = (
    "/receipts/all",
    "/transactions",
    "/customers",
    "/subscriptions",
    "/tickets?state=all",
    "/broadcasts",
    "/audit",
)
"""Those that go on behind the first page."""
SOUGHT = tuple(f"/{name}?q=رضا" for name in ("customers", "subscriptions", "transactions", "tickets"))
SHOPS, PAYMENTS_EACH, CUSTOMERS_EACH = 10, 1_000, 100
LONG = 6_000
"""Rows of each list of the long shop: a hundred pages and some."""
PAGE = 100
TIMES = 1_000
_FURTHER = re.compile(r'href="([^"]*[?&](?:amp;)?(?:after|before)=[^"]*)"')


async def measure(
    ground: Ground,
    *,
    rounds: int = 5,
    requests: int = 40,
    times: int = TIMES,
    shops: int = SHOPS,
    each: int = PAYMENTS_EACH,
    long: int = LONG,
    page: int = PAGE,
) -> list[Figure]:
    async with (
        _crowd(ground, "p3_small", shops, each, times=1) as small,
        _crowd(ground, "p3_large", shops, each, times=times) as large,
    ):
        long_shop = await _long_shop(large, long)
        async with _windows(large, large.shops) as ours, _windows(small, small.shops) as theirs:
            about = f"{large.rows:,} payments in {shops * times:,} shops beside {small.rows:,} in {shops}"
            figures = [
                await _compare(
                    f"{path}, p50: {about}", (ours.turn(path), theirs.turn(path)), rounds, requests
                )
                for path in LISTS
            ]
        async with _windows(large, [long_shop]) as long_one:
            figures += [await _walk(long_one.browsers[0], path, page, rounds, requests) for path in PAGED]
    return figures


@dataclass(frozen=True, slots=True)
class Windows:
    """One signed-in owner of each shop."""

    browsers: Sequence[Browser]

    def turn(self, path: str) -> Callable[[], object]:
        """Each call gets the page from the next shop."""
        following = cycle(self.browsers)
        return lambda: next(following).get(path)


async def _compare(what: str, sides: Sequence[Callable[[], object]], rounds: int, requests: int) -> Figure:
    took: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds + 1):
        for found, get in zip(took, sides, strict=True):
            p50 = await _p50(get, requests)
            if number:  # the first round warms both up
                found.append(p50)
    ours, theirs = took
    return Figure(
        "P3",
        what,
        Series(ours, "ms"),
        Series(theirs, "ms"),
        Goal("at most", 1.2),
        ratio(ours, theirs),
    )


async def _p50(get: Callable[[], object], requests: int) -> float:
    took = []
    for _ in range(requests):
        begun = time.perf_counter()
        await get()  # type: ignore[misc]
        took.append(1000 * (time.perf_counter() - begun))
    return median(took)


async def _walk(browser: Browser, path: str, page: int, rounds: int, requests: int) -> Figure:
    """The hundredth page beside the first one."""
    address, seen = path, {path}
    for _ in range(page - 1):
        further = [unescape(found) for found in _FURTHER.findall(await browser.get(address))]
        if not further or further[-1] in seen:
            raise RuntimeError(f"{path} ends before page {page}: {further}")
        address = further[-1]
        seen.add(address)
    sides = (lambda: browser.get(address)), (lambda: browser.get(path))
    return await _compare(f"{path}, p50: page {page} beside page 1 of one shop", sides, rounds, requests)


@asynccontextmanager
async def _windows(ground: Ground, shops: Sequence[int]) -> AsyncIterator[Windows]:
    async with AsyncExitStack() as open_ones:
        base, _ = await open_ones.enter_async_context(dashboard(ground, url=ground.database.app_url))
        browsers = [
            await open_ones.enter_async_context(browsing.signed_in(base, await ground.token_of(shop)))
            for shop in shops
        ]
        yield Windows(browsers)


@asynccontextmanager
async def _crowd(ground: Ground, name: str, shops: int, each: int, *, times: int) -> AsyncIterator[Ground]:
    """A database with so many shops, each there so many times; ``shops`` of it: those that were copied.

    Only they can read their own secrets, which are bound to the shop they were sealed for.
    """
    database = ground.server.create_database(name)
    await migrate.upgrade(database.owner_url, app_role=APP_ROLE)
    engine = build_engine(database.app_url, application_name="bench", pool_size=10)
    units = UnitsOfWork(build_sessions(engine), Vault((SECRET,)), channel="cli")
    wanted = Wanted(bots=shops, users=shops * CUSTOMERS_EACH, payments=shops * each)
    try:
        seeded = [shop.bot_id for shop in await seed_bulk(units, wanted, _quiet)]
        add_talk(ground.server, database, seeded)
        multiply(ground.server, database, times)
        yield replace(ground, database=database, units=units, shops=seeded, rows=shops * each * times)
    finally:
        await engine.dispose()
        ground.server.drop_database(database.name)


async def _long_shop(ground: Ground, rows: int) -> int:
    """One more shop, so many rows long in each list."""
    wanted = Wanted(bots=1, users=rows, payments=rows)
    (shop,) = await seed_bulk(ground.units, wanted, _quiet)
    add_talk(ground.server, ground.database, [shop.bot_id], tickets=rows, broadcasts=rows)
    ground.server.run_sql("VACUUM ANALYZE", database=ground.database.name)
    return shop.bot_id


def _quiet(_steps: int) -> None:
    """Nobody watches the filling."""

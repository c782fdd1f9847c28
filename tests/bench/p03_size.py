"""P3: a shop's lists in a large database beside the same lists of as large a shop in a small one.

Both databases stand on one server. performance.md speaks of ten million payments in ten thousand shops; this
compares what the run was prepared with (``--rows``, ``--shops``) with ten shops of the same size. What it
does not measure: the hundredth page, for which the bulk data has lists too short.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from statistics import median

from db import migrate
from db.crypto import Vault
from db.engine import build_engine, build_sessions
from db.urls import APP_ROLE
from shop.unit_of_work import UnitsOfWork
from tests.bench.browsing import Browser
from tests.bench.figures import Figure, Goal, Series, ratio
from tests.bench.ground import SECRET, Ground, fill
from tests.bench.p01_page import product

LISTS = ("/receipts", "/transactions", "/customers", "/subscriptions")
SHOPS = 10


async def measure(ground: Ground, *, rounds: int = 5, requests: int = 40) -> list[Figure]:
    share = ground.rows // len(ground.shops)
    async with (
        _small(ground, share) as small,
        product(ground, _middle(ground)) as (ours, _),
        product(small, _middle(small), url=small.database.app_url) as (theirs, _),
    ):
        return [await _compare(ground, path, ours, theirs, rounds, requests) for path in LISTS]


async def _compare(
    ground: Ground, path: str, ours: Browser, theirs: Browser, rounds: int, requests: int
) -> Figure:
    share = ground.rows // len(ground.shops)
    sides: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds + 1):
        for side, browser in zip(sides, (ours, theirs), strict=True):
            p50 = await _p50(browser, path, requests)
            if number:  # the first round warms both up
                side.append(p50)
    large, small = sides
    return Figure(
        "P3",
        f"{path}, p50: {ground.rows:,} payments in {len(ground.shops):,} shops "
        f"beside {share * SHOPS:,} in {SHOPS}",
        Series(large, "ms"),
        Series(small, "ms"),
        Goal("at most", 1.2),
        ratio(large, small),
    )


async def _p50(browser: Browser, path: str, requests: int) -> float:
    took = []
    for _ in range(requests):
        begun = time.perf_counter()
        await browser.get(path)
        took.append(1000 * (time.perf_counter() - begun))
    return median(took)


def _middle(ground: Ground) -> int:
    return ground.shops[len(ground.shops) // 2]


@asynccontextmanager
async def _small(ground: Ground, share: int) -> AsyncIterator[Ground]:
    database = ground.server.create_database("p3")
    await migrate.upgrade(database.owner_url, app_role=APP_ROLE)
    engine = build_engine(database.app_url, application_name="bench", pool_size=10)
    units = UnitsOfWork(build_sessions(engine), Vault((SECRET,)), channel="cli")
    try:
        shops = await fill(ground.server, database, units, shops=SHOPS, rows=share * SHOPS)
        yield replace(ground, database=database, units=units, shops=shops, rows=share * SHOPS)
    finally:
        await engine.dispose()
        ground.server.drop_database(database.name)

"""A hundred `kill -9`, of everything that can be killed, while people buy and decide."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import statistics
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from shop.media.shelf import Shelf
from tests.chaos.load import Customer, Load
from tests.chaos.reckoning import reckon
from tests.chaos.supervisor import Product, database_answers, is_ready, running_product, until
from tests.factories import Shop, Shops

RECOVERY_SECONDS = 120.0
STOCK = 2_000
KINDS = ("web worker", "web launcher", "bot process", "database")
WEIGHTS = (25, 6, 14, 55)
REST = {"web": (0.2, 1.5), "bot": (4.0, 10.0), "database": (1.5, 4.0)}
"""Seconds between a recovery and the next kill, at least and at most: people must get somewhere meanwhile."""


@dataclass
class Figures:
    """Seconds from each kill until all was well again, by what was killed and who was waiting."""

    kills: dict[str, int] = field(default_factory=dict)
    seconds: dict[tuple[str, str], list[float]] = field(default_factory=dict)
    duplicates: int = 0
    purchases: int = 0
    updates: int = 0
    statuses: dict[int, int] = field(default_factory=dict)
    wall: float = 0.0

    def add(self, kind: str, what: str, seconds: float) -> None:
        self.seconds.setdefault((kind, what), []).append(seconds)

    @property
    def total(self) -> int:
        return sum(self.kills.values())

    def rows(self) -> list[tuple[str, str, int, str, str]]:
        return [
            (kind, what, len(found), f"{statistics.median(found):.2f} s", f"{max(found):.2f} s")
            for (kind, what), found in sorted(self.seconds.items())
        ]


async def kill_everything(
    folder: Path,
    *,
    kills: int,
    seed: int,
    customers_each: int = 3,
    say: Callable[[str], None] = print,
    **variables: str,
) -> tuple[Figures, list[str]]:
    """The figures, and every way in which it was not as it must be."""
    began, figures = time.monotonic(), Figures()
    async with running_product(folder, **variables) as product:
        load = Load(product, await open_shops(product), seed, customers_each)
        await until(lambda: fleet_is_live(product, len(load.shops)), "the shops' bots")
        load.start()
        try:
            wrong = await _kill(product, load, figures, kills=kills, seed=seed, say=say)
            say("finishing what people have begun")
            await load.finish()
        finally:
            await load.abandon()
        wrong += await reckon(product, load)
    figures.duplicates = sum(load.notes.repeated.values())
    figures.purchases = len(load.notes.told)
    figures.updates = sum(load.notes.accepted.values())
    figures.statuses = dict(sorted(load.notes.answers.items()))
    figures.wall = time.monotonic() - began
    if figures.duplicates > figures.total:
        wrong.append(f"{figures.duplicates} messages came twice, in {figures.total} kills")
    return figures, wrong


async def open_shops(product: Product, *, stock: int = STOCK) -> list[Shop]:
    """One shop whose decisions count at once, one that holds them."""
    async with product.verbs() as units:
        shops = Shops(units, Shelf(product.settings.media_dir))
        return [await shops.open(name=f"Shop {hold}", stock=stock, hold_seconds=hold) for hold in (0, 6)]


async def fleet_is_live(product: Product, number: int) -> bool:
    """Whether one process leads and so many bots are on duty."""
    try:
        async with httpx.AsyncClient(timeout=5) as http:
            answer = await http.get(f"{product.bots}/health/ready")
    except httpx.HTTPError:
        return False
    found = answer.json()
    return answer.status_code == httpx.codes.OK and found.get("bots", {}).get("live") == number


async def _kill(
    product: Product, load: Load, figures: Figures, *, kills: int, seed: int, say: Callable[[str], None]
) -> list[str]:
    """Three murderers who know nothing of each other: of the web, of the bot process, of the database."""
    chance = random.Random(seed)  # noqa: S311  (repeatable, not secret)
    plan = list(KINDS[:kills]) + chance.choices(KINDS, WEIGHTS, k=max(kills - len(KINDS), 0))

    async def go_through(kinds: list[str], luck: random.Random) -> None:
        for kind in kinds:
            await asyncio.sleep(luck.uniform(*REST[kind.split()[0]]))
            shop = luck.choice(load.shops)
            await _strike(product, kind, luck)
            figures.kills[kind] = figures.kills.get(kind, 0) + 1
            await _recover(product, kind, figures, load.customer(shop))
            if figures.total % 10 == 0:
                say(f"{figures.total} kills, {len(load.notes.told)} purchases")

    ways = [[kind for kind in plan if kind.startswith(victim)] for victim in REST]
    luck = [random.Random(f"{seed} {number}") for number in range(len(ways))]  # noqa: S311  (likewise)
    ends = await asyncio.gather(*map(go_through, ways, luck), return_exceptions=True)
    for end in ends:
        if isinstance(end, BaseException) and not isinstance(end, AssertionError):
            raise end
    return [f"after {figures.total} kills: {end}" for end in ends if isinstance(end, AssertionError)]


async def _strike(product: Product, kind: str, chance: random.Random) -> None:
    def victim() -> int | None:
        if kind == "web worker":
            workers = product.web_workers()
            return chance.choice(workers) if workers else None
        if kind == "database":
            return product.database_pid()
        return product.services["web" if kind == "web launcher" else "bot"].pid

    async def is_there() -> bool:
        return victim() is not None

    await until(is_there, f"a {kind} to kill")
    with suppress(ProcessLookupError):
        os.kill(victim() or 0, signal.SIGKILL)


async def _recover(product: Product, kind: str, figures: Figures, customer: Customer) -> None:
    """Note when a page is served, when a customer is answered, and when all processes are there again."""
    began = time.monotonic()

    async def timed(what: str, work: Awaitable[object]) -> None:
        await work
        figures.add(kind, what, time.monotonic() - began)

    async def page() -> bool:
        return await is_ready(product.dashboard)

    async def whole() -> bool:
        return len(product.web_workers()) == int(product.environment["WEB_WORKERS"])

    waits = [timed("the dashboard is ready", until(page, "the dashboard", seconds=RECOVERY_SECONDS))]
    if kind.startswith("web"):
        waits.append(timed("all workers run", until(whole, "all workers", seconds=RECOVERY_SECONDS)))
    else:
        waits.append(timed("a customer is answered", customer.ask()))
    if kind == "database":
        waits.append(_after_the_database(product, figures))
    await asyncio.gather(*waits)


async def _after_the_database(product: Product, figures: Figures) -> None:
    """The part that is ours: from the moment the database takes connections again."""
    await until(lambda: database_answers(product), "the database", seconds=RECOVERY_SECONDS)
    back = time.monotonic()
    await until(lambda: is_ready(product.dashboard), "the dashboard", seconds=RECOVERY_SECONDS)
    figures.add("database", "the dashboard, once the database is back", time.monotonic() - back)
    await until(lambda: fleet_is_live(product, 2), "the bots", seconds=RECOVERY_SECONDS)
    figures.add("database", "the bots, once the database is back", time.monotonic() - back)

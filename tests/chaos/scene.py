"""Where a fault happens: the product, people and a watchman who look at it, and what they met."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx

from tests.chaos.load import Load
from tests.chaos.proxy import Proxy
from tests.chaos.supervisor import Product, until
from tests.factories import Shop

BOUND = 6.5
"""Seconds the longest request may take, whatever the database does; half a second is the machine's."""
LIVE_BOUND = 1.0
AFTER = 2.0
"""Seconds from the cure to a page."""
ANSWER = 5.0
"""Seconds from the cure to a customer's answer, with the pauses of leader and fleet."""
AT_ONCE = 6


@dataclass(slots=True)
class Seen:
    """What people and the watchman met during one fault."""

    statuses: Counter[int] = field(default_factory=Counter)
    longest: float = 0.0
    no_retry_after: int = 0
    live_longest: float = 0.0
    not_live: int = 0

    def said(self) -> str:
        met = ", ".join(f"{number} × {status or 'none'}" for status, number in sorted(self.statuses.items()))
        return f"{met}; longest {self.longest:.2f} s; live in {self.live_longest:.2f} s"

    def wrong(self, *, allowed: set[int], bound: float = BOUND, live: float = LIVE_BOUND) -> list[str]:
        found = []
        if strange := set(self.statuses) - allowed:
            found.append(f"answers {sorted(strange)}")
        if self.longest > bound:
            found.append(f"a request took {self.longest:.2f} s")
        if self.no_retry_after:
            found.append(f"{self.no_retry_after} × 503 without Retry-After")
        if self.not_live or self.live_longest > live:
            found.append(f"the dashboard did not say within {live:g} s that it lives")
        return found


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table."""

    fault: str
    must: str
    seen: str
    wrong: tuple[str, ...] = ()

    def told(self) -> str:
        return f"{self.fault}: {'; '.join(self.wrong) or 'as it must be'} ({self.seen})"


@dataclass(slots=True)
class Scene:
    """The product behind its proxy, two shops, and somebody signed in at the first."""

    product: Product
    proxy: Proxy
    load: Load
    desk: httpx.AsyncClient
    csrf: str

    @property
    def shops(self) -> list[Shop]:
        return self.load.shops

    async def page(self) -> httpx.Response:
        return await self.desk.get("/receipts")

    async def page_is_there(self) -> bool:
        try:
            return (await self.page()).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    async def answer_seconds(self, shop: Shop) -> float:
        began = time.monotonic()
        await self.load.customer(shop).ask()
        return time.monotonic() - began

    @asynccontextmanager
    async def watched(self, people: int = AT_ONCE) -> AsyncIterator[Seen]:
        """People and the watchman at work for the time of the block."""
        seen, over = Seen(), asyncio.Event()
        tasks = [asyncio.create_task(self._ask(seen, over)) for _ in range(people)]
        tasks.append(asyncio.create_task(self._watch(seen, over)))
        try:
            yield seen
        finally:
            over.set()
            await asyncio.gather(*tasks)

    async def _ask(self, seen: Seen, over: asyncio.Event) -> None:
        while not over.is_set():
            began, status = time.monotonic(), 0
            try:
                answer = await self.page()
                status = answer.status_code
                seen.no_retry_after += status == 503 and "retry-after" not in answer.headers
            except httpx.HTTPError:
                pass
            seen.statuses[status] += 1
            seen.longest = max(seen.longest, time.monotonic() - began)
            await asyncio.sleep(0.1)

    async def _watch(self, seen: Seen, over: asyncio.Event) -> None:
        async with httpx.AsyncClient(base_url=self.product.dashboard, timeout=10) as http:
            while not over.is_set():
                began = time.monotonic()
                try:
                    seen.not_live += (await http.get("/health/live")).status_code != httpx.codes.OK
                except httpx.HTTPError:
                    seen.not_live += 1
                seen.live_longest = max(seen.live_longest, time.monotonic() - began)
                await asyncio.sleep(0.1)

    async def recovery(self, *, must: float = AFTER) -> tuple[str, list[str]]:
        """From now, the cure, to a page and to an answer of the bot."""
        customer = asyncio.create_task(self.answer_seconds(self.shops[0]))
        page = await until(self.page_is_there, "a page after the cure", seconds=30)
        answer = await customer
        wrong = [f"a page only after {page:.2f} s"] if page > must else []
        wrong += [f"an answer only after {answer:.2f} s"] if answer > must + ANSWER else []
        return f"page {page:.2f} s, bot {answer:.2f} s after the cure", wrong

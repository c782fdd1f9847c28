"""P8: from a commit to the Bot API: a decision's message, and a switch that the bot obeys.

The menus are drawn from the switches whenever a person writes, so a switch makes no call by itself: what is
timed is the commit of the switch and an update that arrives with it, until the menu drawn by it is sent.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import ClientSession

from shop.features import service as features
from shop.receipts import service as receipts
from tests.bench.baselines.signal import CHANNEL
from tests.bench.figures import Figure, Goal, Series, percentile
from tests.bench.ground import BYPASSING, Ground
from tests.bench.processes import ROOT, free_port, program
from tests.bot.updates import message
from tests.factories import Shop, Shops, telegram_token

PAUSE = 0.06
"""Between two messages: the bot speaks at most 25 times a second."""
AFTER_START = 1.0


async def measure(ground: Ground, *, times: int = 60) -> list[Figure]:
    shops = Shops(ground.units, ground.shelf)
    shop = await shops.open(stock=times + 20)
    waiting = [await shops.receipt(shop) for _ in range(times)]
    decided, switched, bare = [], [], []
    async with fake_api() as (url, http):
        environment = ground.environment(
            TELEGRAM_API_URL=url,
            BOT_PORT=str(free_port()),
            PORT=str(free_port()),
            BOT_TOKEN=telegram_token(),
        )
        polling = asyncio.ensure_future(called(http, url, shop.telegram_token, "getUpdates"))
        other = telegram_token()
        with program("bot", **environment):
            await polling
            async with _listener(ground, f"{url}/bot{other}/sendMessage"):
                await asyncio.sleep(AFTER_START)
                for sent in waiting:
                    decided.append(await decide(ground, http, url, shop, sent.payment_id))
                    bare.append(await _notify(ground, http, url, other))
                    switched.append(await _switch(ground, http, url, shop))
                    await asyncio.sleep(PAUSE)
    return [
        row
        for what, ours in (
            ("a decision's commit to its message", decided),
            ("a switch's commit to the menu drawn by it", switched),
        )
        for row in _rows(what, ours, bare)
    ]


def _rows(what: str, ours: Sequence[float], bare: Sequence[float]) -> list[Figure]:
    return [
        Figure(
            "P8",
            f"{what}, {name}, beside a bare LISTEN and one post",
            Series([percentile(ours, part)], "ms"),
            Series([percentile(bare, part)], "ms"),
            Goal("at most", goal),
            Series([percentile(ours, part) / percentile(bare, part)], ""),
        )
        for part, name, goal in ((0.5, "p50", 3), (0.99, "p99", 10))
    ]


async def decide(ground: Ground, http: ClientSession, url: str, shop: Shop, payment_id: int) -> float:
    heard = await listening(http, url, shop.telegram_token)
    async with ground.units.begin(shop.bot_id, shop.owner) as uow:
        await receipts.approve(uow, payment_id)
    return 1000 * (-time.monotonic() + await heard)


async def _switch(ground: Ground, http: ClientSession, url: str, shop: Shop) -> float:
    heard = await listening(http, url, shop.telegram_token)
    async with ground.units.begin(shop.bot_id, shop.owner) as uow:
        await features.toggle_feature(uow, "card_to_card")
    committed = time.monotonic()
    async with http.post(
        f"{url}/_update/{shop.telegram_token}",
        json=[message(920_000_000 + int(committed) % 1000, text="/start")],
    ):
        pass
    return 1000 * (await heard - committed)


async def _notify(ground: Ground, http: ClientSession, url: str, token: str) -> float:
    heard = await listening(http, url, token)
    connection = await ground.connect()
    await connection.execute(f"BEGIN; NOTIFY {CHANNEL}, '1'; COMMIT")
    committed = time.monotonic()
    await connection.close()
    return 1000 * (await heard - committed)


async def listening(http: ClientSession, url: str, token: str) -> asyncio.Future[float]:
    waiting = asyncio.ensure_future(called(http, url, token, "sendMessage"))
    await asyncio.sleep(0.02)  # until the other side has it
    return waiting


async def called(http: ClientSession, url: str, token: str, method: str) -> float:
    async with http.get(f"{url}/_wait/{token}/{method}") as answer:
        return float(await answer.json())


@asynccontextmanager
async def fake_api() -> AsyncIterator[tuple[str, ClientSession]]:
    """The little Bot API and somebody who asks it."""
    port = free_port()
    with program("tests.bench.fake_api", str(port), port=port):
        async with ClientSession() as http:
            yield f"http://127.0.0.1:{port}", http


@asynccontextmanager
async def _listener(ground: Ground, address: str) -> AsyncIterator[None]:
    arguments: list[Any] = [ground.server.socket_folder, BYPASSING, ground.database.name, address]
    with subprocess.Popen(
        [sys.executable, "-m", "tests.bench.baselines.signal", *map(str, arguments)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
    ) as process:
        await asyncio.to_thread(process.stdout.readline)
        try:
            yield
        finally:
            process.terminate()

"""P11: one shop floods, another one goes on: how long its customers wait beside the same without the flood.

The real bot process against the bench's small Bot API, as in P8. The flood is 5,000 updates of 500 people
that lie ready to be fetched, and 3,000 messages that are due. The other shop's customer writes, and a
decision of its desk becomes a message, again and again while the flood is worked off.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

import asyncpg
from aiohttp import ClientSession

from tests.bench.figures import Figure, Goal, Series, percentile, ratio
from tests.bench.ground import Ground
from tests.bench.p07_outbox import FIRST, promise
from tests.bench.p08_signal import AFTER_START, called, decide, fake_api, listening
from tests.bench.processes import free_port, program
from tests.bot.updates import message
from tests.factories import Shop, Shops, telegram_token

PEOPLE = 500
UPDATES, SENDS = 5_000, 3_000
PORTION = 500
"""Updates in one request to the small Bot API, which takes no large ones."""
PART = 0.95
DRAINED_SECONDS = 300.0
PAUSE = 0.05
"""Between two probes: a bot speaks at most 25 times a second."""
_OPEN = """
    SELECT count(*) FROM telegram_updates WHERE bot_id = $1 AND done_at IS NULL AND failed_at IS NULL
"""


async def measure(
    ground: Ground, *, rounds: int = 3, probes: int = 40, updates: int = UPDATES, sends: int = SENDS
) -> list[Figure]:
    shops = Shops(ground.units, ground.shelf)
    quiet, loud = await shops.open(stock=2 * rounds * probes + 20), await shops.open(stock=0)
    waiting = iter([(await shops.receipt(quiet)).payment_id for _ in range(2 * rounds * probes)])
    calm: tuple[list[float], list[float]] = ([], [])
    flooded: tuple[list[float], list[float]] = ([], [])
    left = []
    superuser = await ground.connect("postgres")
    async with fake_api() as (url, http):
        environment = ground.environment(
            TELEGRAM_API_URL=url,
            BOT_PORT=str(free_port()),
            PORT=str(free_port()),
            BOT_TOKEN=telegram_token(),
        )
        polling = [
            asyncio.ensure_future(called(http, url, shop.telegram_token, "getUpdates"))
            for shop in (quiet, loud)
        ]
        with program("bot", **environment):
            await asyncio.gather(*polling)
            await asyncio.sleep(AFTER_START)
            for number in range(rounds):
                for found, is_flooded in ((calm, False), (flooded, True)):
                    if is_flooded:
                        await _flood(superuser, http, url, loud, number, updates, sends)
                    took = await _probe(ground, http, url, quiet, waiting, probes)
                    for side, part in zip(found, took, strict=True):
                        side.append(percentile(part, PART))
                left.append(float(await superuser.fetchval(_OPEN, loud.bot_id)))
                await _drain(superuser, loud, updates * (number + 1))
    await superuser.close()
    about = f"while another floods ({updates:,} updates, {sends:,} messages)"
    return [
        Figure(
            "P11",
            f"{what}, p95 of {probes}, {about}, beside no flood",
            Series(flooded[side], "ms"),
            Series(calm[side], "ms"),
            Goal("at most", 1.2),
            ratio(flooded[side], calm[side]),
            note=f"updates of the flood still open at the last probe: {min(left):,.0f} or more",
        )
        for side, what in enumerate(("a shop's answer to a customer", "a shop's decision to its message"))
    ]


async def _probe(
    ground: Ground, http: ClientSession, url: str, shop: Shop, waiting: object, probes: int
) -> tuple[Sequence[float], Sequence[float]]:
    """Milliseconds: from an update until its answer is called for, from a commit until its message is."""
    answered, told = [], []
    for number in range(probes):
        heard = await listening(http, url, shop.telegram_token)
        came = time.monotonic()
        update = message(950_000_000 + number, text="/start")
        async with http.post(f"{url}/_update/{shop.telegram_token}", json=[update]):
            pass
        answered.append(1000 * (await heard - came))
        await asyncio.sleep(PAUSE)
        told.append(await decide(ground, http, url, shop, next(waiting)))  # type: ignore[call-overload]
        await asyncio.sleep(PAUSE)
    return answered, told


async def _flood(
    superuser: asyncpg.Connection,
    http: ClientSession,
    url: str,
    shop: Shop,
    number: int,
    updates: int,
    sends: int,
) -> None:
    await superuser.execute(promise([shop.bot_id], first=FIRST + number, people=PEOPLE, each=sends))
    arrived = [message(960_000_000 + n % PEOPLE, text="/start") for n in range(updates)]
    for at in range(0, updates, PORTION):
        portion = arrived[at : at + PORTION]
        async with http.post(f"{url}/_update/{shop.telegram_token}", json=portion, raise_for_status=True):
            pass
    # Until the bot has fetched some of it.
    async with asyncio.timeout(DRAINED_SECONDS):
        while not await superuser.fetchval(_OPEN, shop.bot_id):
            await asyncio.sleep(0.02)


async def _drain(superuser: asyncpg.Connection, shop: Shop, updates: int) -> None:
    """The updates are worked off; of the messages those that are left are taken back."""
    await superuser.execute("DELETE FROM outbox WHERE bot_id = $1 AND sent_at IS NULL", shop.bot_id)
    stored = "SELECT count(*) FROM telegram_updates WHERE bot_id = $1 AND done_at IS NOT NULL"
    async with asyncio.timeout(DRAINED_SECONDS):
        while await superuser.fetchval(stored, shop.bot_id) < updates:
            await asyncio.sleep(0.2)

"""P14: two processes of each kind beside one.

The web half is the receipt queue behind one worker and behind two. The bot half is no matter of speed: one
process leads and the other stands by (security.md F9), so two must do the same work once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from tests.bench.figures import Figure, Goal, Series, ratio
from tests.bench.ground import Ground, processors
from tests.bench.p01_page import product
from tests.bench.p08_signal import called, fake_api
from tests.bench.processes import free_port, program
from tests.bench.rounds import Burst, in_turn
from tests.bot.updates import message
from tests.factories import Shops, telegram_token

CALLERS = 16
HANDLED_SECONDS = 30.0


async def measure(
    ground: Ground, *, rounds: int = 5, requests: int = 120, updates: int = 100
) -> list[Figure]:
    bot_id = ground.shops[0]
    async with (
        product(ground, bot_id, workers=2) as (two, pids),
        product(ground, bot_id, workers=1) as (one, pid),
    ):
        a, b = await in_turn(
            *(
                (
                    lambda browser=browser: browser.gets("/receipts", requests, callers=CALLERS),
                    {"web": root, "database": ground.postmaster},
                )
                for browser, root in ((two, pids), (one, pid))
            ),
            rounds=rounds,
        )
    ours, theirs = [burst.rate for burst in a], [burst.rate for burst in b]
    return [
        Figure(
            "P14",
            f"the queue page, two web workers beside one, on {processors()} cores that the database and the "
            "callers share",
            Series(ours, "a second"),
            Series(theirs, "a second"),
            Goal("at least", 1.7),
            ratio(ours, theirs),
            note=f"cores busy with one worker: {_cores(b)}; with two: {_cores(a)}",
        ),
        await _two_bots(ground, updates),
    ]


def _cores(bursts: Sequence[Burst]) -> str:
    """How many cores each part keeps busy, in the middle of the bursts."""
    parts = {
        "web": [burst.cpu["web"] / burst.wall for burst in bursts],
        "database": [burst.cpu["database"] / burst.wall for burst in bursts],
        "callers": [burst.own / burst.wall for burst in bursts],
    }
    return ", ".join(f"{name} {Series(found, '').median:.2f}" for name, found in parts.items())


async def _two_bots(ground: Ground, updates: int) -> Figure:
    shop = await Shops(ground.units, ground.shelf).open()
    async with fake_api() as (url, http):
        common = {"TELEGRAM_API_URL": url, "BOT_TOKEN": telegram_token()}
        polling = asyncio.ensure_future(called(http, url, shop.telegram_token, "getUpdates"))
        first, second = (
            ground.environment(**common, BOT_PORT=str(free_port()), PORT=str(free_port())) for _ in range(2)
        )
        with program("bot", **first), program("bot", **second):
            await polling
            arrived = [message(940_000_000 + number, text="/start") for number in range(updates)]
            async with http.post(f"{url}/_update/{shop.telegram_token}", json=arrived):
                pass
            answers = await _settled(http, url, updates)
    if answers != updates:
        raise RuntimeError(f"{updates} updates were answered {answers} times")
    return Figure(
        "P14",
        f"two bot processes, {updates} updates: answers",
        Series([float(answers)], ""),
        goal=Goal("at most", updates, ""),
        note="one leads, the other stands by: the second is for safety, not for speed",
    )


async def _settled(http, url: str, wanted: int) -> int:
    """How many messages went out once nothing more happens."""
    count = before = -1
    async with asyncio.timeout(HANDLED_SECONDS):
        while count < wanted or count != before:
            await asyncio.sleep(0.5)
            async with http.get(f"{url}/_count") as answer:
                before, count = count, (await answer.json()).get("sendMessage", 0)
    return count

"""P9: what row-level security and the shop's context cost: the same page for a role that bypasses it."""

from __future__ import annotations

from tests.bench.figures import Figure, Goal, Series
from tests.bench.ground import Ground
from tests.bench.p01_page import CALLERS, product
from tests.bench.rounds import in_turn


async def measure(ground: Ground, *, rounds: int = 7, requests: int = 200) -> list[Figure]:
    bot_id = ground.shops[len(ground.shops) // 2]
    async with (
        product(ground, bot_id) as (walled, one),
        product(ground, bot_id, url=ground.bypassing_url) as (open_, other),
    ):
        a, b = await in_turn(
            *(
                (
                    lambda browser=browser: browser.gets("/receipts", requests, callers=CALLERS),
                    {"web": pid, "database": ground.postmaster},
                )
                for browser, pid in ((walled, one), (open_, other))
            ),
            rounds=rounds,
        )
    mine, theirs = ([burst.per_unit() for burst in side] for side in (a, b))
    more = [100 * (x / y - 1) for x, y in zip(mine, theirs, strict=True)]
    return [
        Figure(
            "P9",
            "row-level security: the queue page's CPU a request beside a role that bypasses it",
            Series(mine, "ms"),
            Series(theirs, "ms"),
            Goal("at most", 10, "% more"),
            Series(more, "% more"),
        )
    ]

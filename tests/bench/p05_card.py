"""P5: the next card of one shop for 64 callers at once, with caps, in round robin."""

from __future__ import annotations

import asyncio
import os
import time

from shop.actors import System
from shop.cards import service as cards
from shop.cards.queries import get_payment_cards
from shop.money import Currency, Money
from tests.bench.baselines import hot_row
from tests.bench.figures import Figure, Goal, Series, share
from tests.bench.ground import Ground, owner_of
from tests.bench.rounds import in_turn
from tests.factories import Shops

CALLERS = 64
CARDS = 4
CAP = 1_000_000
PRICE = Money(125_000, Currency("IRT"))


async def measure(ground: Ground, *, rounds: int = 5, seconds: float = 2.0) -> list[Figure]:
    shop = await Shops(ground.units, ground.shelf).open(cards_count=CARDS)
    async with ground.units.begin(shop.bot_id, owner_of()) as uow:
        for card in await get_payment_cards(uow):
            await cards.update_payment_card(uow, card.card_id, daily_limit_count=CAP)
    connections = [await ground.connect() for _ in range(CALLERS)]
    superuser = await ground.connect("postgres")
    await superuser.execute(f"{hot_row.TABLE}; {hot_row.ROW}; GRANT ALL ON bench_hot TO PUBLIC")
    mine = {"callers": os.getpid(), "database": ground.postmaster}
    try:
        a, b = await in_turn(
            (lambda: _picks(ground, shop.bot_id, seconds), mine),
            (lambda: hot_row.picks(connections, seconds), mine),
            rounds=rounds,
        )
        await _check(superuser, shop.bot_id)
    finally:
        for connection in (*connections, superuser):
            await connection.close()
    ours, theirs = [burst.rate for burst in a], [burst.rate for burst in b]
    return [
        Figure(
            "P5",
            f"picking the next of {CARDS} capped cards of one shop, {CALLERS} callers; round robin was exact",
            Series(ours, "a second"),
            Series(theirs, "a second"),
            Goal("at least", 60, "%"),
            share(ours, theirs),
            machine={
                "cpu_ms": Series([burst.per_unit() for burst in a], "").median,
                "baseline_cpu_ms": Series([burst.per_unit() for burst in b], "").median,
            },
        )
    ]


async def _picks(ground: Ground, bot_id: int, seconds: float) -> int:
    until = time.monotonic() + seconds
    done = 0

    async def caller() -> None:
        nonlocal done
        while time.monotonic() < until:
            async with ground.units.begin(bot_id, System("bench")) as uow:
                await cards.get_next_card_for_rotation(uow, amount=PRICE)
            done += 1

    await asyncio.gather(*(caller() for _ in range(CALLERS)))
    return done


async def _check(superuser, bot_id: int) -> None:
    """Every card had its turn as often as the others, and no cap was passed."""
    shown = await superuser.fetch(
        "select sum(shown_count)::int as shown, max(reserved_count) as most from card_days "
        "where bot_id = $1 group by card_id",
        bot_id,
    )
    counts = [row["shown"] for row in shown]
    if len(counts) != CARDS or max(counts) - min(counts) > 1 or max(row["most"] for row in shown) > CAP:
        raise RuntimeError(f"the turns were not kept: {counts}")

"""P6: an update through everything: stored, claimed, dispatched, person and features read, answered."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import asyncpg
from aiogram import Bot

from bot.dispatching import Handler, build_dispatcher
from bot.inbox import AT_ONCE, Inbox
from bot.registry import Registry
from tests.bench.baselines import echo
from tests.bench.figures import Figure, Goal, Series, share
from tests.bench.ground import Ground
from tests.bench.rounds import in_turn
from tests.bot.updates import message
from tests.factories import Shop, Shops

FETCHED = 50
"""Updates that one getUpdates brings."""
PEOPLE = 2_000
_OPEN = "SELECT count(*) FROM telegram_updates WHERE done_at IS NULL AND failed_at IS NULL"


async def measure(ground: Ground, *, rounds: int = 5, updates: int = 300) -> list[Figure]:
    shop = await Shops(ground.units, ground.shelf).open()
    bot = Bot(shop.telegram_token, session=echo.NoNetwork())
    inbox = _inbox(ground, shop, bot)
    handling = asyncio.ensure_future(inbox.run())
    people = iter(range(10**15))

    def fresh() -> list[dict[str, Any]]:
        return [message(8 * 10**8 + next(people) % PEOPLE, text="/start") for _ in range(updates)]

    async def ours() -> int:
        arrived = fresh()
        for at in range(0, updates, FETCHED):
            await inbox.store(shop.bot_id, arrived[at : at + FETCHED])
        while await pool.fetchval(_OPEN):
            await asyncio.sleep(0.02)
        return updates

    async with asyncpg.create_pool(**ground.address("postgres"), min_size=AT_ONCE, max_size=AT_ONCE) as pool:
        await pool.execute(echo.TABLE)
        alone, with_database = echo.plain(), echo.with_database(pool, shop.bot_id)
        parts = {"bot": os.getpid(), "database": ground.postmaster}
        try:
            a, b, c = await in_turn(
                (ours, parts),
                (lambda: echo.feed(alone, bot, fresh(), callers=AT_ONCE), parts),
                (lambda: echo.feed(with_database, bot, fresh(), callers=AT_ONCE), parts),
                rounds=rounds,
            )
            await _check(pool, shop)
        finally:
            handling.cancel()
            await asyncio.wait({handling})
    rates = [[burst.rate for burst in side] for side in (a, b, c)]
    return [
        Figure(
            "P6",
            f"an update through everything, beside {name}",
            Series(rates[0], "a second"),
            Series(rates[side], "a second"),
            Goal("at least", goal, "%"),
            share(rates[0], rates[side]),
            machine={"cpu_ms": Series([burst.per_unit() for burst in a], "").median},
        )
        for side, name, goal in ((1, "aiogram's echo", 35), (2, "echo with one INSERT and one SELECT", 60))
    ]


def _inbox(ground: Ground, shop: Shop, bot: Bot) -> Inbox:
    registry = Registry()
    registry.add(shop.bot_id, bot)
    handler = Handler(build_dispatcher(ground.units, registry, ground.shelf))
    return Inbox(ground.units, registry, handler.handle, handler.apologise)


async def _check(pool: asyncpg.Pool, shop: Shop) -> None:
    failed = await pool.fetchval(
        "select count(*) from telegram_updates "
        "where bot_id = $1 and (last_error is not null or done_at is null)",
        shop.bot_id,
    )
    if failed:
        raise RuntimeError(f"{failed} updates were not handled")

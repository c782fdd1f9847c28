"""A broadcast whose process is killed in the middle; ``tests.chaos`` does it to thousands."""

from __future__ import annotations

import asyncio
import signal
import time
from collections import Counter
from pathlib import Path

import asyncpg

from bot.sandbox.server import Sandbox
from db.embedded import Database
from shop.broadcasts import rules, service
from shop.unit_of_work import UnitsOfWork
from tests.bot.phone import Phone, Wire
from tests.bot.test_restart import STARTING, process
from tests.factories import Shop, Shops

PEOPLE = 80
WORDS = {"fa": "سلام {name}", "en": "Hello {name}"}


async def crowd(bare: asyncpg.Connection, wire: Wire, shop: Shop) -> list[int]:
    """Customers by their numbers at Telegram; the first has left."""
    await wire.act("bot", token=shop.telegram_token, username=f"b{shop.bot_id}_bot", name=shop.name)
    numbers = [shop.bot_id * 10**6 + 10**9 + place for place in range(PEOPLE)]
    await bare.execute(
        "insert into users (bot_id, telegram_id, first_name, language, created_at, updated_at) "
        "select $1, n, 'Carol', 'en', now(), now() from unnest($2::bigint[]) n",
        shop.bot_id,
        numbers,
    )
    await asyncio.gather(
        *(
            wire.act(
                "user",
                id=number,
                first_name="Carol",
                chats=[shop.telegram_token],
                deactivated=number == numbers[0],
            )
            for number in numbers
        )
    )
    return numbers


async def until(bare: asyncpg.Connection, question: str, *values: object, within: float = STARTING) -> None:
    give_up = time.monotonic() + within
    while not await bare.fetchval(question, *values):
        assert time.monotonic() < give_up, question
        await asyncio.sleep(0.05)


async def test_killed_in_the_middle_everybody_has_it_once_and_whoever_has_it_twice_is_counted(
    bot_database: Database,
    units: UnitsOfWork,
    sandbox: Sandbox,
    wire: Wire,
    shops: Shops,
    bare: asyncpg.Connection,
    tmp_path: Path,
) -> None:
    await bare.execute("update outbox set failed_at = now() where sent_at is null and failed_at is null")
    shop = await shops.open()
    numbers = await crowd(bare, wire, shop)
    async with units.begin(shop.bot_id, shop.owner) as uow:
        made = await service.create(uow, audience="everybody", words=WORDS, form="a-form-of-the-test")
        await service.schedule(uow, made)
    await bare.execute("update broadcasts set starts_at = now() where id = $1", made)
    async with process(bot_database, sandbox, tmp_path / "data") as first:
        await until(bare, "select sent > $2 from broadcasts where id = $1", made, PEOPLE // 4)
        first.send_signal(signal.SIGKILL)
        await first.wait()
    before = await bare.fetchval("select sent from broadcasts where id = $1", made)

    async with process(bot_database, sandbox, tmp_path / "data"):
        await until(bare, "select status = 'completed' from broadcasts where id = $1", made)

    times = {number: len(await Phone(wire, shop.telegram_token, number).messages()) for number in numbers[1:]}
    row = await bare.fetchrow("select * from broadcasts where id = $1", made)
    doubtful = await bare.fetch(
        "select u.telegram_id from broadcast_recipients r join users u on u.id = r.user_id "
        "where r.broadcast_id = $1 and r.is_doubtful",
        made,
    )
    assert before < PEOPLE - 1, "it was killed in the middle"
    assert Counter(times.values()).keys() <= {1, 2}
    assert {number for number, many in times.items() if many == 2} <= {one["telegram_id"] for one in doubtful}
    assert row["doubtful"] == len(doubtful) <= rules.ROOM
    assert (row["sent"], row["blocked"], row["failed"], row["skipped"]) == (PEOPLE - 1, 1, 0, 0)

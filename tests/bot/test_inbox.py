"""Every update is stored before it is confirmed, handled once, and in order per person."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest
from aiogram import Bot
from sqlalchemy import TextClause
from sqlalchemy.dialects import postgresql

from bot.due import CLAIM
from bot.inbox import (
    _CLAIM,
    KEPT,
    LEASE,
    LONGEST_WAIT,
    MOST_ATTEMPTS,
    MOST_OF_ONE,
    PAUSES,
    TICK_SECONDS,
    Inbox,
)
from bot.polling import Poller, RawUpdate, person_of
from bot.registry import Registry
from bot.sandbox.server import Sandbox
from bot.telegram_session import open_bot, open_session
from shop.unit_of_work import UnitsOfWork
from tests.bot import updates
from tests.bot.conftest import MakePhone
from tests.conftest import Clock
from tests.factories import Shop, Shops
from tests.house.test_query_plans import steps

ENOUGH_SECONDS = 10
"""For what takes none where all is well; a poll with nothing to bring takes longer."""


@dataclass
class Handled:
    """Stands where the dispatcher stands: notes what it gets, and does what the test tells it."""

    seen: list[int] = field(default_factory=list)
    apologies: list[str] = field(default_factory=list)
    act: Callable[[RawUpdate], Any] | None = None

    async def handle(self, _bot: Bot, raw: RawUpdate) -> None:
        self.seen.append(raw["update_id"])
        if self.act is not None:
            await self.act(raw)

    async def apologise(self, _bot: Bot, _raw: RawUpdate, mark: str) -> None:
        self.apologies.append(mark)


@dataclass
class Desk:
    shop: Shop
    inbox: Inbox
    handled: Handled
    clock: Clock

    def restarted(self) -> Inbox:
        """The inbox of a new process, which knows only what is in the database."""
        return Inbox(self.inbox.units, self.inbox.registry, self.handled.handle, self.handled.apologise)


LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
NUL_AND_HALVES = "Ca\x00r\ud800ol\udfff"


@pytest.fixture
async def desk(timed_units: UnitsOfWork, clock: Clock, shops: Shops, sandbox: Sandbox) -> Any:
    shop, registry, handled = await shops.open(), Registry(), Handled()
    session = open_session(sandbox.url)
    registry.add(shop.bot_id, open_bot(shop.telegram_token, session))
    yield Desk(shop, Inbox(timed_units, registry, handled.handle, handled.apologise), handled, clock)
    await session.close()


async def row(bare: asyncpg.Connection, update: RawUpdate) -> asyncpg.Record:
    return await bare.fetchrow("select * from telegram_updates where update_id = $1", update["update_id"])


async def test_the_same_update_twice_is_handled_once(desk: Desk, bare: asyncpg.Connection) -> None:
    update = updates.message(1, text="hello")

    await desk.inbox.store(desk.shop.bot_id, [update])
    await desk.inbox.store(desk.shop.bot_id, [update])
    await desk.inbox.work_due()
    await desk.inbox.store(desk.shop.bot_id, [update])
    await desk.inbox.work_due()

    assert desk.handled.seen == [update["update_id"]]
    done = await row(bare, update)
    assert done["done_at"] is not None
    assert done["body"] is None


async def test_one_persons_updates_are_handled_in_order_and_two_people_at_the_same_time(desk: Desk) -> None:
    running: dict[int, int] = defaultdict(int)
    together, order = set(), defaultdict(list)

    async def slowly(raw: RawUpdate) -> None:
        who = person_of(raw)
        running[who] += 1
        assert running[who] == 1
        await asyncio.sleep(0.02)
        together.add(frozenset(person for person, count in running.items() if count))
        order[who].append(raw["update_id"])
        running[who] -= 1

    desk.handled.act = slowly
    stored = [updates.message(person, text="hello") for _ in range(4) for person in (1, 2)]
    await desk.inbox.store(desk.shop.bot_id, stored)

    while await desk.inbox.work_due():
        pass

    assert all(ids == sorted(ids) and len(ids) == 4 for ids in order.values())
    assert frozenset({1, 2}) in together


async def test_a_poisonous_update_is_given_up_after_five_tries_and_the_next_goes_on(
    desk: Desk, bare: asyncpg.Connection
) -> None:
    poison, healthy = updates.message(1, text="boom"), updates.message(1, text="fine")

    async def choke(raw: RawUpdate) -> None:
        if raw["message"]["text"] == "boom":
            raise ZeroDivisionError("token 123456789:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")

    desk.handled.act = choke
    await desk.inbox.store(desk.shop.bot_id, [poison, healthy])

    for _ in range(MOST_ATTEMPTS):
        assert await desk.inbox.work_due() == 1
        assert await desk.inbox.work_due() == 0 or healthy["update_id"] in desk.handled.seen
        desk.clock.forward(seconds=30)
    await desk.inbox.work_due()

    assert desk.handled.seen == [poison["update_id"]] * MOST_ATTEMPTS + [healthy["update_id"]]
    failed = await row(bare, poison)
    assert failed["failed_at"] is not None
    assert "ZeroDivisionError" in failed["last_error"]
    assert "AAAAAAAAA" not in failed["last_error"]
    assert len(desk.handled.apologies) == 1
    assert (await row(bare, healthy))["done_at"] is not None


async def test_what_a_dead_process_had_taken_is_handled_after_the_restart(
    desk: Desk, bare: asyncpg.Connection
) -> None:
    update = updates.message(1, text="hello")
    await desk.inbox.store(desk.shop.bot_id, [update])
    await desk.inbox._claim(5)  # and then the process died
    restarted = desk.restarted()
    waiting = await restarted.work_due()

    await restarted.take_over()
    taken = await restarted.work_due()

    assert (waiting, taken) == (0, 1)
    assert (await row(bare, update))["done_at"] is not None


async def test_a_lease_that_ran_out_frees_the_update(desk: Desk) -> None:
    await desk.inbox.store(desk.shop.bot_id, [updates.message(1, text="hello")])
    await desk.inbox._claim(5)

    desk.clock.forward(seconds=LEASE.total_seconds() + 1)

    assert await desk.restarted().work_due() == 1


async def test_a_flood_in_one_shop_leaves_room_for_the_others(desk: Desk, shops: Shops) -> None:
    quiet = await shops.open()
    desk.inbox.registry.add(quiet.bot_id, open_bot(quiet.telegram_token, open_session("http://127.0.0.1:1")))
    await desk.inbox.store(desk.shop.bot_id, [updates.message(n, text="x") for n in range(1, 40)])
    await desk.inbox.store(quiet.bot_id, [updates.message(1, text="x")])

    claimed = await desk.inbox._claim(12)

    assert {one.bot_id for one in claimed} == {desk.shop.bot_id, quiet.bot_id}


async def test_whoever_writes_while_another_shop_floods_finds_a_free_hand(desk: Desk, shops: Shops) -> None:
    quiet = await shops.open()
    desk.inbox.registry.add(quiet.bot_id, open_bot(quiet.telegram_token, open_session("http://127.0.0.1:1")))
    await desk.inbox.store(desk.shop.bot_id, [updates.message(n, text="x") for n in range(1, 40)])
    flood = [one for _ in range(4) for one in await desk.inbox._claim(12)]

    await desk.inbox.store(quiet.bot_id, [updates.message(99, text="x")])
    late = await desk.inbox._claim(12 - len(flood))

    assert len(flood) == MOST_OF_ONE
    assert [one.bot_id for one in late] == [quiet.bot_id]


@pytest.mark.parametrize("statement", [_CLAIM, CLAIM], ids=["updates", "messages"])
async def test_what_is_next_is_chosen_once_however_old_the_plan_is(
    statement: TextClause, bare: asyncpg.Connection
) -> None:
    """A plan made for an empty table may choose anew for each row of it, and stands still under a flood."""
    values = {
        "rooms": [4],
        "shops": [1],
        "busy": [1],
        "in_hand": [1],
        "now": LONG_AGO,
        "lease_until": LONG_AGO,
    }
    compiled = statement.compile(dialect=postgresql.dialect(paramstyle="numeric_dollar"))
    given = [values.get(name, 1) for name in compiled.positiontup or ()]

    plan = json.loads(await bare.fetchval(f"EXPLAIN (FORMAT JSON) {compiled}", *given))[0]["Plan"]

    choosing = [step for step in steps(plan) if step.get("Subplan Name") == "CTE s"]
    assert [step["Node Type"] for step in choosing] == ["Limit"]
    assert "Function Scan" in [step["Node Type"] for step in steps(choosing[0])]


async def test_old_updates_are_forgotten_and_fresh_ones_remembered(
    desk: Desk, bare: asyncpg.Connection
) -> None:
    old, fresh = updates.message(1, text="old"), updates.message(1, text="fresh")
    await desk.inbox.store(desk.shop.bot_id, [old])
    await desk.inbox.work_due()
    desk.clock.forward(seconds=KEPT.total_seconds() + 1)
    await desk.inbox.store(desk.shop.bot_id, [fresh])
    await desk.inbox.work_due()

    await desk.inbox.sweep()

    assert await row(bare, old) is None
    assert await row(bare, fresh) is not None


async def test_an_update_that_could_not_be_stored_is_not_confirmed(
    desk: Desk, make_phone: MakePhone, sandbox: Sandbox
) -> None:
    phone = await make_phone(desk.shop)
    await phone.text("precious")
    got: list[RawUpdate] = []

    async def refuse(_updates: Any) -> None:
        raise OSError("the database is away")

    async def keep(raw: Any) -> None:
        got.extend(raw)
        raise InterruptedError  # enough

    async def answered() -> None:
        return

    session = open_session(sandbox.url)
    bot = open_bot(desk.shop.telegram_token, session)
    with pytest.raises(OSError, match="away"):
        async with asyncio.timeout(ENOUGH_SECONDS):
            await Poller(bot, ["message"], refuse, answered).run()
    with pytest.raises(InterruptedError):
        async with asyncio.timeout(ENOUGH_SECONDS):
            await Poller(bot, ["message"], keep, answered).run()
    await session.close()

    assert [update["message"]["text"] for update in got] == ["precious"]


def test_an_update_is_about_its_sender_whatever_its_kind() -> None:
    assert person_of(updates.message(7, text="x")) == 7
    assert person_of(updates.press(7, "x")) == 7
    assert person_of({"update_id": 1, "channel_post": {"chat": {"id": -5}}}) == -5
    assert person_of({"update_id": 1, "something_new": 3}) == 0


async def test_a_database_that_is_away_costs_an_update_no_attempt(
    desk: Desk, bare: asyncpg.Connection
) -> None:
    away = [asyncpg.AdminShutdownError("terminating"), ConnectionRefusedError("no socket")] * MOST_ATTEMPTS

    async def handle(_raw: RawUpdate) -> None:
        if away:
            raise away.pop()

    desk.handled.act = handle
    update = updates.message(1, text="hello")
    await desk.inbox.store(desk.shop.bot_id, [update])
    while await desk.inbox.work_due():
        pass

    kept = await row(bare, update)
    assert kept["done_at"] is not None
    assert kept["attempts"] == 1
    assert desk.handled.apologies == []


async def test_a_new_leader_frees_also_what_had_failed_before(desk: Desk, bare: asyncpg.Connection) -> None:
    async def fail(_raw: RawUpdate) -> None:
        raise ValueError("once")

    desk.handled.act = fail
    update = updates.message(1, text="hello")
    await desk.inbox.store(desk.shop.bot_id, [update])
    await desk.inbox.work_due()
    desk.clock.forward(seconds=2)
    assert len(await desk.inbox._claim(1)) == 1  # and then the process is killed
    desk.handled.act = None
    successor = desk.restarted()

    await successor.take_over()
    await successor.work_due()

    kept = await row(bare, update)
    assert kept["done_at"] is not None
    assert kept["attempts"] == 2, "one that failed and one that went well; a killed process is not its fault"


async def test_an_inbox_with_nothing_to_do_sleeps_until_a_pause_is_over(
    desk: Desk, bare: asyncpg.Connection
) -> None:
    await bare.execute("update telegram_updates set done_at = now() where done_at is null")
    nothing = await desk.inbox._until_next()

    async def fail(_raw: RawUpdate) -> None:
        raise RuntimeError("no")

    desk.handled.act = fail
    update = updates.message(1, text="hello")
    await desk.inbox.store(desk.shop.bot_id, [update])
    stored = await desk.inbox._until_next()
    await desk.inbox.work_due()
    pausing = await desk.inbox._until_next()
    desk.clock.forward(seconds=PAUSES[0].total_seconds())
    again = await desk.inbox._until_next()

    assert (nothing, stored, pausing, again) == (
        LONGEST_WAIT,
        TICK_SECONDS,
        PAUSES[0].total_seconds(),
        TICK_SECONDS,
    )

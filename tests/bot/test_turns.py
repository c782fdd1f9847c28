"""Few handlers of one shop are at work at once, and who waits for Telegram leaves his place to another."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from aiogram.methods import GetMe

from bot.turns import AT_WORK, Turns, away
from tests.bot import updates
from tests.bot.conftest import MakePhone
from tests.bot.test_inbox import ENOUGH_SECONDS, Desk, desk

__all__ = ["desk"]


async def settled() -> None:
    """Everybody who can go on has gone on."""
    for _ in range(20):
        await asyncio.sleep(0)


class Counter:
    """A handler that stays at work until it is told."""

    def __init__(self) -> None:
        self.at_work: list[Any] = []
        self.go_on = asyncio.Event()

    async def work(self, turns: Turns, shop_id: int, who: Any) -> None:
        async with turns.at_work(shop_id):
            self.at_work.append(who)
            await self.go_on.wait()


async def test_a_shop_has_only_so_many_handlers_at_work_and_another_one_has_its_own() -> None:
    turns, counter = Turns(), Counter()

    flood = [asyncio.ensure_future(counter.work(turns, 1, ("flood", n))) for n in range(AT_WORK + 3)]
    quiet = asyncio.ensure_future(counter.work(turns, 2, "quiet"))
    await settled()
    first = list(counter.at_work)
    counter.go_on.set()
    await asyncio.gather(*flood, quiet)

    assert first == [*(("flood", n) for n in range(AT_WORK)), "quiet"]
    assert [who for who in counter.at_work if who != "quiet"] == [("flood", n) for n in range(AT_WORK + 3)]


async def test_who_waits_for_telegram_leaves_his_place_and_takes_one_again_before_he_goes_on() -> None:
    turns, counter, answer = Turns(), Counter(), asyncio.Event()
    back: list[str] = []

    async def calling() -> None:
        async with turns.at_work(1):
            async with away():
                await answer.wait()
            back.append("back")

    callers = [asyncio.ensure_future(calling()) for _ in range(AT_WORK)]
    await settled()
    others = [asyncio.ensure_future(counter.work(turns, 1, n)) for n in range(AT_WORK)]
    await settled()
    answer.set()
    await settled()
    beside = list(counter.at_work), list(back)
    counter.go_on.set()
    await asyncio.gather(*callers, *others)

    assert beside == (list(range(AT_WORK)), [])
    assert back == ["back"] * AT_WORK


@pytest.mark.parametrize("when", ["while he waits for a place", "while he is away", "while he comes back"])
async def test_a_handler_that_is_given_up_takes_no_place_with_him(when: str) -> None:
    turns, counter, answer = Turns(), Counter(), asyncio.Event()

    async def calling() -> None:
        async with turns.at_work(1), away():
            await answer.wait()

    others: list[asyncio.Future[None]] = []
    if when == "while he waits for a place":
        others = [asyncio.ensure_future(counter.work(turns, 1, n)) for n in range(AT_WORK)]
        await settled()
    given_up = asyncio.ensure_future(calling())
    await settled()
    if when == "while he comes back":
        others = [asyncio.ensure_future(counter.work(turns, 1, n)) for n in range(AT_WORK)]
        await settled()
        answer.set()
        await settled()
    given_up.cancel()
    await asyncio.wait({given_up})
    counter.go_on.set()
    await asyncio.gather(*others)

    after = Counter()
    later = [asyncio.ensure_future(after.work(turns, 1, n)) for n in range(AT_WORK + 1)]
    await settled()
    found = list(after.at_work)
    after.go_on.set()
    await asyncio.gather(*later)

    assert given_up.cancelled()
    assert found == list(range(AT_WORK))


async def test_two_calls_at_once_give_one_place_away_once() -> None:
    turns, counter, answer = Turns(), Counter(), asyncio.Event()

    async def call() -> None:
        async with away():
            await answer.wait()

    async def calling() -> None:
        async with turns.at_work(1):
            await asyncio.gather(call(), call())

    caller = asyncio.ensure_future(calling())
    await settled()
    others = [asyncio.ensure_future(counter.work(turns, 1, n)) for n in range(AT_WORK + 1)]
    await settled()
    beside = list(counter.at_work)
    answer.set()
    counter.go_on.set()
    await asyncio.gather(caller, *others)

    assert beside == list(range(AT_WORK))


async def test_handlers_that_call_telegram_leave_room_and_come_back_to_work_few_at_a_time(
    desk: Desk, make_phone: MakePhone
) -> None:
    """Through the inbox itself and the session of all bots."""
    started, back = Counter(), Counter()
    bot = desk.inbox.registry.bot_of(desk.shop.bot_id)
    assert bot is not None
    everybody = 3 * AT_WORK
    await make_phone(desk.shop)  # Telegram knows the bot

    async def act(raw: dict[str, Any]) -> None:
        started.at_work.append(raw["update_id"])
        await bot(GetMe())
        back.at_work.append(raw["update_id"])
        await back.go_on.wait()

    desk.handled.act = act
    await desk.inbox.store(desk.shop.bot_id, [updates.message(n, text="x") for n in range(1, everybody + 1)])
    working = asyncio.ensure_future(desk.inbox.work_due())
    await until(lambda: len(started.at_work) == everybody and len(back.at_work) == AT_WORK)
    back.go_on.set()
    await working

    assert sorted(back.at_work) == sorted(started.at_work)


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(ENOUGH_SECONDS):
        while not is_so():  # noqa: ASYNC110  (two lists of the test are looked at)
            await asyncio.sleep(0.01)

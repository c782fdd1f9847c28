"""What many hand in at once is written together, and everybody learns what became of his."""

from __future__ import annotations

import asyncio

import pytest

from bot.together import Together


async def test_what_comes_while_one_write_is_under_way_makes_up_the_next():
    written, go_on = [], asyncio.Event()

    async def write(items) -> None:
        written.append(list(items))
        await go_on.wait()

    together = Together(write)
    callers = [asyncio.ensure_future(together.add(number)) for number in range(5)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    go_on.set()
    late = asyncio.ensure_future(together.add(5))
    await asyncio.gather(*callers, late)

    assert [number for batch in written for number in batch] == [0, 1, 2, 3, 4, 5]
    assert len(written) < 6


async def test_everybody_whose_write_failed_is_told_and_the_next_write_is_tried():
    failing = [True]

    async def write(items) -> None:
        if failing:
            failing.pop()
            raise ConnectionError("away")

    together = Together(write)
    adding = asyncio.gather(*(together.add(number) for number in range(3)), return_exceptions=True)
    outcomes = await asyncio.wait_for(adding, 10)

    assert any(isinstance(outcome, ConnectionError) for outcome in outcomes)
    await together.add(4)


async def test_who_waited_for_a_write_that_was_cut_short_is_told_so():
    async def write(items) -> None:
        await asyncio.Event().wait()

    together = Together(write)
    writer = asyncio.ensure_future(together.add(1))
    await asyncio.sleep(0)
    writer.cancel()

    with pytest.raises(asyncio.CancelledError):
        await writer

"""The small parts: how fast, and how often."""

from __future__ import annotations

import asyncio

import pytest

from bot.jobs import Job, Jobs
from bot.outbox import GROUP_BURST, GROUP_RATE
from bot.pace import Bucket, Buckets
from bot.tasks import Tasks, settle


class Seconds:
    """A clock of plain seconds."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_bucket_gives_its_burst_at_once_and_then_its_rate() -> None:
    seconds = Seconds()
    bucket = Bucket(rate=2, burst=3, clock=seconds)

    waits = [bucket.take() for _ in range(5)]
    seconds.now += 2

    assert waits == [0, 0, 0, 0.5, 1.0]
    assert bucket.room() == 2


def test_a_group_hears_at_most_twenty_messages_in_any_minute() -> None:
    seconds = Seconds()
    bucket = Bucket(GROUP_RATE, GROUP_BURST, seconds)

    sent = []
    for _ in range(200):
        seconds.now += bucket.take()  # as the outbox waits, with more to say at every moment
        sent.append(seconds.now)

    assert max(sum(at <= other < at + 60 for other in sent) for at in sent) <= 20


def test_buckets_nobody_uses_are_forgotten() -> None:
    seconds = Seconds()
    buckets = Buckets(rate=1, burst=1, clock=seconds, keep=2)
    buckets.of("a").take()
    buckets.of("b").take()
    seconds.now += 10
    buckets.of("a").take()

    buckets.of("c")

    assert set(buckets._known) == {"a", "c"}


async def test_a_failing_job_does_not_stop_the_others() -> None:
    done: list[str] = []

    async def fails() -> int:
        raise ZeroDivisionError

    async def works() -> int:
        done.append("worked")
        return 1

    running = asyncio.create_task(Jobs([Job("a", 0.05, fails), Job("b", 0.05, works)]).run())
    await asyncio.sleep(0.3)
    running.cancel()

    assert len(done) > 1


async def test_a_slow_job_keeps_no_other_waiting_and_ends_with_them() -> None:
    often, ended = asyncio.Event(), []
    turns: list[int] = []

    async def takes_all_night() -> int:
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            ended.append("slow")
            raise
        return 1

    async def works() -> int:
        turns.append(1)
        if len(turns) == 3:
            often.set()
        return 1

    running = asyncio.create_task(Jobs([Job("slow", 1, takes_all_night), Job("quick", 0.01, works)]).run())
    await asyncio.wait_for(often.wait(), 5)
    running.cancel()
    await asyncio.wait({running})

    assert ended == ["slow"]


async def test_a_task_that_takes_too_long_is_ended_and_said_so() -> None:
    tasks = Tasks(watched=True)

    slow = await settle(tasks.spawn(asyncio.sleep(60), name="slow"), seconds=0.05)
    wrong = await settle(tasks.spawn(fail(), name="wrong"), seconds=5)
    fine = await settle(tasks.spawn(asyncio.sleep(0), name="fine"), seconds=5)

    assert isinstance(slow, TimeoutError)
    assert isinstance(wrong, LookupError)
    assert fine is None
    assert len(tasks) == 0


async def test_a_crash_nobody_asked_about_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    tasks = Tasks()

    tasks.spawn(fail(), name="forgotten")
    await tasks.drain(1)

    assert "forgotten crashed" in caplog.text


async def fail() -> None:
    raise LookupError

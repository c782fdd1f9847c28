"""What has happened is written down, however long the database is away."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from bot import noting


async def test_a_note_waits_until_the_database_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(noting, "PAUSE_SECONDS", 0)
    away: list[Exception] = [
        ConnectionRefusedError("no socket"),
        asyncpg.CannotConnectNowError("starting up"),
        asyncpg.DiskFullError("no space left"),
    ]

    async def write() -> None:
        if away:
            raise away.pop()

    await noting.note(write, what="something", seconds=60)

    assert away == []


async def test_a_note_that_no_waiting_cures_is_an_error_at_once() -> None:
    tries = []

    async def write() -> None:
        tries.append(1)
        raise asyncpg.UndefinedTableError("telegram_updates")

    with pytest.raises(asyncpg.UndefinedTableError):
        await noting.note(write, what="something", seconds=60)

    assert len(tries) == 1


async def test_a_note_gives_up_when_its_time_is_over() -> None:
    async def write() -> None:
        raise ConnectionRefusedError("no socket")

    with pytest.raises(ConnectionRefusedError):
        async with asyncio.timeout(10):
            await noting.note(write, what="something", seconds=-1)

"""Notices are heard, also after the connection was lost."""

from __future__ import annotations

import asyncio

import asyncpg

from db.embedded import Database
from db.listen import Listener


async def test_a_lost_connection_is_made_anew_and_said_so(
    bot_database: Database, bare: asyncpg.Connection
) -> None:
    heard: asyncio.Queue[str] = asyncio.Queue()
    connected: asyncio.Queue[bool] = asyncio.Queue()
    listener = Listener(
        bot_database.app_url, "a listener", {"outbox": heard.put_nowait}, lambda: connected.put_nowait(True)
    )
    listening = asyncio.create_task(listener.run())
    try:
        await asyncio.wait_for(connected.get(), 5)
        await bare.execute("notify outbox, '1'")
        first = await asyncio.wait_for(heard.get(), 2)
        await bare.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'a listener'"
        )
        await asyncio.wait_for(connected.get(), 5)
        await bare.execute("notify outbox, '2'")
        second = await asyncio.wait_for(heard.get(), 2)
    finally:
        listening.cancel()

    assert (first, second) == ("1", "2")

"""One row that everybody changes: `UPDATE … RETURNING` by bare asyncpg, each caller on its own line."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

import asyncpg

TABLE = "CREATE TABLE IF NOT EXISTS bench_hot (id int PRIMARY KEY, turns bigint NOT NULL DEFAULT 0)"
ROW = "INSERT INTO bench_hot (id) VALUES (1) ON CONFLICT DO NOTHING"
PICK = "UPDATE bench_hot SET turns = turns + 1 WHERE id = 1 RETURNING turns"


async def picks(connections: Sequence[asyncpg.Connection], seconds: float) -> int:
    """How many times all of them together changed the row in so many seconds."""
    until = time.monotonic() + seconds
    done = 0

    async def caller(connection: asyncpg.Connection) -> None:
        nonlocal done
        while time.monotonic() < until:
            await connection.fetchval(PICK)
            done += 1

    await asyncio.gather(*(caller(connection) for connection in connections))
    return done

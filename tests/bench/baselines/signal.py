"""LISTEN, and one HTTP post for every notice: ``python -m … HOST USER DATABASE ADDRESS``."""

from __future__ import annotations

import asyncio
import sys

import asyncpg
import uvloop
from aiohttp import ClientSession

CHANNEL = "bench"


async def main(host: str, user: str, database: str, address: str) -> None:
    heard: asyncio.Queue[str] = asyncio.Queue()
    connection = await asyncpg.connect(host=host, port=5432, user=user, database=database)
    await connection.add_listener(CHANNEL, lambda *told: heard.put_nowait(told[-1]))
    sys.stdout.write("listening\n")
    sys.stdout.flush()
    async with ClientSession() as http:
        while True:
            body = {"chat_id": await heard.get(), "text": "x"}
            async with http.post(address, data=body) as answer:
                await answer.read()


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:]))

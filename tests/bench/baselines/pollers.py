"""So many long pollers by bare asyncio and aiohttp: ``python -m … ADDRESS COUNT SECONDS``."""

from __future__ import annotations

import asyncio
import sys

import uvloop
from aiohttp import ClientSession, ClientTimeout, TCPConnector


async def main(address: str, count: int, seconds: int) -> None:
    async with ClientSession(connector=TCPConnector(limit=0), timeout=ClientTimeout(seconds + 15)) as http:

        async def poll(number: int) -> None:
            body = {"timeout": str(seconds), "allowed_updates": '["message"]'}
            while True:
                async with http.post(f"{address}/bot{number}:bare/getUpdates", data=body) as answer:
                    await answer.json()

        pollers = []
        for number in range(count):
            pollers.append(asyncio.ensure_future(poll(number)))
            if number % 100 == 0:
                await asyncio.sleep(0.1)
        await asyncio.gather(*pollers)


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))

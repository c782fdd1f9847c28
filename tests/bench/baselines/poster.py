"""Bare aiohttp: the same bodies to the same address, so many at once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from aiohttp import ClientSession, TCPConnector


async def post(bodies: Sequence[tuple[str, dict[str, str]]], *, callers: int) -> int:
    """Each body to its address; raises for an answer that is not 200."""
    waiting = iter(bodies)
    async with ClientSession(connector=TCPConnector(limit=0), raise_for_status=True) as http:

        async def caller() -> None:
            for address, body in waiting:
                async with http.post(address, data=body) as answer:
                    await answer.json()

        await asyncio.gather(*(caller() for _ in range(callers)))
    return len(bodies)

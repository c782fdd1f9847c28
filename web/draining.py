"""What is left of a body when its answer is ready is taken in and thrown away, up to a limit.

A server that closes on a sender in mid-sentence makes his system report a broken connection in place of the
answer: he would never read that his file is too large. Refused bytes cost little, and neither many of them
nor a sender who stops is waited for.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from http.client import REQUEST_TIMEOUT

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPReceiveMessage, Message, Receive, Scope, Send

MOST_BYTES = 32 * 2**20
"""Beyond the largest file that any form takes."""
MOST_SECONDS = 10.0
QUIET_SECONDS = 1.0
"""Whoever sends nothing for so long is waiting for the answer."""
BODY_FOLLOWS = frozenset({b"content-length", b"transfer-encoding"})


@dataclass(frozen=True, slots=True)
class Drained:
    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP or not any(name in BODY_FOLLOWS for name, _ in scope["headers"]):
            await self.app(scope, receive, send)
            return
        is_over = False

        async def listen() -> HTTPReceiveMessage:
            nonlocal is_over
            message = await receive()
            is_over = message["type"] != "http.request" or not message["more_body"]
            return message  # type: ignore[return-value]

        async def answer(message: Message) -> None:
            # Whoever was too slow for his form is not waited for again.
            is_begun = message["type"] == "http.response.start" and message["status"] != REQUEST_TIMEOUT
            if is_begun and not is_over:
                await _throw_away(receive)
            await send(message)

        await self.app(scope, listen, answer)


async def _throw_away(receive: Receive) -> None:
    taken = 0
    try:
        async with asyncio.timeout(MOST_SECONDS):
            while taken <= MOST_BYTES:
                message = await asyncio.wait_for(receive(), QUIET_SECONDS)
                if message["type"] != "http.request" or not message.get("more_body"):
                    return
                taken += len(message["body"])
    except TimeoutError:
        return

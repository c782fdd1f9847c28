"""Server-sent events: one stream per open page, and nothing in it but whole snapshots.

A snapshot says how things are, not what changed, so that a reader who missed some is right again with the
next one. Between two of them a stream holds no connection and no transaction.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import asyncpg
from litestar.response.sse import ServerSentEventMessage
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from sqlalchemy.exc import SQLAlchemyError

from shop.errors import ShopError
from web.hub import Hub, Seat

logger = logging.getLogger(__name__)

MEDIA_TYPE = "text/event-stream"
HEADERS = {"X-Accel-Buffering": "no"}
"""A proxy that gathers answers before it passes them on would make a stream of none."""
RETRY_MILLISECONDS = 3000
PATIENCE = 10.0
"""Seconds: whoever takes longer to accept a message is let go. Shorter than a worker's time to stop."""
BEAT = "beat"
"""The event a page hears when nothing else happened: silence longer than a few of these is a dead line."""
DATABASE_TROUBLE = (OSError, SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """``moment``: the database's clock in microseconds when it was read; a later one is truer."""

    moment: int
    html: str
    true_for: float
    """Seconds until it is wrong by itself: somebody's claim on a receipt runs out."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """How one stream sees: ``look`` answers None, and ``may_stay`` False, once its person has no right."""

    look: Callable[[], Awaitable[Snapshot | None]]
    may_stay: Callable[[], Awaitable[bool]]


async def follow(
    hub: Hub, seat: Seat, viewer: Viewer, first: Snapshot, *, after: int = 0
) -> AsyncIterator[bytes]:
    """The messages of one stream, ``first`` at once; ``after``: the last moment this reader has seen.

    Ends when its person is signed out, the shop is closed, the worker stops or the database is away: a page
    asks again by itself, and is told then whether it may.
    """
    pace, clock = hub.pace, asyncio.get_running_loop().time
    moment, told_at = max(first.moment, after + 1), clock()
    beat_at, stale_at = told_at + pace.beat, told_at + min(pace.stale, first.true_for)
    try:
        yield _snapshot(moment, first.html, retry=RETRY_MILLISECONDS)
        while not seat.is_over():
            await seat.rest(min(beat_at, stale_at) - clock())
            if seat.must_look or clock() >= stale_at:
                await seat.gather(max(pace.gather, told_at + pace.between - clock()))
                seat.must_look = seat.must_check = False
                seen = None if seat.is_over() else await viewer.look()
                if seen is None:
                    return
                moment, told_at = max(seen.moment, moment + 1), clock()
                beat_at, stale_at = told_at + pace.beat, told_at + min(pace.stale, seen.true_for)
                yield _snapshot(moment, seen.html)
            elif seat.must_check or clock() >= beat_at:
                seat.must_check = False
                if seat.is_over() or not await viewer.may_stay():
                    return
                beat_at = clock() + pace.beat
                yield ServerSentEventMessage("", event=BEAT, comment=BEAT, sep="\n").encode()
    except ShopError as refusal:
        logger.info("a stream ended: %s", refusal.code)
    except DATABASE_TROUBLE as error:
        logger.warning("a stream ended, the database did not answer: %s", type(error).__name__)
    finally:
        hub.leave(seat)


def _snapshot(moment: int, html: str, *, retry: int | None = None) -> bytes:
    return ServerSentEventMessage(html, id=moment, retry=retry, sep="\n").encode()


def patient(seconds: float) -> Callable[[ASGIApp], ASGIApp]:
    """A middleware that lets go of a reader who does not take what was sent."""

    def middleware(app: ASGIApp) -> ASGIApp:
        async def handle(scope: Scope, receive: Receive, send: Send) -> None:
            async def send_in_time(message: Message) -> None:
                async with asyncio.timeout(seconds):
                    await send(message)

            try:
                await app(scope, receive, send_in_time)
            except* TimeoutError:
                logger.info("a reader too slow for its stream was let go")

        return handle

    return middleware

"""Waiting for the database: reachable, migrated, and with a role that may serve.

Web and bot start beside the database and beside the migration; they wait here rather than fail.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from db.doctor import UnfitDatabase, check_role, check_wall
from db.migrate import current, head
from db.urls import place_of

_T = TypeVar("_T")
_PAUSE_SECONDS = 0.1
_CONNECT_SECONDS = 4.0
_HOPELESS = (
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.InsufficientPrivilegeError,
)
"""Refusals that waiting does not cure: wrong password, no such role, no such database."""
_NOT_YET = (OSError, TimeoutError, DBAPIError, asyncpg.PostgresError, asyncpg.InterfaceError)


class DatabaseUnreachable(RuntimeError):
    """Nobody answers, or not to us; the text is the sentence to show."""


class MigrationsBehind(RuntimeError):
    """The database's schema is not the one this code was written for; the text is the sentence to show."""


NOT_READY = (DatabaseUnreachable, MigrationsBehind, UnfitDatabase)


async def is_migrated(engine: AsyncEngine) -> bool:
    """Whether the schema is exactly the code's; raises what the driver raises when it cannot be asked."""
    return await current(engine) == head()


async def wait_until_reachable(url: str, *, timeout: float) -> None:  # noqa: ASYNC109  (part of the promise)
    """Return once ``url`` answers; DatabaseUnreachable after ``timeout`` seconds, or at once when it
    refuses us for good."""
    async with _probe(url) as engine:
        await _reach(engine, url, until=time.monotonic() + timeout)


async def wait_until_migrated(url: str, timeout: float) -> None:  # noqa: ASYNC109  (part of the promise)
    """Return once ``url`` answers, its schema is the code's, its role is one that may serve
    and the wall between the shops stands.

    Raises one of NOT_READY after ``timeout`` seconds, or at once where waiting is of no use.
    """
    until = time.monotonic() + timeout
    async with _probe(url) as engine:
        await _reach(engine, url, until=until)
        wanted = head()
        while (found := await current(engine)) != wanted:
            if time.monotonic() > until:
                raise MigrationsBehind(
                    f"the database is at revision {found or 'none'} and this version needs {wanted}; "
                    "run `python -m shop migrate`"
                )
            await asyncio.sleep(_PAUSE_SECONDS)
        async with engine.connect() as connection:
            await check_role(connection)
            await check_wall(connection)


def ready_or_exit(url: str, *, timeout: float = 60.0) -> None:
    """For entry points: wait_until_migrated, or one sentence on standard error and exit status 1."""
    run_or_exit(wait_until_migrated(url, timeout))


def run_or_exit(work: Coroutine[Any, Any, _T]) -> _T:
    """Run ``work``; a database that is not ready becomes one sentence and exit status 1."""
    try:
        return asyncio.run(work)
    except NOT_READY as error:
        sys.stderr.write(f"{error}.\n")
        sys.exit(1)


@asynccontextmanager
async def _probe(url: str) -> AsyncIterator[AsyncEngine]:
    engine = create_async_engine(url, poolclass=NullPool, connect_args={"timeout": _CONNECT_SECONDS})
    try:
        yield engine
    finally:
        await engine.dispose()


async def _reach(engine: AsyncEngine, url: str, *, until: float) -> None:
    while True:
        left = until - time.monotonic()
        try:
            async with asyncio.timeout(max(left, _PAUSE_SECONDS)):
                await _touch(engine)
        except _NOT_YET as error:
            cause = _cause(error)
            if isinstance(cause, _HOPELESS) or time.monotonic() + _PAUSE_SECONDS > until:
                raise DatabaseUnreachable(
                    f"the database at {place_of(url)} cannot be reached: {_reason(cause)}"
                ) from None
            await asyncio.sleep(_PAUSE_SECONDS)
        else:
            return


async def _touch(engine: AsyncEngine) -> None:
    connection: AsyncConnection
    async with engine.connect() as connection:
        await connection.exec_driver_sql("select 1")


def _cause(error: BaseException) -> BaseException:
    """The driver's own error below SQLAlchemy's wrapping."""
    while isinstance(error, DBAPIError) and error.orig is not None:
        error = error.orig
    return error.__cause__ if isinstance(error.__cause__, asyncpg.PostgresError | OSError) else error


def _reason(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno) if error.errno > 0 else str(error.strerror)
    text = str(error).strip().split("\n")[0].rstrip(".")
    return text or type(error).__name__

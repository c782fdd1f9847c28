"""One engine per process, built by the process's composition root and passed down."""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine.interfaces import AdaptedConnection
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from db.bounds import SERVER_BOUNDS
from db.json_text import to_json
from db.tenancy import ScopedConnection

CONNECT_SECONDS = 3
POOL_SECONDS = 2
STATEMENT_SECONDS = 5
"""A database that hangs must not hang us: every wait is bounded (security.md F3)."""
ASK_SECONDS = 1.0
"""A rested connection that does not answer so soon is given up for a new one."""
RESTED_SECONDS = 1.0
"""A connection that rested longer is asked whether it is still there before it is used again."""
_USED_AT = "used_at"


def build_engine(url: str, *, application_name: str, pool_size: int = 5) -> AsyncEngine:
    """``application_name`` shows in ``pg_stat_activity``; ``pool_size`` counts connections."""
    engine = create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=POOL_SECONDS,
        # The one used last: it has the statements prepared and needs no question whether it is still there.
        pool_use_lifo=True,
        # A failing statement is logged; what customers and owners entrusted to us stays out of the log.
        hide_parameters=True,
        json_serializer=to_json,
        connect_args={
            "connection_class": ScopedConnection,
            "timeout": CONNECT_SECONDS,
            "command_timeout": STATEMENT_SECONDS,
            "server_settings": {"application_name": application_name, "jit": "off", **SERVER_BOUNDS},
        },
    )
    event.listen(engine.sync_engine, "checkin", _note_use)
    event.listen(engine.sync_engine, "checkout", _still_there)
    return engine


def _note_use(_connection: AdaptedConnection | None, entry: ConnectionPoolEntry) -> None:
    entry.info[_USED_AT] = time.monotonic()


def _still_there(connection: AdaptedConnection, entry: ConnectionPoolEntry, _proxy: Any) -> None:
    """Never hand out a connection that is known to be dead, nor one that may have died in silence.

    SQLAlchemy's own ``pool_pre_ping`` asks every time, in three round trips. A server that ends a
    connection says so, and the driver has heard it by the time somebody takes the connection again; only
    a network that swallowed the news needs a question, and only after a rest. DisconnectionError makes
    the pool try the next one.
    """
    if connection.driver_connection.is_closed():
        raise DisconnectionError("the server ended the connection")
    if time.monotonic() - entry.info.get(_USED_AT, time.monotonic()) <= RESTED_SECONDS:
        return
    try:
        connection.run_async(_ask)
    except Exception as error:  # whatever it is, a new connection is better
        raise DisconnectionError("the connection died while it rested") from error


async def _ask(driver: Any) -> None:
    await driver.execute("SELECT", timeout=ASK_SECONDS)


def build_sessions(engine: AsyncEngine) -> async_sessionmaker[AsyncSession]:
    """Sessions that flush only when told to and keep what they loaded after the commit."""
    return async_sessionmaker(engine, expire_on_commit=False, autoflush=False)

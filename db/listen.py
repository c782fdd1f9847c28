"""One LISTEN connection that reconnects and says when it did.

A notice is a hint, never the truth: whoever listens looks into the tables after every reconnection and
from time to time, because what was said while nobody listened is lost.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Never

import asyncpg
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.engine import make_url

from db.bounds import SERVER_BOUNDS

log = logging.getLogger(__name__)

CONNECTION_TROUBLE = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)
"""What a lone connection raises when the database is away; waiting cures it."""

CONNECT_SECONDS = 3
HEARTBEAT_SECONDS = 5
"""A network that hangs says nothing, so we ask."""
PAUSE_SECONDS = 0.5


async def connect_alone(url: str, *, application_name: str) -> Any:
    """A plain asyncpg connection outside any pool, for what must keep its connection: notices and locks."""
    dialect: Any = PGDialect_asyncpg
    arguments = dialect().create_connect_args(make_url(url))[1]
    arguments.pop("prepared_statement_cache_size", None)  # SQLAlchemy's own, unknown to the driver
    return await asyncpg.connect(
        **arguments,
        timeout=CONNECT_SECONDS,
        command_timeout=CONNECT_SECONDS,
        server_settings={"application_name": application_name, "jit": "off", **SERVER_BOUNDS},
    )


@dataclass(frozen=True, slots=True)
class Listener:
    """Passes notices on until it is cancelled.

    The callbacks are synchronous and quick: they set events, they do no work.
    """

    url: str
    application_name: str
    channels: Mapping[str, Callable[[str], None]]
    """Who hears the payload of a channel's notices."""
    on_connect: Callable[[], None]
    """Called after every (re)connection: look at everything, something may have been missed."""

    async def run(self) -> Never:
        while True:
            try:
                await self._listen()
            except CONNECTION_TROUBLE as error:
                log.warning("not hearing the database's notices: %s", type(error).__name__)
            await asyncio.sleep(PAUSE_SECONDS)

    async def _listen(self) -> None:
        connection = await connect_alone(self.url, application_name=self.application_name)
        ended = asyncio.Event()
        try:
            connection.add_termination_listener(lambda _connection: ended.set())
            for channel in self.channels:
                await connection.add_listener(channel, self._hear)
            self.on_connect()
            while not ended.is_set():
                try:
                    async with asyncio.timeout(HEARTBEAT_SECONDS):
                        await ended.wait()
                except TimeoutError:
                    await connection.execute("select 1")
        finally:
            connection.terminate()

    def _hear(self, _connection: object, _pid: int, channel: str, payload: str) -> None:
        self.channels[channel](payload)

"""Only one process speaks to Telegram: a second one stays idle and takes over when the first is gone.

The lock lives on a connection of its own. Whoever loses the connection, or only suspects it, has lost
the lock and stops at once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from db.listen import CONNECTION_TROUBLE, connect_alone

log = logging.getLogger(__name__)

LOCK = 0x7069_7368_6B68
"""The advisory lock of the fleet, in the database's own space of such numbers."""
RETRY_SECONDS = 0.5
HEARTBEAT_SECONDS = 1.0


@dataclass(slots=True)
class Lead:
    """The lock, while we hold it."""

    connection: Any

    async def until_lost(self) -> None:
        """Return when the database does not confirm the connection, and with it the lock, any more."""
        while True:
            try:
                await self.connection.execute("select 1")
            except CONNECTION_TROUBLE as error:
                log.warning("lost the lead of the fleet: %s", type(error).__name__)
                return
            await asyncio.sleep(HEARTBEAT_SECONDS)


@asynccontextmanager
async def leadership(url: str) -> AsyncIterator[Lead]:
    """Wait, as long as it takes, until this process is the one; give the lock back at the end."""
    connection = await _lock(url)
    try:
        yield Lead(connection)
    finally:
        # Ending the connection is what gives the lock back, even when the database does not answer.
        connection.terminate()


async def _lock(url: str) -> Any:
    told = False
    while True:
        try:
            connection = await connect_alone(url, application_name="pishkhan bot leader")
        except CONNECTION_TROUBLE as error:
            log.warning("cannot reach the database for the lead: %s", type(error).__name__)
            await asyncio.sleep(RETRY_SECONDS)
            continue
        try:
            while not await connection.fetchval("select pg_try_advisory_lock($1)", LOCK):
                if not told:
                    log.info("another process leads the fleet; standing by")
                    told = True
                await asyncio.sleep(RETRY_SECONDS)
        except CONNECTION_TROUBLE as error:
            log.warning("lost the database while waiting for the lead: %s", type(error).__name__)
            connection.terminate()
            await asyncio.sleep(RETRY_SECONDS)
        except asyncio.CancelledError:
            connection.terminate()
            raise
        else:
            return connection

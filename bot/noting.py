"""What has happened is written down, also when the database is away at that moment.

A message that was sent and not noted is sent again; an update that was handled and not noted is handled
again, and its person waits for the whole lease before anything else of his is looked at. So whoever has
something to note keeps trying for as long as the lease says that the row is his.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from db.passing import is_passing

log = logging.getLogger(__name__)

PAUSE_SECONDS = 0.5


async def note(write: Callable[[], Awaitable[None]], *, what: str, seconds: float) -> None:
    """Call ``write``, a transaction that may be repeated, until it goes through, at most for so long.

    Raises what it raised last, and at once what no waiting cures.
    """
    until = time.monotonic() + seconds
    while True:
        try:
            await write()
        except Exception as error:
            if not is_passing(error) or time.monotonic() > until:
                raise
            log.warning("%s waits for the database to be noted: %s", what, type(error).__name__)
            await asyncio.sleep(PAUSE_SECONDS)
        else:
            return

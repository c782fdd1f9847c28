"""A door in front of the database that counts round trips: what is really on the wire, not what we believe.

PostgreSQL ends its answer to every message it was asked to answer with ReadyForQuery; so many of them, so
many times somebody waited for the database.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

READY = ord("Z")
_HEAD = 5
"""Bytes before a message's body: its kind and its length."""


@dataclass(slots=True)
class Wiretap:
    server: Path
    """The server's socket."""
    folder: Path
    """Where to connect instead."""
    answers: int = 0
    _cut: asyncio.Event = field(default_factory=asyncio.Event)
    _lines: set[asyncio.Task[None] | None] = field(default_factory=set)

    def swallow(self) -> None:
        """Let nothing through any more on the connections there are, and tell nobody; new ones work."""
        self._cut.set()
        self._cut = asyncio.Event()

    def take(self) -> int:
        """How many round trips there were since somebody last asked."""
        count, self.answers = self.answers, 0
        return count

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = asyncio.current_task()
        self._lines.add(line)
        theirs, ours = await asyncio.open_unix_connection(str(self.server))
        asking = asyncio.ensure_future(_pass_on(reader, ours))
        try:
            await self._answer(theirs, writer, self._cut)
        finally:
            self._lines.discard(line)
            asking.cancel()
            ours.close()
            writer.close()

    async def hang_up(self) -> None:
        lines = [line for line in self._lines if line is not None]
        for line in lines:
            line.cancel()
        await asyncio.gather(*lines, return_exceptions=True)

    async def _answer(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, cut: asyncio.Event
    ) -> None:
        while True:
            try:
                head = await reader.readexactly(_HEAD)
                body = await reader.readexactly(int.from_bytes(head[1:], "big") - 4)
            except (asyncio.IncompleteReadError, ConnectionError):
                return
            self.answers += head[0] == READY
            if not cut.is_set():
                writer.write(head + body)


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(data)


@asynccontextmanager
async def tapped(server: Path, folder: Path) -> AsyncIterator[Wiretap]:
    """Listen in ``folder`` under the same name as the server's ``socket``. Nobody may ask for TLS."""
    folder.mkdir(parents=True, exist_ok=True)
    tap = Wiretap(server, folder)
    async with await asyncio.start_unix_server(tap.serve, str(folder / server.name)):
        try:
            yield tap
        finally:
            await tap.hang_up()

"""A network between web, bot and database that misbehaves on order."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Weather = Literal["fine", "hung", "cut", "slow"]
CHUNK = 65_536
_RESET_AT_ONCE = struct.pack("ii", 1, 0)


@dataclass(slots=True)
class Proxy:
    """Passes TCP connections on to the socket of the database."""

    target: Path
    port: int = 0
    weather: Weather = "fine"
    delay: float = 0.0
    """In slow weather, the seconds every piece takes, each way."""
    _cleared: asyncio.Event = field(default_factory=asyncio.Event)
    _open: set[asyncio.StreamWriter] = field(default_factory=set)

    def turn(self, weather: Weather, *, delay: float = 0.0) -> None:
        """``hung`` takes what is sent and passes nothing on; ``cut`` resets all there is and all to come."""
        self.weather, self.delay = weather, delay
        if weather == "hung":
            self._cleared.clear()
        else:
            self._cleared.set()
        if weather == "cut":
            for writer in list(self._open):
                _reset(writer)

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.weather == "cut":
            _reset(writer)
            return
        try:
            far_reader, far_writer = await asyncio.open_unix_connection(str(self.target))
        except OSError:
            _reset(writer)
            return
        both = {writer, far_writer}
        self._open |= both
        try:
            await asyncio.gather(self._pass(reader, far_writer), self._pass(far_reader, writer))
        finally:
            self._open -= both

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while piece := await reader.read(CHUNK):
                await self._cleared.wait()
                if self.weather == "slow":
                    await asyncio.sleep(self.delay)
                writer.write(piece)
                await writer.drain()
        except OSError:
            pass
        finally:
            _reset(writer)


def _reset(writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        wire = writer.get_extra_info("socket")
        if wire is not None and wire.family == socket.AF_INET:
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_AT_ONCE)
    writer.transport.abort()


@asynccontextmanager
async def proxied(target: Path) -> AsyncIterator[Proxy]:
    """A proxy on a free port for the time of the block; fine weather at first."""
    proxy = Proxy(target)
    server = await asyncio.start_server(proxy.accept, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    proxy.turn("fine")
    try:
        yield proxy
    finally:
        proxy.turn("cut")
        server.close()

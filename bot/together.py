"""Write together what many hand in at the same time: one transaction instead of one for each."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

_T = TypeVar("_T")


@dataclass(slots=True)
class Together(Generic[_T]):
    """While one write is under way, what comes meanwhile waits and makes up the next."""

    write: Callable[[Sequence[_T]], Awaitable[None]]
    _waiting: list[tuple[_T, asyncio.Future[None]]] = field(default_factory=list)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def add(self, item: _T) -> None:
        """Returns when ``item`` is written, and raises what its write raised."""
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, written))
        async with self._turn:
            if not written.done():
                await self._write_all()
        await written

    async def _write_all(self) -> None:
        batch, self._waiting = self._waiting, []
        try:
            await self.write([item for item, _ in batch])
        except BaseException as error:
            failed = error if isinstance(error, Exception) else ConnectionError("the write was cut short")
            for _, written in batch:
                if not written.done():
                    written.set_exception(failed)
                    written.exception()  # whoever was cancelled will not ask for it
            if not isinstance(error, Exception):
                raise
        else:
            for _, written in batch:
                if not written.done():
                    written.set_result(None)

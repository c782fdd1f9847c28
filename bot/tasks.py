"""The only module that may spawn a task, so that no task is forgotten when the process stops."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, TypeVar

log = logging.getLogger(__name__)

_T = TypeVar("_T")


class Tasks:
    """Tasks that belong together: whoever owns the group waits for them or cancels them."""

    def __init__(self, *, watched: bool = False) -> None:
        """``watched``: somebody asks every task how it ended, so a crash is not told a second time."""
        self._running: set[asyncio.Task[Any]] = set()
        self._watched = watched

    def __len__(self) -> int:
        return len(self._running)

    def spawn(self, work: Coroutine[Any, Any, _T], *, name: str) -> asyncio.Task[_T]:
        """Start ``work``; a crash nobody asks about is logged."""
        task = asyncio.create_task(work, name=name)  # noqa: TID251  (this is the module that may)
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if self._watched or task.cancelled():
            return
        if (error := task.exception()) is not None:
            log.error("%s crashed", task.get_name(), exc_info=error)

    async def drain(self, seconds: float) -> None:
        """Wait for what is running, at most so long; then cancel the rest."""
        if self._running:
            await asyncio.wait(set(self._running), timeout=seconds)
        await self.cancel()

    async def cancel(self) -> None:
        """Cancel everything and wait until it has ended."""
        while self._running:
            for task in self._running:
                task.cancel()
            await asyncio.wait(set(self._running))


async def settle(task: asyncio.Task[Any], *, seconds: float) -> BaseException | None:
    """Wait for ``task`` and answer what went wrong in it, if anything; it gets ``seconds`` at most.

    Being cancelled oneself is not caught, and takes the task along.
    """
    try:
        _, unfinished = await asyncio.wait({task}, timeout=seconds)
    except asyncio.CancelledError:
        task.cancel()
        raise
    if unfinished:
        task.cancel()
        await asyncio.wait({task})
        return TimeoutError(f"not done after {seconds:g} s")
    return asyncio.CancelledError() if task.cancelled() else task.exception()

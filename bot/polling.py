"""Fetch one bot's updates for ever. What to do when it fails is the fleet's business."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Never

from aiogram import Bot
from aiogram.methods import TelegramMethod

RawUpdate = dict[str, Any]
"""An update exactly as Telegram wrote it: stored so, because a parser may refuse tomorrow's fields."""

POLL_SECONDS = 25
REQUEST_SECONDS = POLL_SECONDS + 15
"""Longer than the poll, so that a slow network is not taken for a dead one."""


class GetRawUpdates(TelegramMethod[list[RawUpdate]]):
    """``getUpdates`` without parsing: one update nobody understands must not hide the others."""

    __returning__ = list[RawUpdate]
    __api_method__ = "getUpdates"

    offset: int | None = None
    timeout: int | None = None
    allowed_updates: list[str] | None = None


@dataclass(frozen=True, slots=True)
class Poller:
    """``store`` commits the updates; only then does the next call confirm them to Telegram."""

    bot: Bot
    allowed_updates: Sequence[str]
    store: Callable[[Sequence[RawUpdate]], Awaitable[None]]
    answered: Callable[[], Awaitable[None]]
    """Called after every answer: the token works."""

    async def run(self) -> Never:
        """Poll until cancelled or until a call fails; raises whatever failed."""
        # Without an offset Telegram sends everything not yet confirmed. We go back to that whenever
        # nothing is left to confirm: numbers may start anew after a quiet week.
        offset: int | None = None
        while True:
            updates = await self._fetch(offset)
            await self.answered()
            if not updates:
                offset = None
                continue
            await self.store(updates)
            offset = max(update["update_id"] for update in updates) + 1

    async def _fetch(self, offset: int | None) -> list[RawUpdate]:
        return await self.bot(
            GetRawUpdates(offset=offset, timeout=POLL_SECONDS, allowed_updates=list(self.allowed_updates)),
            request_timeout=REQUEST_SECONDS,
        )


def person_of(update: RawUpdate) -> int:
    """Telegram's id of whom an update is about: updates of one person are handled in order.

    The chat where there is no person; 0 where there is neither.
    """
    event: Any = next((part for name, part in update.items() if name != "update_id"), None)
    if not isinstance(event, dict):
        return 0
    message = event.get("message")
    for holder in (event.get("from"), event.get("user"), event.get("chat"), message and message.get("chat")):
        if isinstance(holder, dict) and isinstance(holder.get("id"), int):
            return int(holder["id"])
    return 0

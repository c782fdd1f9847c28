"""The queue in which a bot's updates wait to be fetched or delivered."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from bot.sandbox.clock import Clock
from bot.sandbox.protocol import ApiError, JsonObject, conflict

OPT_IN_KINDS = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
"""Kinds a bot gets only when it asks for them by name."""

QUEUE_LIMIT = 100_000
"""Updates kept for a bot that never comes; older ones are forgotten first."""

OTHER_POLL = "terminated by other getUpdates request; make sure that only one bot instance is running"
WEBHOOK_ACTIVE = (
    "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
)


@dataclass(frozen=True, slots=True)
class Update:
    """One event; ``queue`` names the line in which a webhook keeps the order."""

    update_id: int
    kind: str
    payload: JsonObject
    queue: str
    expires_at: float

    def as_json(self) -> JsonObject:
        return {"update_id": self.update_id, self.kind: self.payload}


class UpdateQueue:
    """Everything not yet confirmed by one bot, oldest first."""

    def __init__(self, clock: Clock, first_id: int) -> None:
        self._clock = clock
        self._next_id = first_id
        self._waiting: OrderedDict[int, Update] = OrderedDict()
        self._poll: asyncio.Future[None] | None = None
        self.allowed: tuple[str, ...] = ()
        """Kinds the bot asked for last; empty means the usual set."""
        self.offer: Callable[[Update], None] | None = None
        """Where updates go as they arrive, while a webhook is set."""

    def push(self, kind: str, payload: JsonObject, *, queue: str, lifetime: float) -> int | None:
        """Queue an event and wake whoever waits for it; nothing when the bot did not ask for this kind."""
        wanted = kind in self.allowed if self.allowed else kind not in OPT_IN_KINDS
        if not wanted:
            return None
        update = Update(self._next_id, kind, payload, queue, self._clock.now() + lifetime)
        self._next_id += 1
        self._waiting[update.update_id] = update
        if len(self._waiting) > QUEUE_LIMIT:
            self._waiting.popitem(last=False)
        if self.offer is not None:
            self.offer(update)
        elif self._poll is not None and not self._poll.done():
            self._poll.set_result(None)
        return update.update_id

    async def poll(
        self, *, offset: int, limit: int, patience: float, allowed: Iterable[str] | None
    ) -> list[JsonObject]:
        """What ``getUpdates`` answers: at once, or after ``patience`` seconds at most."""
        if self.offer is not None:
            raise conflict(WEBHOOK_ACTIVE)
        if allowed is not None:
            self.allowed = tuple(allowed)
        self.interrupt(conflict(OTHER_POLL))
        self._confirm(offset)
        ready = self._ready(limit)
        if ready or patience <= 0:
            return ready
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._poll = waiter
        try:
            await asyncio.wait_for(waiter, patience)
        except TimeoutError:
            return []
        finally:
            if self._poll is waiter:
                self._poll = None
        return self._ready(limit)

    def interrupt(self, reason: ApiError) -> None:
        """End a poll that is waiting, with ``reason`` for its answer."""
        if self._poll is not None and not self._poll.done():
            self._poll.set_exception(reason)
        self._poll = None

    def done(self, update_id: int) -> None:
        self._waiting.pop(update_id, None)

    def drop_all(self) -> None:
        self._waiting.clear()

    def pending(self) -> list[Update]:
        now = self._clock.now()
        return [update for update in self._waiting.values() if update.expires_at > now]

    def is_waiting(self, update: Update) -> bool:
        """Whether it still has to be delivered: neither confirmed, dropped nor expired."""
        return update.update_id in self._waiting and update.expires_at > self._clock.now()

    def _confirm(self, offset: int) -> None:
        if offset < 0:
            while len(self._waiting) > -offset:
                self._waiting.popitem(last=False)
            return
        while self._waiting and next(iter(self._waiting)) < offset:
            self._waiting.popitem(last=False)

    def _ready(self, limit: int) -> list[JsonObject]:
        now = self._clock.now()
        ready: list[JsonObject] = []
        expired: list[int] = []
        for update in self._waiting.values():
            if update.expires_at <= now:
                expired.append(update.update_id)
                continue
            ready.append(update.as_json())
            if len(ready) == limit:
                break
        for update_id in expired:
            del self._waiting[update_id]
        return ready

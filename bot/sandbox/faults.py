"""Failures on order: what the next calls of a bot will meet."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from bot.sandbox.protocol import ApiError

ANY_METHOD = "*"


@dataclass(slots=True)
class Fault:
    """One kind of failure and how often it still happens.

    ``drop`` breaks the connection instead of answering; ``after`` carries the call out first, which is how an
    answer gets lost on the way back; ``delay`` is in seconds.
    """

    code: int
    description: str
    retry_after: int | None = None
    times: int = 1
    drop: bool = False
    after: bool = False
    delay: float = 0.0

    def error(self) -> ApiError:
        return ApiError(self.code, self.description, retry_after=self.retry_after)


class Faults:
    """The failures ordered for one bot, in the order they were ordered."""

    def __init__(self) -> None:
        self._by_method: dict[str, deque[Fault]] = {}

    def add(self, method: str, fault: Fault) -> None:
        self._by_method.setdefault(method.lower(), deque()).append(fault)

    def clear(self, method: str) -> None:
        if method == ANY_METHOD:
            self._by_method.clear()
        else:
            self._by_method.pop(method.lower(), None)

    def take(self, method: str) -> Fault | None:
        """The failure this call meets, counted off; those of the method come before those of any method."""
        if not self._by_method:
            return None
        for name in (method.lower(), ANY_METHOD):
            waiting = self._by_method.get(name)
            if waiting:
                fault = waiting[0]
                fault.times -= 1
                if fault.times <= 0:
                    waiting.popleft()
                return fault
        return None

"""What a bot called, kept for those who want to check it afterwards."""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.protocol import JsonObject

CALL_LIMIT = 5_000
POLL_LIMIT = 200
_STRUCTURED = ("{", "[")


@dataclass(frozen=True, slots=True)
class CallRecord:
    """``number`` counts a bot's calls from 1; ``error_code`` is empty for a call that went well."""

    number: int
    method: str
    at: float
    values: dict[str, Any]
    error_code: int | None

    def as_json(self) -> JsonObject:
        return {
            "number": self.number,
            "method": self.method,
            "at": self.at,
            "params": {name: _readable(value) for name, value in self.values.items()},
            "ok": self.error_code is None,
            **({} if self.error_code is None else {"error_code": self.error_code}),
        }


@dataclass(slots=True)
class CallLog:
    """The last calls of one bot. Polls are kept apart, lest they push everything else out."""

    count: int = 0
    _calls: deque[CallRecord] = field(default_factory=lambda: deque(maxlen=CALL_LIMIT))
    _polls: deque[CallRecord] = field(default_factory=lambda: deque(maxlen=POLL_LIMIT))

    def add(self, method: str, at: float, values: dict[str, Any], error_code: int | None) -> None:
        self.count += 1
        log = self._polls if method == "getUpdates" else self._calls
        log.append(CallRecord(self.count, method, at, values, error_code))

    def select(self, *, method: str | None, after: int) -> list[CallRecord]:
        """Oldest first, without polls unless they are asked for; only calls numbered above ``after``."""
        log = self._polls if method == "getUpdates" else self._calls
        return [call for call in log if call.number > after and method in (None, call.method)]

    def clear(self) -> None:
        self._calls.clear()
        self._polls.clear()


def _readable(value: Any) -> Any:
    """Structures travel as JSON text in forms; whoever reads the log wants the structure."""
    if isinstance(value, str) and value.startswith(_STRUCTURED):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value

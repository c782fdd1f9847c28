"""How fast we speak: token buckets, one for each bot and one for each chat."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Bucket:
    """Holds up to ``burst`` permissions and gains ``rate`` of them a second."""

    rate: float
    burst: float
    clock: Callable[[], float] = time.monotonic
    _level: float = field(init=False)
    _seen: float = field(init=False)

    def __post_init__(self) -> None:
        self._level = self.burst
        self._seen = self.clock()

    def room(self) -> int:
        """Whole permissions to be had now."""
        self._refill()
        return max(0, int(self._level + 1e-9))

    def take(self, count: int = 1) -> float:
        """Take ``count``, on credit if need be; answers the seconds to wait before using them."""
        self._refill()
        self._level -= count
        return max(0.0, -self._level / self.rate)

    def is_full(self) -> bool:
        self._refill()
        return self._level >= self.burst

    def _refill(self) -> None:
        now = self.clock()
        self._level = min(self.burst, self._level + (now - self._seen) * self.rate)
        self._seen = now


@dataclass(slots=True)
class Buckets:
    """A bucket for each key, forgotten again when nobody used it for long."""

    rate: float
    burst: float
    clock: Callable[[], float] = time.monotonic
    keep: int = 10_000
    """When more than so many are known, the full ones are dropped: a fresh one is full too."""
    _known: dict[Hashable, Bucket] = field(default_factory=dict)

    def of(self, key: Hashable) -> Bucket:
        bucket = self._known.get(key)
        if bucket is None:
            if len(self._known) >= self.keep:
                self._known = {k: b for k, b in self._known.items() if not b.is_full()}
            bucket = self._known[key] = Bucket(self.rate, self.burst, self.clock)
        return bucket

    def room_of(self, key: Hashable) -> int:
        """Whole permissions to be had now; a key nobody used has them all and stays unknown."""
        bucket = self._known.get(key)
        return int(self.burst) if bucket is None else bucket.room()

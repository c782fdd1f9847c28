"""A B A B: what is compared runs in turn, so that a noisy neighbour disturbs both alike."""

from __future__ import annotations

import gc
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from tests.bench.processes import TICK, cpu_seconds


@dataclass(frozen=True, slots=True)
class Burst:
    """One turn of one side."""

    units: int
    """Requests, updates, messages: whatever the measure counts."""
    wall: float
    """Seconds."""
    cpu: Mapping[str, float]
    """Seconds of user and system time, by part: ``web``, ``database``, …"""
    own: float = 0
    """Seconds of CPU of the bench itself, which calls or stands for the callers."""

    @property
    def rate(self) -> float:
        return self.units / self.wall

    def per_unit(self, *parts: str) -> float:
        """Milliseconds of CPU a unit, of these parts; of all when none is named."""
        spent = sum(seconds for part, seconds in self.cpu.items() if not parts or part in parts)
        return 1000 * spent / self.units


Side = Callable[[], Awaitable[int]]
"""Does one burst of work and answers how many units it did."""


async def in_turn(*sides: tuple[Side, Mapping[str, int]], rounds: int, warm_up: int = 1) -> list[list[Burst]]:
    """Let every side do its burst, ``rounds`` times in turn; each with the root processes of its parts.

    The first ``warm_up`` rounds are not counted.
    """
    found: list[list[Burst]] = [[] for _ in sides]
    for number in range(warm_up + rounds):
        for side, (work, parts) in enumerate(sides):
            burst = await _burst(work, parts)
            if number >= warm_up:
                found[side].append(burst)
    return found


async def _burst(work: Side, parts: Mapping[str, int]) -> Burst:
    gc.collect()
    before = {name: cpu_seconds(pid) for name, pid in parts.items()}
    begun, own = time.perf_counter(), time.process_time()
    units = await work()
    wall, own = time.perf_counter() - begun, time.process_time() - own
    # The kernel counts in ticks; what took less than one took some all the same.
    spent = {name: max(TICK, cpu_seconds(pid) - before[name]) for name, pid in parts.items()}
    return Burst(units, wall, spent, own)

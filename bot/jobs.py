"""What has to happen without anybody asking: deadlines, waiting deliveries, sealing, proofs, sweeping.

Runs only in the process that leads the fleet.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Never

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """One recurring duty. ``work`` answers how much it did."""

    name: str
    every_seconds: float
    work: Callable[[], Awaitable[int]]


@dataclass(slots=True)
class Jobs:
    jobs: list[Job] = field(default_factory=list)

    async def run(self) -> None:
        """Do each job at once and then when it is due, until cancelled. The deadlines themselves are columns.

        Each has its own turns: a night's proof of many shops keeps no deadline waiting.
        """
        await asyncio.gather(*(self._repeat(job) for job in self.jobs))

    async def _repeat(self, job: Job) -> Never:
        while True:
            try:
                done = await job.work()
            except Exception:  # it is tried again at its next turn
                log.exception("the job %s failed", job.name)
            else:
                if done:
                    log.info("the job %s did %s", job.name, done)
            await asyncio.sleep(job.every_seconds)

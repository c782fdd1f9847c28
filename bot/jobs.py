"""What has to happen without anybody asking: deadlines, waiting deliveries, sweeping.

Runs only in the process that leads the fleet.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Job:
    """One recurring duty. ``work`` answers how much it did."""

    name: str
    every_seconds: float
    work: Callable[[], Awaitable[int]]
    due_at: float = 0.0
    """By the loop's clock; 0 is at once."""


@dataclass(slots=True)
class Jobs:
    jobs: list[Job] = field(default_factory=list)

    async def run(self) -> None:
        """Do each job when it is due, until cancelled. The deadlines themselves are columns."""
        clock = asyncio.get_running_loop().time
        while True:
            for job in self.jobs:
                if job.due_at <= clock():
                    await self._do(job)
                    job.due_at = clock() + job.every_seconds
            await asyncio.sleep(max(0.05, min(job.due_at for job in self.jobs) - clock()))

    async def _do(self, job: Job) -> None:
        try:
            done = await job.work()
        except Exception:  # one job's failure is not the others'; it is tried again at its next turn
            log.exception("the job %s failed", job.name)
        else:
            if done:
                log.info("the job %s did %s", job.name, done)

"""Start our processes for real, watch them, and leave none behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 20.0
OURS = (
    "PISHKHAN_",
    "DATABASE_",
    "BOT_",
    "TELEGRAM_",
    "SANDBOX_",
    "LOG_",
    "SECRET_KEY",
    "PORT",
    "HOST",
    "DEMO",
)


def environment(**changes: str) -> dict[str, str]:
    """The environment of a fresh installation, with ``changes``."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(OURS)}
    return {**kept, **changes}


@contextmanager
def process(*words: str, **environ: str) -> Iterator[subprocess.Popen[str]]:
    """`python …` with its output in a pipe; killed with its children when the block ends before it does."""
    running = subprocess.Popen(
        [sys.executable, *words],
        env=environment(**environ),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        yield running
    finally:
        if running.poll() is None:
            os.kill(running.pid, signal.SIGTERM)
            try:
                running.wait(PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(running.pid, signal.SIGKILL)
                running.wait()
        if running.stdout:
            running.stdout.close()


def read_until(running: subprocess.Popen[str], word: str) -> str:
    """The output up to and with the line that holds ``word``; fails when the process ends before."""
    seen = []
    for line in running.stdout or ():
        seen.append(line)
        if word in line:
            return "".join(seen)
    raise AssertionError(f"ended without saying {word!r}:\n{''.join(seen)}")


def wait_for(condition: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        if time.monotonic() > until:
            raise AssertionError(f"waited in vain for: {what}")
        time.sleep(0.05)


def is_alive(pid: int) -> bool:
    """Whether ``pid`` runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False

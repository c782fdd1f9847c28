"""The whole product as its owner runs it: `python -m shop up` in a fresh folder, on free ports."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
READY = "Pishkhan is running"
START_SECONDS = 120
STOP_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Stack:
    """Where the running product answers, and what it printed."""

    folder: Path
    environment: dict[str, str]
    dashboard: str
    sandbox: str
    log: Path
    process: subprocess.Popen[bytes]

    @property
    def printed(self) -> str:
        return self.log.read_text(errors="replace")

    def tokens(self) -> list[str]:
        """The API tokens of the first start, in the order printed."""
        return re.findall(r"pk_live_[A-Za-z0-9_-]+", self.printed)

    def pid(self, module: str) -> int:
        """The process of this stack that runs ``python -m module``."""
        mine = f"PISHKHAN_DATA={self.folder}".encode()
        for process in Path("/proc").glob("[0-9]*"):
            try:
                words = (process / "cmdline").read_bytes().split(b"\0")
                environment = (process / "environ").read_bytes().split(b"\0")
            except OSError:
                continue
            if words[1:3] == [b"-m", module.encode()] and mine in environment:
                return int(process.name)
        raise RuntimeError(f"{module} does not run")


def free_port() -> int:
    """A port nobody listens on, below the range that outgoing connections take theirs from."""
    for port in range(20_000 + os.getpid() % 5_000, 32_000):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0 and port not in _given:
                _given.add(port)
                return port
    raise RuntimeError("no free port")


_given: set[int] = set()


@contextmanager
def running_stack(folder: Path, **variables: str) -> Iterator[Stack]:
    """Start everything, wait until it serves, stop it at the end of the block."""
    port, bot_port, sandbox_port = free_port(), free_port(), free_port()
    environment = {
        **{key: value for key, value in os.environ.items() if key not in ("BOT_TOKEN", "DATABASE_URL")},
        "PISHKHAN_DATA": str(folder),
        "PORT": str(port),
        "BOT_PORT": str(bot_port),
        "SANDBOX_PORT": str(sandbox_port),
        "WEB_WORKERS": "1",
        **variables,
    }
    log = folder.parent / f"{folder.name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "shop", "up"],
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    stack = Stack(
        folder,
        environment,
        f"http://127.0.0.1:{port}",
        f"http://127.0.0.1:{sandbox_port}",
        log,
        process,
    )
    try:
        _wait_until_ready(stack)
        yield stack
    finally:
        _stop(process)


def _wait_until_ready(stack: Stack) -> None:
    until = time.monotonic() + START_SECONDS
    while READY not in stack.printed:
        if stack.process.poll() is not None or time.monotonic() > until:
            raise RuntimeError(f"the product did not start:\n{stack.printed[-4000:]}")
        time.sleep(0.1)


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

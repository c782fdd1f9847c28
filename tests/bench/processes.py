"""Programs of a measure in processes of their own, and what CPU they used."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
START_SECONDS = 60
STOP_SECONDS = 15
TICK = 1 / os.sysconf("SC_CLK_TCK")
"""Seconds: the step in which the kernel counts CPU time."""


def cpu_seconds(pid: int) -> float:
    """User and system time of a process and its descendants, the dead that were waited for included."""
    parents: dict[int, int] = {}
    spent: dict[int, int] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:  # it ended this instant
            continue
        parents[int(entry.name)] = int(fields[1])
        spent[int(entry.name)] = sum(int(field) for field in fields[11:15])
    return sum(ticks for one, ticks in spent.items() if _descends(one, pid, parents)) * TICK


def _descends(pid: int, ancestor: int, parents: Mapping[int, int]) -> bool:
    while pid not in (0, ancestor):
        pid = parents.get(pid, 0)
    return pid == ancestor


def resident_bytes(pid: int) -> int:
    """Memory of one process that is its own or shared: what `ps` calls RSS."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def program(
    *arguments: str, port: int | None = None, python: str = sys.executable, **variables: str
) -> Iterator[subprocess.Popen[bytes]]:
    """``python -m arguments…`` until the block ends; with ``port``, it answers there by now."""
    environment = {
        **{key: value for key, value in os.environ.items() if key not in ("BOT_TOKEN", "DATABASE_URL")},
        **variables,
    }
    process = subprocess.Popen([python, "-m", *arguments], cwd=ROOT, env=environment, start_new_session=True)
    try:
        if port is not None:
            _wait_for(process, port)
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait_for(process: subprocess.Popen[bytes], port: int) -> None:
    until = time.monotonic() + START_SECONDS
    while True:
        with closing(socket.socket()) as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if process.poll() is not None or time.monotonic() > until:
            raise RuntimeError(f"{process.args!r} did not start")
        time.sleep(0.05)

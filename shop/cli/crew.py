"""The processes of the Procfile: started in order, their lines printed together, stopped in order.

Honcho reads the Procfile, runs each line and prints its output with a name before it; the order is
ours, because the database must come first and go last.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import sys
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from honcho.colour import get_colours
from honcho.environ import parse_procfile
from honcho.printer import Printer
from honcho.process import Process

import db.process
from db.process import OWN_RIGHTS
from shop.cli.command import Refused

ROOT = Path(__file__).resolve().parents[2]
PROCFILE = ROOT / "Procfile"
START_SECONDS = 10.0
"""To become a process, not to be ready."""


@dataclass(slots=True)
class _Member:
    name: str
    pid: int | None = None
    status: int | None = None
    started: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)


class Crew:
    """Every process we started and have to answer for."""

    def __init__(self, lines: Mapping[str, str], environment: Mapping[str, str], *, prefix: bool) -> None:
        """``lines`` are the Procfile's; without ``prefix`` (for JSON logs) lines are printed as they came."""
        self._lines = lines
        self._environment = {
            **os.environ,
            **environment,
            "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath))),
            "PYTHONUNBUFFERED": "1",
        }
        self._printer = Printer(sys.stdout, width=max(map(len, lines), default=0), prefix=prefix)
        self._printing = threading.Lock()
        self._colours = get_colours()
        self._members: dict[str, _Member] = {}

    def start(self, name: str) -> None:
        """Start the line ``name`` and return as soon as it has a process."""
        if name not in self._lines:
            raise Refused(f"the Procfile has no line {name}")
        member = self._members[name] = _Member(name)
        # Every line is started through db.process, so that it ends with us even if it does not care to;
        # `exec` leaves no shell in between to swallow a signal.
        launch = [sys.executable, "-I", "-S", db.process.__file__, str(os.getpid()), str(int(signal.SIGTERM))]
        process = Process(
            "exec " + shlex.join([*launch, OWN_RIGHTS, "/bin/sh", "-c", f"exec {self._lines[name]}"]),
            name=name,
            colour=next(self._colours),
            env=self._environment,
            cwd=str(ROOT),
        )
        # One thread for each process for as long as it lives: the kernel's notice of a parent's death
        # is bound to the thread that started the child.
        threading.Thread(target=process.run, args=(_Events(self, member),), daemon=True).start()
        if not member.started.wait(START_SECONDS):
            raise Refused(f"{name} could not be started")

    def ended(self) -> tuple[str, int] | None:
        """The name and the status of a process that has ended, if one has."""
        for member in self._members.values():
            if member.status is not None:
                return member.name, member.status
        return None

    def require_all(self) -> None:
        """Raise Refused, naming it, when a process has ended."""
        found = self.ended()
        if found:
            name, status = found
            if status < 0:
                raise Refused(f"{name} was killed by signal {-status}, so everything was stopped")
            raise Refused(
                f"{name} ended with status {status}, so everything was stopped; its last lines above say why"
            )

    def stop(self, names: Iterable[str], *, grace: float) -> None:
        """Ask ``names`` to end, together; after ``grace`` seconds kill what is left of each."""
        chosen = [self._members[name] for name in names if name in self._members]
        for member in chosen:
            if member.status is None and member.pid:
                _send(member.pid, signal.SIGTERM)
        until = time.monotonic() + grace
        for member in chosen:
            if not member.ended.wait(max(until - time.monotonic(), 0)) and member.pid:
                _send_group(member.pid)
                member.ended.wait(1)

    def print_line(self, message: Any) -> None:
        with self._printing:
            self._printer.write(message)


@dataclass(frozen=True, slots=True)
class _Events:
    """What honcho's process reports to, in place of a queue."""

    crew: Crew
    member: _Member

    def put(self, message: Any) -> None:
        if message.type == "line":
            self.crew.print_line(message)
        elif message.type == "start":
            self.member.pid = message.data["pid"]
            self.member.started.set()
        else:
            self.member.status = message.data["returncode"]
            self.member.ended.set()


def read_procfile(path: Path = PROCFILE) -> dict[str, str]:
    """The Procfile's lines by name, in its order."""
    try:
        return dict(parse_procfile(path.read_text()).processes)
    except OSError as error:
        raise Refused(f"the Procfile {path} cannot be read: {error.strerror}") from error


def _send(pid: int, signum: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signum)


def _send_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)

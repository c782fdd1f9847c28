"""As whom the embedded server runs. PostgreSQL refuses to run as root, and rightly so.

An ordinary user simply runs it. For root we look for the first way that really works on this machine,
without making users and without opening anybody's folders: the owner of a cluster that is there
already; nobody inside a user namespace (files stay root's, so even a 0700 tree will do); the owner of
the programs; the accounts `postgres` and `nobody`, where the path lets them through.
"""

from __future__ import annotations

import os
import pwd
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import db.process
from db.process import NAMESPACE, OWN_RIGHTS

ACCOUNTS = ("postgres", "nobody")


class NoIdentity(RuntimeError):
    """Root, and no way to run the server with fewer rights; the text is the sentence to show."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Rights that PostgreSQL's programs get; ``uid`` and ``gid`` own its files."""

    rights: str
    uid: int
    gid: int

    def command(self, *command: str | os.PathLike[str]) -> list[str]:
        """``command`` with these rights, ended by a fast shutdown (SIGINT) when this process dies."""
        words = [os.fspath(word) for word in command]
        script = db.process.__file__
        launch = [sys.executable, "-I", "-S", script, str(os.getpid()), str(int(signal.SIGINT)), self.rights]
        return [*launch, *words]


def choose_identity(folder: Path, bindir: Path) -> Identity:
    """Who shall own and run the cluster in ``folder`` (which exists). Raises NoIdentity."""
    own = Identity(OWN_RIGHTS, os.geteuid(), os.getegid())
    if own.uid != 0:
        return own
    for identity in _candidates(folder, bindir):
        if _works(identity, folder, bindir):
            return identity
    raise NoIdentity(
        "PostgreSQL does not run as root, and no other user can reach "
        f"{folder} and {bindir} here; run as an ordinary user, or set DATABASE_URL"
    )


def open_the_way(identity: Identity, folder: Path) -> None:
    """Let the server's own account pass through our data folder (0710, for its group) to its cluster.

    Only needed where root had to hand the cluster to an account and user namespaces are forbidden.
    """
    if identity.rights in {OWN_RIGHTS, NAMESPACE} or folder.stat().st_uid == identity.uid:
        return
    os.chown(folder, -1, identity.gid)
    folder.chmod(0o710)


def _candidates(folder: Path, bindir: Path) -> Iterator[Identity]:
    cluster = folder / "pg"
    if cluster.exists():
        owner = cluster.stat()
        if owner.st_uid != 0:
            yield _account(owner.st_uid, owner.st_gid)
            return  # PostgreSQL runs only as the owner of its folder
    yield Identity(NAMESPACE, 0, 0)
    if cluster.exists():
        return
    for place in (folder, bindir):
        owner = place.stat()
        if owner.st_uid != 0:
            yield _account(owner.st_uid, owner.st_gid)
    for name in ACCOUNTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        yield _account(entry.pw_uid, entry.pw_gid)


def _account(uid: int, gid: int) -> Identity:
    return Identity(f"{uid}:{gid}", uid, gid)


def _works(identity: Identity, folder: Path, bindir: Path) -> bool:
    # The folder itself we may open a crack (open_the_way); what lies above it we may not.
    reach = folder.parent if identity.uid else folder
    tests: Sequence[Sequence[str | os.PathLike[str]]] = (
        (bindir / "postgres", "--version"),
        ("/bin/sh", "-c", 'test -x "$1"', "sh", reach),
    )
    return all(
        subprocess.run(  # noqa: S603  (our own argument list)
            identity.command(*test), capture_output=True, check=False
        ).returncode
        == 0
        for test in tests
    )

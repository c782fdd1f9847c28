"""The folder of one installation: its embedded database, its pictures, its generated key.

Everything in it is made private by its own mode. Folders above it, and a folder that was there
before us, keep the modes they have: pointing PISHKHAN_DATA at a shared folder must not lock others
out of it.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_SOCKET_PATH_BYTES = 100
"""The kernel allows 107 on Linux and 103 on macOS for folder and file name together."""
_SOCKET_NAME = "/.s.PGSQL.5432"


class FolderUnusable(RuntimeError):
    """The folder cannot serve; the text is the sentence to show."""


class FolderBusy(RuntimeError):
    """Another process works in the folder; the text is the sentence to show."""


def make_private(folder: Path) -> Path:
    """Create ``folder`` (0700) and, with the usual modes, what is above it; what exists is left as it is."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
            raise FolderUnusable(f"the folder {folder} may not be written by this user")
    except OSError as error:
        raise FolderUnusable(f"the folder {folder} cannot be made: {error.strerror}") from error
    return folder


def generated_key(folder: Path) -> str:
    """The key of this installation, made once. Safe when several processes start at the same instant."""
    place = folder / "secret_key"
    try:
        if not place.exists():
            draft = folder / f".secret_key.{os.getpid()}"
            draft.unlink(missing_ok=True)
            handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w") as file:
                file.write(secrets.token_urlsafe(48) + "\n")
                file.flush()
                os.fsync(file.fileno())
            try:
                os.link(draft, place)  # unlike rename, never replaces the key another process just made
            except FileExistsError:
                pass
            finally:
                draft.unlink()
        return place.read_text().strip()
    except OSError as error:
        raise FolderUnusable(f"the key {place} cannot be used: {error.strerror}") from error


def socket_folder(folder: Path) -> Path:
    """Where the embedded server listens: its own private folder, or a short one when that path is too long.

    The short one is remembered by the link ``run``, so every process of the installation agrees.
    """
    cluster = folder / "pg"
    if _fits(cluster):
        return cluster
    link = folder / "run"
    if not link.is_symlink():
        for base in (tempfile.gettempdir(), "/var/tmp"):  # noqa: S108  (mkdtemp makes it private)
            short = Path(tempfile.mkdtemp(prefix="pishkhan-", dir=base))
            if _fits(short):
                break
            short.rmdir()
        else:
            raise FolderUnusable(f"the path {folder} is too long for a socket; choose a shorter one")
        try:
            link.symlink_to(short)
        except FileExistsError:
            short.rmdir()
    return link.readlink()


def prepare_socket_folder(folder: Path, *, uid: int, gid: int) -> Path:
    """The socket's folder for a server that runs as ``uid``: made again when a restart of the machine
    swept it away, and surely private."""
    place = socket_folder(folder)
    if place != folder / "pg":
        place.mkdir(mode=0o700, exist_ok=True)
        state = place.lstat()
        if state.st_uid == os.geteuid() != uid:
            os.chown(place, uid, gid)
        if (
            not stat.S_ISDIR(state.st_mode)
            or state.st_uid not in {os.geteuid(), uid}
            or state.st_mode & 0o077
        ):
            raise FolderUnusable(
                f"the folder {place} is not private; delete {folder / 'run'} and start again"
            )
    return place


@contextmanager
def locked(path: Path, *, refusal: str) -> Iterator[None]:
    """Hold ``path`` for this process alone, or raise FolderBusy with ``refusal``; let go however it ends."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FolderBusy(refusal) from None
        yield
    finally:
        os.close(handle)


def _fits(folder: Path) -> bool:
    text = str(folder)
    # A comma separates folders in PostgreSQL's setting and hosts in an address.
    return len(os.fsencode(text + _SOCKET_NAME)) <= _SOCKET_PATH_BYTES and "," not in text

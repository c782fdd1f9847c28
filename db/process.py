"""Whose child a process is, and with whose rights it runs.

A child must not outlive the process that answers for it: a `kill -9` of the parent would leave a
web server on the port, or a database nobody stops. The kernel tells children on Linux; elsewhere
these calls do nothing.

Run as a script (`python db/process.py PARENT SIGNAL RIGHTS command…`) it becomes another command with
fewer rights. That is a script of its own, and imports nothing of ours, because running Python
between fork and exec is not safe in a process with threads.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PARENT_VARIABLE = "PISHKHAN_PARENT"
"""The id of the process that starts us, for a child that might start after its parent's death."""

OWN_RIGHTS = "own"
NAMESPACE = "namespace"

_PR_SET_PDEATHSIG = 1
_CLONE_NEWUSER = 0x10000000
_NOBODY = 65534


def die_with_parent(signum: int = signal.SIGTERM, *, parent: int | None = None) -> None:
    """Have the kernel send ``signum`` to this process when its parent ends; exit at once if it has.

    Call it again after a change of user: the kernel forgets the wish then.
    """
    if parent is None:
        parent = int(os.environ.pop(PARENT_VARIABLE, "0")) or os.getppid()
    if sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(signum), 0, 0, 0)
    if os.getppid() != parent:
        os.kill(os.getpid(), signum)


def take_rights(rights: str) -> None:
    """Give up root: ``own`` keeps what we have, ``uid:gid`` becomes that user, ``namespace`` becomes
    nobody in a user namespace of its own (files stay root's, no privilege is left outside)."""
    if rights == OWN_RIGHTS:
        return
    if rights == NAMESPACE:
        uid, gid = os.geteuid(), os.getegid()
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.unshare(_CLONE_NEWUSER) != 0:
            raise OSError(ctypes.get_errno(), "no user namespace to be had")
        _write("/proc/self/setgroups", "deny")
        _write("/proc/self/uid_map", f"{_NOBODY} {uid} 1")
        _write("/proc/self/gid_map", f"{_NOBODY} {gid} 1")
        return
    uid_text, _, gid_text = rights.partition(":")
    os.setgroups([])
    os.setgid(int(gid_text))
    os.setuid(int(uid_text))


def _write(path: str, text: str) -> None:
    handle = os.open(path, os.O_WRONLY)
    try:
        os.write(handle, text.encode())
    finally:
        os.close(handle)


def _become(parent: int, signum: int, rights: str, command: list[str]) -> None:
    take_rights(rights)
    if rights != OWN_RIGHTS:
        os.chdir("/")  # the caller's folder may be closed to the new user
    die_with_parent(signum, parent=parent)
    os.execv(command[0], command)  # noqa: S606  (our own argument list, no shell)


if __name__ == "__main__":
    _become(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4:])

"""What somebody had before him when he began to change it, so that he overwrites nothing he never saw."""

from __future__ import annotations

from hashlib import sha256

from shop.errors import ChangedMeanwhile

_LENGTH = 16


def mark(*values: object) -> str:
    """A short name for exactly these values: a form carries it along and comes back with it."""
    return sha256(repr(values).encode()).hexdigest()[:_LENGTH]


def require_same(what: str, seen: str, now: str) -> None:
    """Raise ``ChangedMeanwhile`` where the values that were seen are not those of now.

    ``seen`` is empty for whoever changes without having looked: the command line, or one switch.
    """
    if seen and seen != now:
        raise ChangedMeanwhile(what)

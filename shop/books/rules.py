"""When a night's proof is due, and what it found. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

PROVED_AT = time(3)
"""On the platform's clock: the quietest hour."""
ANCHOR_DIGITS = 32
"""Of the anchor, in hex, that a person is told and may type again: 128 bits."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing in a shop's books that is not as it must be; amounts in minor units.

    ``subject_id`` is the key of the customer, entry, order, payment or history entry, as ``code`` says.
    """

    code: str
    subject_id: int | None = None
    expected: int | None = None
    found: int | None = None


def night_of(now: datetime, zone: str) -> date:
    """The day whose proof is due at ``now``: until three o'clock it is the day before's."""
    local = now.astimezone(ZoneInfo(zone))
    return local.date() if local.time() >= PROVED_AT else local.date() - timedelta(days=1)


def begins(night: date, zone: str) -> datetime:
    """The instant from which the proof of ``night`` may be made; shops opened later wait for the next."""
    return datetime.combine(night, PROVED_AT, ZoneInfo(zone))


def anchor(heads: Mapping[str, object]) -> bytes:
    """One hash for the histories of all shops as they stand (``db.models.BookDay.heads``)."""
    return hashlib.sha256(json.dumps(heads, sort_keys=True, separators=(",", ":")).encode()).digest()


def told(anchor_: bytes) -> str:
    """What of an anchor is told to people."""
    return anchor_.hex()[:ANCHOR_DIGITS]

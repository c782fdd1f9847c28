"""How long a signed-in browser stays signed in. Pure: no database, no clock."""

from __future__ import annotations

from datetime import datetime, timedelta

IDLE = timedelta(hours=12)
LONGEST = timedelta(days=7)
REMEMBERED = timedelta(days=30)
"""For a person who asked to be remembered: for so long, used or not."""
MASTER_IDLE = timedelta(minutes=30)
MASTER_LONGEST = timedelta(hours=8)
VIEWING = timedelta(minutes=30)
"""For so long the master sees a shop that he opened; then he must open it again, which is noted again."""
FRESH = timedelta(minutes=10)
"""For so long a proof of who one is counts for what is delicate."""
TOUCH_EVERY = timedelta(minutes=5)
"""A session that is used is noted no more often: reading pages stay reading."""


def end_of(role: str, *, now: datetime, remember: bool) -> datetime:
    """When a session that begins now ends at the latest. The master is never remembered."""
    if role == "master":
        return now + MASTER_LONGEST
    return now + (REMEMBERED if remember else LONGEST)


def is_over(
    role: str, *, now: datetime, created_at: datetime, last_seen_at: datetime, expires_at: datetime
) -> bool:
    """Whether a session ended by its age or by lying idle."""
    if now >= expires_at:
        return True
    if role == "master":
        return now - last_seen_at >= MASTER_IDLE
    if is_remembered(created_at=created_at, expires_at=expires_at):
        return False
    return now - last_seen_at >= IDLE


def is_remembered(*, created_at: datetime, expires_at: datetime) -> bool:
    """Whether its person asked that this browser be remembered."""
    return expires_at - created_at > LONGEST


def is_due(*, now: datetime, last_seen_at: datetime) -> bool:
    """Whether the use of a session is to be noted again."""
    return now - last_seen_at >= TOUCH_EVERY


def is_fresh(*, now: datetime, proved_at: datetime) -> bool:
    """Whether the person proved lately enough who he is to do something delicate."""
    return now - proved_at < FRESH

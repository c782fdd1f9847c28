"""Dates and volumes of subscriptions. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

GIGABYTE = 2**30
NEARLY_FULL_PERCENT = 90


def ends_at(starts_at: datetime, period_days: int) -> datetime:
    """Days are days of twenty-four hours: nobody loses one to a calendar."""
    return starts_at + timedelta(days=period_days)


def volume(gigabytes: int) -> int:
    """Whole gigabytes in bytes; 0 stays 0 (unlimited)."""
    return gigabytes * GIGABYTE


def shown_status(status: str, *, ends: datetime, now: datetime) -> str:
    """What a screen calls it: past its end it is expired, whatever a job has yet to write."""
    return "expired" if status == "active" and ends <= now else status

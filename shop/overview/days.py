"""The shop's own days, and sums over them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def last_days(now: datetime, tz: ZoneInfo, count: int) -> list[date]:
    """Today and the ``count - 1`` days before it on the shop's wall calendar, oldest first."""
    today = now.astimezone(tz).date()
    return [today - timedelta(days=back) for back in range(count - 1, -1, -1)]


def begins(day: date, tz: ZoneInfo) -> datetime:
    """The instant (UTC) at which a day of the shop begins."""
    return datetime.combine(day, time.min, tzinfo=tz).astimezone(UTC)


def earlier(now: datetime, tz: ZoneInfo, *, days: int) -> datetime:
    """The same time on the shop's wall clock, ``days`` before; in a zone that moves its clocks too."""
    return (now.astimezone(tz) - timedelta(days=days)).astimezone(UTC)


def filled(by_day: Mapping[date, int], days: list[date]) -> list[int]:
    """One value for each of ``days``; nought where there is none."""
    return [by_day.get(day, 0) for day in days]


def change(now: int, before: int) -> float | None:
    """Per cent from ``before`` to ``now``, one decimal; None when there was nothing before."""
    return round((now - before) * 100 / before, 1) if before else None

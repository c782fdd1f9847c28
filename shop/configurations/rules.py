"""What settings mean together. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta


def quiet_until(now: datetime, *, begins: int, ends: int) -> datetime | None:
    """When the quiet hours in which ``now`` lies are over; None outside them.

    ``begins`` and ``ends`` are hours of the shop's day, the same twice for none; ``now`` is on its clock.
    """
    if begins == ends:
        return None
    is_quiet = begins <= now.hour < ends if begins < ends else now.hour >= begins or now.hour < ends
    if not is_quiet:
        return None
    over = now.replace(hour=ends, minute=0, second=0, microsecond=0)
    return over if over > now else over + timedelta(days=1)

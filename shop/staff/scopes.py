"""What one token opens, and for how long: a part of what its person may do. Pure: no database, no clock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from shop.actors import OWNING, RECEIPTS_APPROVE, SEEING, Master, StaffMember, may
from shop.errors import BadInput
from shop.i18n import N_
from shop.staff import rules

EVERYTHING, SEE, RECEIPTS, CHOSEN = "", "see", "receipts", "chosen"
WAYS: Mapping[str, str] = {
    EVERYTHING: N_("Everything that its person may do"),
    SEE: N_("Only see"),
    RECEIPTS: N_("See, and decide on receipts"),
    CHOSEN: N_("What is ticked below"),
}
"""How the form asks what a token may do, in the order of the screen."""
PRESETS: Mapping[str, frozenset[str]] = {SEE: SEEING, RECEIPTS: SEEING | {RECEIPTS_APPROVE}}
LASTING = (1, 7, 30, 90, 365)
"""After how many days a token may end, besides never."""
FARTHEST = timedelta(days=3 * 365)
"""The last day that somebody may choose for a token lies no further ahead."""
WARNED = timedelta(days=7)
"""So long before its end a token says so on every page that it opens."""


def scope_of(way: str, ticked: Iterable[str], held: frozenset[str]) -> frozenset[str] | None:
    """The scope that a form asks for; None is everything that its person may do, now and later.

    ``held``: what the person may do; of a preset counts what he has of it. Whoever ticks has to see what he
    decides on. Raises BadInput.
    """
    if way == EVERYTHING:
        return None
    if way in PRESETS:
        wanted = PRESETS[way] & held
    elif way == CHOSEN:
        wanted = frozenset(ticked)
        if wanted - held:
            raise BadInput("scope", "unknown")
    else:
        raise BadInput("scope", "unknown")
    if not wanted:
        raise BadInput("scope", "required")
    return rules.chosen(wanted) & held


def way_of(scope: frozenset[str]) -> str:
    """The preset that a scope is, or CHOSEN."""
    return next((way for way, preset in PRESETS.items() if preset == scope), CHOSEN)


def covers(one: StaffMember | Master, other: StaffMember | Master) -> bool:
    """Whether ``one`` may do everything in the shop that ``other`` may."""
    return all(may(one, permission) for permission in OWNING if may(other, permission))


def end_of(days: int, last_day: date | None = None, *, now: datetime, tz: ZoneInfo) -> datetime | None:
    """When a token ends that works through the day ``days`` after today, or through ``last_day``; as the shop
    counts days. Neither is never.

    Raises BadInput for a length that is not offered, for a day that is over or too far away, and for both.
    """
    today = now.astimezone(tz).date()
    if last_day is None:
        if days == 0:
            return None
        if days not in LASTING:
            raise BadInput("days", "unknown")
        last_day = today + timedelta(days=days)
    elif days:
        raise BadInput("last_day", "choose_one")
    if last_day < today:
        raise BadInput("last_day", "gone_by")
    if last_day > today + FARTHEST:
        raise BadInput("last_day", "too_far")
    return datetime.combine(last_day + timedelta(days=1), time.min, tzinfo=tz).astimezone(UTC)


def is_ending(expires_at: datetime | None, *, now: datetime) -> bool:
    """Whether the end of a token is near enough to speak of it."""
    return expires_at is not None and now < expires_at <= now + WARNED

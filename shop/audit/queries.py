"""The shop's history as its people read it: newest first, filtered, page by page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import aliased

from db.models import AuditEntry
from shop.actors import SHOP_SEE, require
from shop.unit_of_work import UnitOfWork

PAGE = 50
KINDS: Mapping[str, tuple[str, ...]] = {
    "receipts": ("receipt", "order"),
    "plans": ("plan", "plan_group", "stock"),
    "cards": ("card",),
    "settings": ("configuration", "feature", "bot", "bot_text", "reject_reason", "rehearsal"),
    "team": ("staff", "token", "sign_in"),
    "platform": ("shop", "secrets"),
    "broadcasts": ("broadcast",),
    "tickets": ("ticket", "canned_reply"),
    "customers": ("user", "wallet", "subscription"),
}
"""What one looks for, and how the actions of it begin."""
PEOPLE = ("master", "staff")
"""How the labels of people of the house begin, customers' and our own jobs' apart."""
_FIRST, _BEHIND = f"{PEOPLE[0]}:", f"{PEOPLE[-1]};"
"""Between these lie their labels, in the order of the index: a semicolon follows a colon."""
DAYS: Mapping[str, int] = {"day": 1, "week": 7, "month": 30}
"""How far back one looks, in days of 24 hours."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to show; a value that means nothing shows everything."""

    kind: str = ""
    """One of KINDS."""
    actor: str = ""
    """A label, ``staff:4``."""
    since: str = ""
    """One of DAYS."""
    before: int | None = None
    """Only what is older than this entry: where the page before ended."""


@dataclass(frozen=True, slots=True)
class HistoryRow:
    entry_id: int
    at: datetime
    actor: str
    actor_name: str
    channel: str
    """The door: ``web``, ``bot``, ``cli`` or ``job``."""
    action: str
    subject_type: str
    subject_id: int | None
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Page:
    rows: Sequence[HistoryRow]
    older: int | None
    """``before`` of the next page; None on the last."""


@dataclass(frozen=True, slots=True)
class WhoActed:
    actor: str
    name: str


async def load_history(uow: UnitOfWork, wanted: Wanted, *, limit: int = PAGE) -> Page:
    """One page, newest first; page a hundred costs what the first does. Raises NotAllowed."""
    require(uow.actor, SHOP_SEE)
    chosen = select(AuditEntry.id).order_by(AuditEntry.id.desc()).limit(limit + 1)
    if wanted.kind in KINDS:
        begins = KINDS[wanted.kind]
        chosen = chosen.where(or_(*(AuditEntry.action.startswith(f"{word}.") for word in begins)))
    if wanted.actor:
        chosen = chosen.where(AuditEntry.actor == wanted.actor)
    if wanted.since in DAYS:
        chosen = chosen.where(AuditEntry.created_at >= uow.now - timedelta(days=DAYS[wanted.since]))
    if wanted.before is not None:
        chosen = chosen.where(AuditEntry.id < wanted.before)
    # Found before anything else is read of them, as in every list (``shop.paging.filled``).
    page = chosen.subquery("page")
    found = _entries().join(page, page.c.id == AuditEntry.id)
    rows = [HistoryRow(*row) for row in await uow.session.execute(found)]
    return Page(rows[:limit], rows[limit - 1].entry_id if len(rows) > limit else None)


async def newest_of(
    uow: UnitOfWork, actions: Sequence[str], *, subject_id: int | None = None
) -> list[HistoryRow]:
    """The newest page of these actions, of one subject where it is said. Raises NotAllowed."""
    require(uow.actor, SHOP_SEE)
    found = _entries().where(AuditEntry.action.in_(actions)).limit(PAGE)
    if subject_id is not None:
        kind = actions[0].partition(".")[0]
        found = found.where(AuditEntry.subject_type == kind, AuditEntry.subject_id == subject_id)
    return [HistoryRow(*row) for row in await uow.session.execute(found)]


def _entries() -> Select[Any]:
    return select(
        AuditEntry.id,
        AuditEntry.created_at,
        AuditEntry.actor,
        AuditEntry.actor_name,
        AuditEntry.channel,
        AuditEntry.action,
        AuditEntry.subject_type,
        AuditEntry.subject_id,
        AuditEntry.data,
    ).order_by(AuditEntry.id.desc())


async def who_acted(uow: UnitOfWork) -> list[WhoActed]:
    """The people of the house who stand in the history, each by his newest name.

    One step of the index for each of them, not one for each entry. Raises NotAllowed.
    """
    require(uow.actor, SHOP_SEE)
    actor, name = AuditEntry.actor, aliased(AuditEntry)
    here = (AuditEntry.bot_id == uow.bot_id, actor >= _FIRST, actor < _BEHIND)
    found = select(func.min(actor).label("actor")).where(*here).cte("people", recursive=True)
    following = select(func.min(actor)).where(*here, actor > found.c.actor).correlate(found).scalar_subquery()
    found = found.union_all(select(following).where(found.c.actor.is_not(None)))
    newest = (
        select(name.actor_name)
        .where(name.bot_id == uow.bot_id, name.actor == found.c.actor)
        .order_by(name.id.desc())
        .limit(1)
        .correlate(found)
        .scalar_subquery()
    )
    rows = await uow.session.execute(
        select(found.c.actor, newest)
        .where(or_(*(found.c.actor.startswith(f"{kind}:") for kind in PEOPLE)))
        .order_by(found.c.actor)
    )
    return [WhoActed(*row) for row in rows.tuples()]

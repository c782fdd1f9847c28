"""Frozen rows of broadcasts: a page of them, and one with everything about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from db.models import Broadcast
from shop.actors import SHOP_SEE, require
from shop.errors import NotFound
from shop.paging import PAGE_ROWS, Page, Place, piece
from shop.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class BroadcastRow:
    broadcast_id: int
    status: str
    audience: str
    words: Mapping[str, str]
    """By language."""
    by: str
    created_at: datetime
    starts_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    people: int
    sent: int
    failed: int
    blocked: int
    skipped: int
    doubtful: int
    """May have come twice."""

    @property
    def left(self) -> int:
        """Of whom we do not know yet, or never will where it was stopped."""
        return self.people - self.sent - self.failed - self.blocked - self.skipped

    @property
    def done(self) -> int:
        return self.people - self.left

    @property
    def is_moving(self) -> bool:
        """Its figures change by themselves."""
        return self.status in {"scheduled", "running"}


async def list_broadcasts(
    uow: UnitOfWork,
    *,
    status: str | None = None,
    after: Place | None = None,
    newest_first: bool = True,
    rows: int = PAGE_ROWS,
) -> Page[BroadcastRow]:
    """A page of broadcasts in one statement. Raises NotAllowed."""
    require(uow.actor, SHOP_SEE)
    statement = select(Broadcast)
    if status is not None:
        statement = statement.where(Broadcast.status == status)
    found = list(
        await uow.session.scalars(
            piece(
                statement,
                Broadcast.created_at,
                Broadcast.id,
                after=after,
                newest_first=newest_first,
                rows=rows,
            )
        )
    )
    shown = found[:rows]
    last = shown[-1] if len(found) > rows else None
    return Page([row_of(one) for one in shown], None if last is None else Place(last.created_at, last.id))


async def load_broadcast(uow: UnitOfWork, broadcast_id: int) -> BroadcastRow:
    """Raises NotAllowed, NotFound."""
    require(uow.actor, SHOP_SEE)
    one = await uow.session.scalar(select(Broadcast).where(Broadcast.id == broadcast_id))
    if one is None:
        raise NotFound("broadcast", broadcast_id)
    return row_of(one)


def row_of(one: Broadcast) -> BroadcastRow:
    """A row apart from its session."""
    return BroadcastRow(
        broadcast_id=one.id,
        status=one.status,
        audience=one.audience,
        words=dict(one.words),
        by=one.by,
        created_at=one.created_at,
        starts_at=one.starts_at,
        started_at=one.started_at,
        ended_at=one.ended_at,
        people=one.people,
        sent=one.sent,
        failed=one.failed,
        blocked=one.blocked,
        skipped=one.skipped,
        doubtful=one.doubtful,
    )

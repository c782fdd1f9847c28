"""Frozen rows of broadcasts: a page of them, and one with everything about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from db.models import Broadcast, BroadcastRecipient, User
from shop.actors import SHOP_SEE, require
from shop.broadcasts.narrowing import Narrowing
from shop.errors import NotFound
from shop.paging import PAGE_ROWS, Page, Place, piece
from shop.unit_of_work import UnitOfWork

MISSED = ("failed", "blocked", "skipped")


@dataclass(frozen=True, slots=True)
class BroadcastRow:
    broadcast_id: int
    status: str
    audience: str
    words: Mapping[str, str]
    """By language."""
    narrowed: Narrowing
    button: Mapping[str, Any]
    """As it is kept; empty for none."""
    media_id: int | None
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
    def missed(self) -> int:
        """Who did not get it, of those whose turn has come."""
        return self.failed + self.blocked + self.skipped

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


@dataclass(frozen=True, slots=True)
class MissedRow:
    """Somebody it was for and did not reach."""

    recipient_id: int
    user_id: int
    telegram_id: int
    name: str
    username: str | None
    fate: str
    """``failed``, ``blocked`` or ``skipped``; ``pending`` where it never came to this person's turn."""
    why: str | None
    """What Telegram said."""
    at: datetime


async def list_missed(
    uow: UnitOfWork,
    broadcast_id: int,
    *,
    fate: str | None = None,
    after: Place | None = None,
    newest_first: bool = True,
    rows: int = PAGE_ROWS,
) -> Page[MissedRow]:
    """A page of those it did not reach, in one statement. Raises NotAllowed."""
    require(uow.actor, SHOP_SEE)
    fates = BroadcastRecipient.status
    statement = (
        select(BroadcastRecipient, User)
        .join(User, User.id == BroadcastRecipient.user_id)
        .where(
            BroadcastRecipient.broadcast_id == broadcast_id,
            User.bot_id == uow.bot_id,
            fates.in_(MISSED) if fate is None else fates == fate,
        )
    )
    found = await uow.session.execute(
        piece(
            statement,
            BroadcastRecipient.updated_at,
            BroadcastRecipient.id,
            after=after,
            newest_first=newest_first,
            rows=rows,
        )
    )
    people = found.tuples().all()
    shown, last = people[:rows], people[rows - 1][0] if len(people) > rows else None
    return Page(
        [_missed(recipient, person) for recipient, person in shown],
        None if last is None else Place(last.updated_at, last.id),
    )


def _missed(recipient: BroadcastRecipient, person: User) -> MissedRow:
    return MissedRow(
        recipient_id=recipient.id,
        user_id=person.id,
        telegram_id=person.telegram_id,
        name=person.full_name,
        username=person.username,
        fate=recipient.status,
        why=recipient.why,
        at=recipient.updated_at,
    )


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
        narrowed=Narrowing.of(one.narrowed),
        button=dict(one.button),
        media_id=one.media_id,
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

"""What the proofs say, for the master's screen and for the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select

from db.models import BookDay, BookProof, Bot
from shop.actors import PLATFORM_MANAGE, SHOP_SEE, require
from shop.unit_of_work import UnitOfWork

LINK_SHOWN = 12
"""Signs of a hash: enough to compare with what ``ledger verify`` says."""
FRESH = timedelta(hours=36)
"""A proof older than this is told to be old."""


@dataclass(frozen=True, slots=True)
class Differing:
    """A shop whose books do not balance, with what is wrong and how often."""

    bot_id: int
    name: str
    findings: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Books:
    """The newest proof of every shop, together. ``proved_at`` is None before the first."""

    shops: int
    proved_at: datetime | None
    is_stale: bool
    differing: Sequence[Differing]


@dataclass(frozen=True, slots=True)
class ShopProof:
    """The newest look through one shop's books and history."""

    proved_at: datetime
    is_stale: bool
    findings: Mapping[str, int]
    """What is wrong and how often; empty is proof."""
    sealed: int
    """Entries of the history that had their link."""
    link: str
    """How the hash of the last of them begins."""


async def load_proof(uow: UnitOfWork) -> ShopProof | None:
    """For the people of the unit's shop; None before the first proof. Raises NotAllowed."""
    require(uow.actor, SHOP_SEE)
    row = (
        await uow.session.execute(
            select(BookProof.created_at, BookProof.findings, BookProof.seq, BookProof.head)
            .order_by(BookProof.day.desc(), BookProof.id.desc())
            .limit(1)
        )
    ).one_or_none()
    if row is None:
        return None
    return ShopProof(
        row.created_at,
        row.created_at < uow.now - FRESH,
        _counted(row.findings),
        row.seq,
        row.head.hex()[:LINK_SHOWN],
    )


async def load_books(uow: UnitOfWork) -> Books:
    """For the master, in a platform unit. Raises NotAllowed."""
    require(uow.actor, PLATFORM_MANAGE)
    rows = await uow.session.execute(
        select(BookProof.bot_id, BookProof.created_at, BookProof.findings, Bot.name)
        .join(Bot, Bot.id == BookProof.bot_id)
        .where(Bot.deleted_at.is_(None), BookProof.created_at >= uow.now - timedelta(days=7))
        .distinct(BookProof.bot_id)
        .order_by(BookProof.bot_id, BookProof.id.desc())
    )
    proofs = rows.all()
    newest = max((row.created_at for row in proofs), default=None)
    return Books(
        shops=len(proofs),
        proved_at=newest,
        is_stale=newest is not None and newest < uow.now - FRESH,
        differing=[Differing(row.bot_id, row.name, _counted(row.findings)) for row in proofs if row.findings],
    )


def _counted(findings: Sequence[Mapping[str, object]]) -> dict[str, int]:
    counted: dict[str, int] = {}
    for finding in findings:
        code = str(finding["code"])
        counted[code] = counted.get(code, 0) + 1
    return counted


@dataclass(frozen=True, slots=True)
class Night:
    """What was noted of one night; ``heads`` as in ``db.models.BookDay``."""

    day: date
    anchor: bytes
    heads: Mapping[str, tuple[int, str]]


async def get_night(uow: UnitOfWork, day: date) -> Night | None:
    """The night's note, in a platform unit."""
    row = (
        await uow.session.execute(select(BookDay.anchor, BookDay.heads).where(BookDay.day == day).limit(1))
    ).one_or_none()
    if row is None:
        return None
    return Night(day, row.anchor, {bot_id: (seq, digest) for bot_id, (seq, digest) in row.heads.items()})

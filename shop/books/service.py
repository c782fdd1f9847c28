"""Prove each shop's books once a night, keep the result, and tell the master with the anchor."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime

from sqlalchemy import Select, exists, func, select
from sqlalchemy.dialects.postgresql import insert

from db.models import BookDay, BookProof, Bot
from shop.actors import System
from shop.audit import chain
from shop.books import checks, rules
from shop.books.rules import Finding
from shop.bots.queries import is_real
from shop.notifications import messages
from shop.notifications.outbox import enqueue_for_owner
from shop.unit_of_work import UnitOfWork, UnitsOfWork

log = logging.getLogger(__name__)

ACTOR = System("books")
ZONE = "Asia/Tehran"
"""The platform's clock while there is no master's shop to ask."""


@dataclass(frozen=True, slots=True)
class Platform:
    """Whose clock it is, and who is told; ``bot_id`` is None without a master's shop."""

    bot_id: int | None
    zone: str


async def prove_due(units: UnitsOfWork, *, at: datetime | None = None) -> int:
    """Prove the shops whose proof of this night is missing; how many there were.

    The database's clock says which night it is unless ``at`` does. Every shop has its own transaction: after
    a kill one goes on from there, and a night is told once, when its last shop is proved.
    """
    async with units.platform(ACTOR) as uow:
        now = at or (await uow.session.scalars(select(func.now()))).one()
        home = await _platform(uow)
        night = rules.night_of(now, home.zone)
        waiting = (await uow.session.scalars(_unproved(night, rules.begins(night, home.zone)))).all()
    for bot_id in waiting:
        await _prove_shop(units, bot_id, night)
    if home.bot_id is not None:
        await _end_night(units, home.bot_id, night)
    return len(waiting)


def _unproved(night: date, begins: datetime) -> Select[tuple[int]]:
    proved = exists().where(BookProof.bot_id == Bot.id, BookProof.day == night)
    return select(Bot.id).where(Bot.created_at < begins, is_real(), ~proved).order_by(Bot.id)


async def _prove_shop(units: UnitsOfWork, bot_id: int, night: date) -> None:
    try:
        async with units.begin(bot_id, ACTOR) as uow:
            await record(uow, night)
    except Exception:  # one shop's failure is told like a difference, and is not the others'
        log.exception("the books of shop %s could not be proved", bot_id)
        async with units.begin(bot_id, ACTOR) as uow:
            await _keep(uow, night, [Finding("not_proved")], checks.Counts(0, 0, 0))


async def _platform(uow: UnitOfWork) -> Platform:
    row = (await uow.session.execute(select(Bot.id, Bot.timezone).where(Bot.is_master))).one_or_none()
    return Platform(None, ZONE) if row is None else Platform(row.id, row.timezone)


async def record(uow: UnitOfWork, night: date) -> list[Finding]:
    """Prove the unit's shop and keep the result; what was found."""
    findings = await prove(uow)
    await _keep(uow, night, findings, await checks.count(uow))
    return findings


async def _keep(uow: UnitOfWork, night: date, findings: Sequence[Finding], counts: checks.Counts) -> None:
    head = await chain.head(uow)
    uow.session.add(
        BookProof(
            day=night,
            wallets=counts.wallets,
            entries=counts.entries,
            payments=counts.payments,
            findings=[asdict(finding) for finding in findings],
            seq=head.seq,
            head=head.hash,
            created_at=uow.now,
            updated_at=uow.now,
        )
    )
    await uow.session.flush()


async def prove(uow: UnitOfWork) -> list[Finding]:
    """Everything that is wrong in the unit's shop: its books, and its history against what was noted of it.

    Entries that have no link yet get theirs first.
    """
    await chain.seal(uow)
    noted = await uow.session.execute(select(BookProof.seq, BookProof.head))
    broken = await chain.verify(uow, dict(noted.tuples().all()))
    return [
        *await checks.find(uow),
        *(Finding(fault.code, fault.audit_id, found=fault.seq) for fault in broken[: checks.MOST_OF_A_KIND]),
    ]


async def _end_night(units: UnitsOfWork, master_bot_id: int, night: date) -> None:
    """Note every shop's head and tell the master, once a night."""
    async with units.platform(ACTOR) as uow:
        if await uow.session.scalar(select(exists().where(BookDay.day == night))):
            return
        newest = (
            select(BookProof.bot_id, BookProof.seq, BookProof.head, BookProof.findings, Bot.name)
            .join(Bot, Bot.id == BookProof.bot_id)
            .where(BookProof.day == night)
            .distinct(BookProof.bot_id)
            .order_by(BookProof.bot_id, BookProof.id.desc())
        )
        rows = (await uow.session.execute(newest)).all()
    if not rows:
        return
    heads = {str(row.bot_id): [row.seq, row.head.hex()] for row in rows}
    anchor, differing = rules.anchor(heads), [row.name for row in rows if row.findings]
    async with units.begin(master_bot_id, ACTOR) as uow:
        day = {"bot_id": master_bot_id, "day": night, "shops": len(rows), "differing": len(differing)}
        noted = await uow.session.scalar(
            insert(BookDay)
            .values(**day, heads=heads, anchor=anchor, created_at=uow.now, updated_at=uow.now)
            .on_conflict_do_nothing(index_elements=["bot_id", "day"])
            .returning(BookDay.id)
        )
        if noted is not None:
            told = messages.BooksProved(night.isoformat(), len(rows), differing, rules.told(anchor))
            await enqueue_for_owner(uow, told)

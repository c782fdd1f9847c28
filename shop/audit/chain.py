"""The chain over a shop's history: each link covers one entry and all links before it.

Links are made shortly after the entries, by the process that leads the fleet (ADR 0010): the deciding
transaction pays nothing for it, takes no lock for it, and the key need not be in the database. The hash is a
plain SHA-256, so that it stays the same for ever and can be told outside; the code beside it is keyed, and
whoever has the database alone can make no link.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select, func, insert, select

from db.crypto import Vault
from db.models import AuditEntry, AuditSeal
from shop.actors import System
from shop.unit_of_work import UnitOfWork, UnitsOfWork

BEGINNING = bytes(32)
"""What the first link stands on."""
PURPOSE = "audit-seal"
SEAL_AT_ONCE = 250
READ_AT_ONCE = 250
"""Entries between two waits: hashing more of them would keep the bots of the same process waiting."""
LOOK_BACK = 2_000
"""How far below the newest link, in entries of all shops, one looks for entries without a link: further than
any transaction of ours stays open. The nightly proof looks at all of them."""
TURN = 1_205_759_404
"""First key of the advisory lock, the shop's id being the second; any number nobody else uses."""

ENTRY = (
    AuditEntry.id,
    AuditEntry.bot_id,
    AuditEntry.actor,
    AuditEntry.actor_name,
    AuditEntry.channel,
    AuditEntry.action,
    AuditEntry.subject_type,
    AuditEntry.subject_id,
    AuditEntry.data,
    AuditEntry.created_at,
)
LINK = (AuditSeal.seq, AuditSeal.audit_id, AuditSeal.hash, AuditSeal.mac, AuditSeal.key_id)


@dataclass(frozen=True, slots=True)
class Head:
    """Where a chain stands: its length and its last hash."""

    seq: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Break:
    """One place where a chain does not hold. ``audit_id`` is None where the entry cannot be named.

    ``entry_changed``: an entry is not what was sealed. ``entry_missing``: it is gone. ``seal_missing``: links
    are gone from the middle. ``seal_forged``: no key of ours made the newest link. ``history_cut``: the chain
    does not reach, or does not agree with, a head that was noted earlier.
    """

    code: str
    seq: int
    audit_id: int | None = None


def link(before: bytes, entry: Sequence[Any]) -> bytes:
    """The hash of the link for ``entry`` (the columns of ENTRY) on top of ``before``."""
    *plain, data, created_at = entry
    canonical = json.dumps(
        [*plain, data, created_at.isoformat()], ensure_ascii=False, sort_keys=True, separators=(",", ":")
    )
    return hashlib.sha256(before + canonical.encode()).digest()


async def seal_due(units: UnitsOfWork) -> int:
    """Give every entry of every shop its link; how many there were. Safe to run twice at once."""
    actor = System("sealing")
    async with units.platform(actor) as uow:
        newest = await uow.session.scalar(select(func.max(AuditSeal.audit_id))) or 0
        above = newest - LOOK_BACK
        waiting = select(AuditEntry.bot_id, AuditEntry.id).where(AuditEntry.id > above)
        sealed = select(AuditSeal.bot_id, AuditSeal.audit_id).where(AuditSeal.audit_id > above)
        shops = {bot_id for bot_id, _ in await uow.session.execute(waiting.except_(sealed))}
    done = 0
    for bot_id in sorted(shops):
        async with units.begin(bot_id, actor) as uow:
            done += await seal(uow, above=above)
    return done


async def seal(uow: UnitOfWork, *, above: int = 0) -> int:
    """Give the entries of the unit's shop their links, oldest first; how many there were.

    ``above``: of entries up to this id all have theirs.
    """
    await uow.session.execute(select(func.pg_advisory_xact_lock(TURN, func.hashint8(uow.bot_id))))
    last, done = await head(uow), 0
    bare = await _without_link(uow, above)
    for first in range(0, len(bare), SEAL_AT_ONCE):
        links = []
        wanted = AuditEntry.id.in_(bare[first : first + SEAL_AT_ONCE])
        for entry in await uow.session.execute(select(*ENTRY).where(wanted).order_by(AuditEntry.id)):
            last = Head(last.seq + 1, link(last.hash, entry))
            links.append(_row(uow, last, entry.id))
        await uow.session.execute(insert(AuditSeal), links)
        done += len(links)
    return done


async def _without_link(uow: UnitOfWork, above: int) -> list[int]:
    """As a difference of two sets: a plan that looks for each entry's link by itself would take all night
    where the database does not know yet how many there are."""
    entries = select(AuditEntry.id).where(AuditEntry.bot_id == uow.bot_id, AuditEntry.id > above)
    sealed = select(AuditSeal.audit_id).where(AuditSeal.bot_id == uow.bot_id, AuditSeal.audit_id > above)
    return sorted((await uow.session.scalars(entries.except_(sealed))).all())


def _row(uow: UnitOfWork, made: Head, audit_id: int) -> dict[str, Any]:
    return {
        "bot_id": uow.bot_id,
        "seq": made.seq,
        "audit_id": audit_id,
        "hash": made.hash,
        "mac": uow.vault.fingerprint(_place(uow.bot_id, made), purpose=PURPOSE),
        "key_id": uow.vault.key_id,
        "sealed_at": uow.now,
    }


def _place(bot_id: int, at: Head) -> str:
    return f"{bot_id}|{at.seq}|{at.hash.hex()}"


async def head(uow: UnitOfWork) -> Head:
    """The newest link of the unit's shop."""
    newest = select(AuditSeal.seq, AuditSeal.hash).order_by(AuditSeal.seq.desc()).limit(1)
    row = (await uow.session.execute(newest)).one_or_none()
    return Head(0, BEGINNING) if row is None else Head(row.seq, row.hash)


async def verify(uow: UnitOfWork, noted: Mapping[int, bytes]) -> list[Break]:
    """Walk the whole chain of the unit's shop and name every place where it does not hold; none is proof.

    ``noted`` are heads of earlier days (seq to hash), from where the caller trusts them. After a broken link
    one goes on from what was sealed, so that each fault is named once.
    """
    breaks: list[Break] = []
    last, missed = Head(0, BEGINNING), dict(noted)
    newest: Row[Any] | None = None
    async for seal_ in _links(uow):
        if seal_.seq != last.seq + 1:
            breaks.append(Break("seal_missing", last.seq + 1))
        elif seal_.id is None:
            breaks.append(Break("entry_missing", seal_.seq, seal_.audit_id))
        elif link(last.hash, seal_[len(LINK) :]) != seal_.hash:
            breaks.append(Break("entry_changed", seal_.seq, seal_.audit_id))
        last, newest = Head(seal_.seq, seal_.hash), seal_
        if missed.pop(seal_.seq, seal_.hash) != seal_.hash:
            breaks.append(Break("history_cut", seal_.seq))
    if newest is not None and not _is_ours(uow.vault, uow.bot_id, newest):
        breaks.append(Break("seal_forged", newest.seq, newest.audit_id))
    # What was noted and is not there any more: the end was cut off.
    return breaks + [Break("history_cut", seq) for seq in sorted(missed) if seq > 0]


async def _links(uow: UnitOfWork) -> AsyncIterator[Row[Any]]:
    after = 0
    while True:
        rows = (await uow.session.execute(_page(after))).all()
        for row in rows:
            yield row
        if len(rows) < READ_AT_ONCE:
            return
        after = rows[-1].seq


def _page(after: int) -> Select[Any]:
    joined = (AuditEntry.bot_id == AuditSeal.bot_id) & (AuditEntry.id == AuditSeal.audit_id)
    return (
        select(*LINK, *ENTRY)
        .outerjoin(AuditEntry, joined)
        .where(AuditSeal.seq > after)
        .order_by(AuditSeal.seq)
        .limit(READ_AT_ONCE)
    )


def _is_ours(vault: Vault, bot_id: int, newest: Row[Any]) -> bool:
    """The newest link covers all before it, so it alone has to be of a key that we have."""
    place = _place(bot_id, Head(newest.seq, newest.hash))
    made = vault.fingerprint_under(newest.key_id, place, purpose=PURPOSE)
    return made is not None and hmac.compare_digest(made, newest.mac)

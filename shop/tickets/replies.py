"""Answers that are given often, kept ready by the shop."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select

from db.models import CannedReply
from shop.actors import TICKETS_ANSWER, TICKETS_SEE, require
from shop.audit import service as audit
from shop.errors import AlreadyExists, BadInput, NotFound
from shop.tickets import rules
from shop.unit_of_work import UnitOfWork
from shop.users.rules import written


@dataclass(frozen=True, slots=True)
class ReplyRow:
    reply_id: int
    title: str
    words: str


async def list_replies(uow: UnitOfWork) -> list[ReplyRow]:
    """All of the shop's, by title. Raises NotAllowed."""
    require(uow.actor, TICKETS_SEE)
    rows = await uow.session.scalars(
        select(CannedReply).order_by(CannedReply.title).limit(rules.MOST_REPLIES)
    )
    return [ReplyRow(row.id, row.title, row.words) for row in rows]


async def create(uow: UnitOfWork, title: str, words: str) -> None:
    """Keep one more; the same once more changes nothing. Raises NotAllowed, BadInput, AlreadyExists."""
    kept, said = _checked(uow, title, words)
    twin = await _titled(uow, kept)
    if twin is not None:
        if twin.words == said:
            return
        raise AlreadyExists("canned_reply", "title")
    if (await uow.session.scalar(select(func.count()).select_from(CannedReply)) or 0) >= rules.MOST_REPLIES:
        raise BadInput("title", "too_many_replies", rules.MOST_REPLIES)
    reply = CannedReply(title=kept, words=said, created_at=uow.now, updated_at=uow.now)
    uow.session.add(reply)
    await uow.session.flush()
    await audit.record(uow, "canned_reply.created", "canned_reply", reply.id, name=kept)


async def change(uow: UnitOfWork, reply_id: int, title: str, words: str) -> None:
    """Put it in other words. Raises NotAllowed, NotFound, BadInput, AlreadyExists."""
    kept, said = _checked(uow, title, words)
    reply = await _lock(uow, reply_id)
    twin = await _titled(uow, kept)
    if twin is not None and twin.id != reply_id:
        raise AlreadyExists("canned_reply", "title")
    if (reply.title, reply.words) == (kept, said):
        return
    reply.title, reply.words, reply.updated_at = kept, said, uow.now
    await uow.session.flush()
    await audit.record(uow, "canned_reply.changed", "canned_reply", reply_id, name=kept)


async def delete(uow: UnitOfWork, reply_id: int) -> None:
    """What was answered with it stays. Raises NotAllowed, NotFound."""
    require(uow.actor, TICKETS_ANSWER)
    reply = await _lock(uow, reply_id)
    await audit.record(uow, "canned_reply.deleted", "canned_reply", reply_id, name=reply.title)
    await uow.session.delete(reply)
    await uow.session.flush()


def _checked(uow: UnitOfWork, title: str, words: str) -> tuple[str, str]:
    require(uow.actor, TICKETS_ANSWER)
    kept = " ".join(written("title", title, longest=rules.LONGEST_TITLE).split())
    return kept, written("words", words, longest=rules.LONGEST_ANSWER)


async def _titled(uow: UnitOfWork, title: str) -> CannedReply | None:
    found: CannedReply | None = await uow.session.scalar(
        select(CannedReply).where(CannedReply.title == title)
    )
    return found


async def _lock(uow: UnitOfWork, reply_id: int) -> CannedReply:
    reply: CannedReply | None = await uow.session.scalar(
        select(CannedReply).where(CannedReply.id == reply_id).with_for_update()
    )
    if reply is None:
        raise NotFound("canned_reply", reply_id)
    return reply

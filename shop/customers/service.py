"""Write to a customer, note something about him, block him, let him in again."""

from __future__ import annotations

from sqlalchemy import select

from db.models import AuditEntry, User
from shop.actors import CUSTOMERS_MANAGE, require
from shop.audit import service as audit
from shop.errors import NotFound
from shop.notifications import messages
from shop.notifications.outbox import enqueue
from shop.unit_of_work import UnitOfWork
from shop.users import rules

NOTED = "user.noted"
"""The entry of the history that holds a note, under ``text``."""


async def block(uow: UnitOfWork, user_id: int) -> None:
    """The bot serves this person no more, from the next update on. Idempotent.

    Raises NotAllowed, NotFound.
    """
    user = await _lock(uow, user_id)
    if user.blocked_at is None:
        user.blocked_at = user.updated_at = uow.now
        await audit.record(uow, "user.blocked", "user", user_id)


async def unblock(uow: UnitOfWork, user_id: int) -> None:
    """The bot serves this person again. Idempotent. Raises NotAllowed, NotFound."""
    user = await _lock(uow, user_id)
    if user.blocked_at is not None:
        user.blocked_at, user.updated_at = None, uow.now
        await audit.record(uow, "user.unblocked", "user", user_id)


async def write_to(uow: UnitOfWork, user_id: int, words: str, *, form: str) -> None:
    """Promise the person a message from the shop; the same ``form`` twice is one message.

    Raises NotAllowed, NotFound, BadInput.
    """
    user = await _lock(uow, user_id)
    message = messages.FromTheShop(
        rules.form_key(form), rules.written("words", words, longest=rules.LONGEST_MESSAGE)
    )
    await enqueue(uow, chat_id=user.telegram_id, user_id=user_id, message=message)


async def add_note(uow: UnitOfWork, user_id: int, words: str) -> None:
    """Write something for colleagues; the customer never sees it, and it stays as it was written.

    What the same person wrote last is not written a second time: a form that arrives twice notes once.
    Raises NotAllowed, NotFound and BadInput on ``note``: nothing written, or too much.
    """
    await _lock(uow, user_id)
    text = rules.written("note", words, longest=rules.LONGEST_NOTE)
    latest = (
        select(AuditEntry.actor, AuditEntry.data["text"].as_string())
        .where(
            AuditEntry.subject_type == "user",
            AuditEntry.subject_id == user_id,
            AuditEntry.action == NOTED,
        )
        .order_by(AuditEntry.id.desc())
        .limit(1)
    )
    if (await uow.session.execute(latest)).tuples().one_or_none() != (uow.actor.label, text):
        await audit.record(uow, NOTED, "user", user_id, text=text)


async def _lock(uow: UnitOfWork, user_id: int) -> User:
    require(uow.actor, CUSTOMERS_MANAGE)
    user = await uow.session.scalar(select(User).where(User.id == user_id).with_for_update())
    if user is None:
        raise NotFound("user", user_id)
    return user

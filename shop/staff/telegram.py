"""Whose Telegram account confirms for whom, and the way back for whoever lost his account."""

from __future__ import annotations

from sqlalchemy import delete, select

from db.models import SignInChallenge, Staff, StaffSession
from shop.actors import PLATFORM_MANAGE, require
from shop.audit import service as audit
from shop.errors import NotFound
from shop.notifications.messages import TelegramUnlinked
from shop.notifications.outbox import enqueue
from shop.staff import challenges, sessions
from shop.unit_of_work import UnitOfWork


async def link(uow: UnitOfWork, staff_id: int, telegram_id: int) -> None:
    """From now on this account confirms for a member of staff; an earlier one does not any more.

    For the platform alone: whoever may link an account may sign in as its person. Raises NotAllowed and
    NotFound (no such person in this shop, or he left).
    """
    require(uow.actor, PLATFORM_MANAGE)
    person = await _lock(uow, staff_id)
    person.telegram_id, person.updated_at = telegram_id, uow.now
    await challenges.forget(uow, staff_id)
    await audit.record(uow, "staff.telegram_linked", "staff", staff_id, name=person.name)
    await uow.session.flush()


async def unlink(uow: UnitOfWork, staff_id: int) -> None:
    """A lost account confirms nothing any more: its person signs in by the token alone, everywhere anew.

    Only the platform does it, the shop's history says so, every session of the person ends, and the account
    itself is told. Idempotent. Raises NotAllowed and NotFound.
    """
    require(uow.actor, PLATFORM_MANAGE)
    person = await _lock(uow, staff_id)
    await sessions.end_all(uow, staff_id)
    await challenges.forget(uow, staff_id)
    if person.telegram_id is None:
        return
    mark = TelegramUnlinked(staff_id, uow.now.isoformat())
    await enqueue(uow, chat_id=person.telegram_id, message=mark)
    person.telegram_id, person.updated_at = None, uow.now
    await audit.record(uow, "staff.telegram_unlinked", "staff", staff_id, name=person.name)
    await uow.session.flush()


async def end_every_session(uow: UnitOfWork) -> None:
    """Sign everybody of a shop out, and whoever waits to come in. Idempotent. Raises NotAllowed."""
    require(uow.actor, PLATFORM_MANAGE)
    for kept in (StaffSession, SignInChallenge):
        await uow.session.execute(
            delete(kept).where(kept.bot_id == uow.bot_id).execution_options(synchronize_session=False)
        )
    await audit.record(uow, "shop.signed_out", "bot", uow.bot_id)
    await uow.session.flush()


async def _lock(uow: UnitOfWork, staff_id: int) -> Staff:
    person = await uow.session.scalar(
        select(Staff)
        .where(Staff.id == staff_id, Staff.bot_id == uow.bot_id, Staff.is_active)
        .with_for_update()
    )
    if person is None:
        raise NotFound("staff", staff_id)
    return person

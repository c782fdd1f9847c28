"""The master looks at a tenant's shop: read-only, and the shop's own history says so."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update

from db.models import Bot, StaffSession
from shop.actors import PLATFORM_MANAGE, require
from shop.audit import service as audit
from shop.bots.queries import is_real
from shop.errors import NotFound
from shop.signals import sessions_changed
from shop.staff.lifetimes import VIEWING
from shop.staff.sessions import SignedIn
from shop.unit_of_work import UnitOfWork


async def open_shop(uow: UnitOfWork, who: SignedIn, bot_id: int) -> None:
    """Put a tenant's shop on the master's screen for half an hour, in a platform unit.

    A shop he looked at so far is left. The history of each says who looked, and until when at the latest.

    Raises NotAllowed, NotFound (no such shop, deleted, or the master's own).
    """
    require(uow.actor, PLATFORM_MANAGE)
    shop = select(Bot.id).where(
        Bot.id == bot_id, Bot.deleted_at.is_(None), Bot.is_master.is_(False), is_real()
    )
    if await uow.session.scalar(shop) is None:
        raise NotFound("bot", bot_id)
    if who.shop.bot_id == bot_id:
        return
    await leave_shop(uow, who)
    until = uow.now + VIEWING
    await _look_at(uow, who, bot_id, until)
    await _tell(uow, bot_id, "shop.viewed", until=until.isoformat())


async def leave_shop(uow: UnitOfWork, who: SignedIn) -> None:
    """Take it off again. Idempotent. Raises NotAllowed."""
    require(uow.actor, PLATFORM_MANAGE)
    if who.is_viewing:
        await _look_at(uow, who, None, None)
        await _tell(uow, who.shop.bot_id, "shop.view_ended")


async def _look_at(uow: UnitOfWork, who: SignedIn, bot_id: int | None, until: datetime | None) -> None:
    at_home = await uow.enter(who.home_bot_id)
    await at_home.session.execute(
        update(StaffSession)
        .where(StaffSession.id_hash == who.id_hash)
        .values(viewing_bot_id=bot_id, viewing_until=until)
        .execution_options(synchronize_session=False)
    )
    await sessions_changed(at_home)


async def _tell(uow: UnitOfWork, bot_id: int, action: str, **data: object) -> None:
    inside = await uow.enter(bot_id)
    await audit.record(inside, action, "bot", bot_id, **data)
    # Written now: the next line may be another shop's.
    await inside.session.flush()

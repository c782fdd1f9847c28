"""The people of a tenant's dashboard, as the master sees them, and what he does for who lost his way in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from db.models import Bot, Staff, StaffSession
from shop.actors import PLATFORM_MANAGE, require
from shop.bots.queries import is_real
from shop.errors import NotFound
from shop.staff import telegram
from shop.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class PersonRow:
    staff_id: int
    name: str
    role: str
    has_telegram: bool
    sessions: int
    """Browsers that are signed in; one that lies idle too long still counts until it is swept."""
    last_seen_at: datetime | None


@dataclass(frozen=True, slots=True)
class ShopPeople:
    bot_id: int
    name: str
    username: str | None
    people: Sequence[PersonRow]


async def load(uow: UnitOfWork, bot_id: int) -> ShopPeople:
    """A tenant's people, oldest first, in a platform unit. Raises NotAllowed and NotFound."""
    require(uow.actor, PLATFORM_MANAGE)
    shop = await _tenant(uow, bot_id)
    rows = await uow.session.execute(
        select(
            Staff.id,
            Staff.name,
            Staff.role,
            Staff.telegram_id.is_not(None),
            func.count(StaffSession.id_hash),
            func.max(StaffSession.last_seen_at),
        )
        .outerjoin(
            StaffSession,
            (StaffSession.bot_id == Staff.bot_id)
            & (StaffSession.staff_id == Staff.id)
            & (StaffSession.expires_at > uow.now),
        )
        .where(Staff.bot_id == bot_id, Staff.is_active)
        .group_by(Staff.id)
        .order_by(Staff.id)
    )
    return ShopPeople(bot_id, shop.name, shop.username, [PersonRow(*row) for row in rows.tuples()])


async def sign_everybody_out(uow: UnitOfWork, bot_id: int) -> None:
    """End every session of a tenant. Idempotent. Raises NotAllowed and NotFound."""
    require(uow.actor, PLATFORM_MANAGE)
    await _tenant(uow, bot_id)
    await telegram.end_every_session(await uow.enter(bot_id))


async def unlink(uow: UnitOfWork, bot_id: int, staff_id: int) -> None:
    """A tenant's person lost his Telegram account. Raises NotAllowed and NotFound."""
    require(uow.actor, PLATFORM_MANAGE)
    await _tenant(uow, bot_id)
    await telegram.unlink(await uow.enter(bot_id), staff_id)


async def _tenant(uow: UnitOfWork, bot_id: int) -> Bot:
    shop = await uow.session.scalar(
        select(Bot).where(Bot.id == bot_id, Bot.deleted_at.is_(None), Bot.is_master.is_(False), is_real())
    )
    if shop is None:
        raise NotFound("bot", bot_id)
    return shop

"""The shop's place in the rotation: one row, locked while the next card is chosen and counted.

Every verb that writes a card's counters takes this lock first, so that two of them never wait for each
other crosswise. A customer's row, where one is needed, is locked before it.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import BigInteger, bindparam, select
from sqlalchemy.dialects.postgresql import insert

from db.models import Bot, CardRotation
from db.prepared import compiled_once
from shop.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Rotation:
    """Where a shop's cards have come to, and the time zone its days are counted in."""

    last_card_id: int | None
    zone: str


_LOCKED = compiled_once(
    select(CardRotation.last_card_id, Bot.timezone)
    .join(Bot, Bot.id == CardRotation.bot_id)
    .where(CardRotation.bot_id == bindparam("shop", type_=BigInteger))
    .with_for_update(of=CardRotation)
)


async def ensure_rotation(uow: UnitOfWork) -> None:
    """Make the shop's row unless it is there."""
    await uow.session.execute(
        insert(CardRotation).values(bot_id=uow.bot_id).on_conflict_do_nothing(index_elements=["bot_id"])
    )


async def lock_rotation(uow: UnitOfWork) -> Rotation:
    """The shop's row, locked until the transaction ends; made on demand.

    A statement of its own, on purpose: what the next one reads is what the last holder of the lock left,
    which a statement that waits for the lock itself does not see.
    """
    row = (await uow.session.execute(_LOCKED, {"shop": uow.bot_id})).one_or_none()
    if row is None:
        await ensure_rotation(uow)
        row = (await uow.session.execute(_LOCKED, {"shop": uow.bot_id})).one()
    return Rotation(*row)

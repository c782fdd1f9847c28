"""The shop's place in the rotation: one row, locked while the next card is chosen and counted.

Every verb that writes a card's counters takes this lock first, so that two of them never wait for each
other crosswise. A customer's row, where one is needed, is locked before it.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from db.models import CardRotation
from shop.unit_of_work import UnitOfWork


async def ensure_rotation(uow: UnitOfWork) -> None:
    """Make the shop's row unless it is there."""
    await uow.session.execute(
        insert(CardRotation).values(bot_id=uow.bot_id).on_conflict_do_nothing(index_elements=["bot_id"])
    )


async def lock_rotation(uow: UnitOfWork) -> CardRotation:
    """The shop's row, locked until the transaction ends; made on demand."""
    locked = (
        select(CardRotation)
        .where(CardRotation.bot_id == uow.bot_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    row = await uow.session.scalar(locked)
    if row is None:
        await ensure_rotation(uow)
        row = (await uow.session.scalars(locked)).one()
    return row

"""Stock: the owner's ready access lines, each handed out exactly once, oldest first."""

from __future__ import annotations

import hashlib

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from db.models import Order, StockItem
from shop.provisioning.port import OutOfStock, Provided
from shop.unit_of_work import UnitOfWork

_AT_ONCE = 1_000
"""Rows of one statement: PostgreSQL takes 32,767 values in one."""


class Stock:
    """The provisioner that takes a line from the shelf of the order's plan."""

    async def provide(self, uow: UnitOfWork, order: Order) -> Provided | OutOfStock:
        mine = await uow.session.scalar(select(StockItem.content).where(StockItem.order_id == order.id))
        if mine is not None:
            return Provided(mine)
        free = (
            select(StockItem.id)
            .where(StockItem.plan_id == order.plan_id, StockItem.status == "free")
            .order_by(StockItem.id)
            .limit(1)
            .with_for_update(skip_locked=True)
            .scalar_subquery()
        )
        line = await uow.session.scalar(
            update(StockItem)
            .where(StockItem.id == free)
            .values(status="handed_out", order_id=order.id, handed_out_at=uow.now, updated_at=uow.now)
            .returning(StockItem.content)
            .execution_options(synchronize_session=False)
        )
        return OutOfStock() if line is None else Provided(line)


async def put_on_shelf(uow: UnitOfWork, plan_id: int, lines: list[str]) -> int:
    """Add ``lines`` to a plan's shelf; how many were new: a line the shop ever had is left out."""
    rows = [
        {
            "bot_id": uow.bot_id,
            "plan_id": plan_id,
            "content": line,
            "content_digest": hashlib.sha256(line.encode()).digest(),
            "created_at": uow.now,
            "updated_at": uow.now,
        }
        for line in dict.fromkeys(lines)
    ]
    count = 0
    for start in range(0, len(rows), _AT_ONCE):
        added = await uow.session.scalars(
            insert(StockItem)
            .values(rows[start : start + _AT_ONCE])
            .on_conflict_do_nothing(index_elements=["bot_id", "content_digest"])
            .returning(StockItem.id)
        )
        count += len(added.all())
    return count


async def left(uow: UnitOfWork, plan_id: int) -> int:
    """How many lines of a plan are free."""
    return (
        await uow.session.scalar(
            select(func.count())
            .select_from(StockItem)
            .where(StockItem.plan_id == plan_id, StockItem.status == "free")
        )
        or 0
    )

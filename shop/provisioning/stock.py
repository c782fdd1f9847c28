"""Stock: the owner's ready access lines, each handed out exactly once, oldest first."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from db.models import Order, StockItem
from shop.provisioning.port import OutOfStock, Provided
from shop.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class StockAdded:
    added: int
    duplicates: int
    """Lines the shop already has or had: refused, because one line must not reach two people."""


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


async def put_on_shelf(uow: UnitOfWork, plan_id: int, lines: list[str]) -> StockAdded:
    """Add ``lines`` to a plan's shelf; a line the shop ever had is counted as a duplicate."""
    if not lines:
        return StockAdded(0, 0)
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
    added = await uow.session.scalars(
        insert(StockItem)
        .values(rows)
        .on_conflict_do_nothing(index_elements=["bot_id", "content_digest"])
        .returning(StockItem.id)
    )
    count = len(added.all())
    return StockAdded(count, len(lines) - count)


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

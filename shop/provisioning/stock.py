"""Stock: the owner's ready access lines, each handed out exactly once, oldest first."""

from __future__ import annotations

import hashlib
from typing import Any

from sqlalchemy import BigInteger, DateTime, and_, bindparam, exists, func, select, update
from sqlalchemy.dialects.postgresql import insert

from db.models import BotPlan, Order, StockItem
from db.prepared import compiled_once
from shop.provisioning.port import OutOfStock, Provided
from shop.unit_of_work import UnitOfWork

_AT_ONCE = 1_000
"""Rows of one statement: PostgreSQL takes 32,767 values in one."""


class Stock:
    """The provisioner that takes a line from the shelf of the order's plan."""

    async def provide(self, uow: UnitOfWork, order: Order) -> Provided | OutOfStock:
        asked = {"shop": uow.bot_id, "plan": order.plan_id, "order": order.id, "now": uow.now}
        row = (await uow.session.execute(_TAKEN, asked)).one()
        if row.mine is None and row.taken is None:
            return OutOfStock()
        left = row.free if row.taken is None else row.free - 1
        return Provided(row.mine or row.taken, left, row.low_at)


def _taken() -> Any:
    """One statement: the order's own line or the oldest free one, and the shelf as it was before."""
    shop, plan, order = (bindparam(name, type_=BigInteger) for name in ("shop", "plan", "order"))
    now = bindparam("now", type_=DateTime(timezone=True))
    lines = StockItem.__table__.c
    here = lines.bot_id == shop
    is_free = and_(here, lines.plan_id == plan, lines.status == "free")
    mine = select(lines.content).where(here, lines.order_id == order).cte("mine")
    free = (
        select(lines.id)
        .where(is_free, ~exists(select(mine.c.content)))
        .order_by(lines.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .cte("free")
    )
    taken = (
        update(StockItem)
        .where(here, lines.id == select(free.c.id).scalar_subquery())
        .values(status="handed_out", order_id=order, handed_out_at=now, updated_at=now)
        .returning(lines.content)
        .cte("taken")
    )
    low_at = select(BotPlan.low_stock_at).where(BotPlan.bot_id == shop, BotPlan.id == plan)
    left = select(func.count()).select_from(StockItem.__table__).where(is_free)
    return compiled_once(
        select(
            select(mine.c.content).scalar_subquery().label("mine"),
            select(taken.c.content).scalar_subquery().label("taken"),
            left.scalar_subquery().label("free"),
            low_at.scalar_subquery().label("low_at"),
        )
    )


_TAKEN = _taken()


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

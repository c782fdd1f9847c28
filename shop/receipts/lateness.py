"""A receipt that came after its deadline: what a reviewer must know, and which ways its money may go.

An order keeps the price it was made with for ever; whether that still counts is the reviewer's choice. He
may approve at that price, put the money into the customer's wallet (the order is closed then, and the
customer told), or reject.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import aliased

from db.models import BotPlan, CardToCardPayment, Order, StockItem
from shop.errors import BadInput, NotFound
from shop.unit_of_work import UnitOfWork

OnSale = Literal["sold", "empty", "off", "archived", "gone"]


@dataclass(frozen=True, slots=True)
class Late:
    """How late it came, and what its order would be if it were made now. Minor units of the currency."""

    minutes: int
    """After the deadline; at least one."""
    ordered_at: int
    """What the order was made for, in all."""
    on_sale: OnSale
    """Whether the plan is sold now; ``empty``: it is, and nothing is on its shelf."""
    price: int | None
    """What the plan costs now; None when there is no such plan any more."""
    bought_since: int | None
    """A later order of this customer for the same plan that was paid."""
    is_on_shelf: bool = True
    """Whether the customer would get it at once."""

    @property
    def dearer_by(self) -> int:
        """How much more a new order would cost; below nought when it would cost less."""
        return 0 if self.price is None else self.price - self.ordered_at


async def way_of_the_money(uow: UnitOfWork, payment_id: int, *, to_wallet: bool) -> dict[str, Any]:
    """The columns of an approval that buys nothing; none for the usual one.

    Raises NotFound, and BadInput for a receipt that came in time: its customer has a right to his order.
    """
    if not to_wallet:
        return {}
    # Once late it stays so: it may be read before anything is locked.
    late = await uow.session.scalar(select(CardToCardPayment.late).where(CardToCardPayment.id == payment_id))
    if late is None:
        raise NotFound("receipt", payment_id)
    if not late:
        raise BadInput("to_wallet", "not_late")
    return {"to_wallet": True}


def columns() -> tuple[ColumnElement[Any], ...]:
    """For the query of one payment with its order and plan: what ``told`` reads. Asked of late ones only."""
    late, again = CardToCardPayment.late, aliased(Order)
    on_shelf = select(StockItem.id).where(
        late,
        StockItem.bot_id == BotPlan.bot_id,
        StockItem.plan_id == BotPlan.id,
        StockItem.status == "free",
    )
    since = select(func.max(again.id)).where(
        late,
        again.bot_id == Order.bot_id,
        again.user_id == Order.user_id,
        again.plan_id == Order.plan_id,
        again.id > Order.id,
        again.paid_at.is_not(None),
    )
    return (
        Order.amount.label("ordered_at"),
        BotPlan.price.label("plan_price"),
        BotPlan.is_active.label("plan_is_on"),
        BotPlan.archived_at.label("plan_archived_at"),
        on_shelf.correlate(BotPlan, CardToCardPayment).exists().label("is_on_shelf"),
        since.correlate(Order, CardToCardPayment).scalar_subquery().label("bought_since"),
    )


def told(row: Any) -> Late:
    """Of a late receipt, from a row with ``columns``."""
    return Late(
        minutes=minutes_late(row.receipt_submitted_at, row.expires_at),
        ordered_at=row.ordered_at,
        on_sale=_on_sale(row),
        price=row.plan_price,
        bought_since=row.bought_since,
        is_on_shelf=row.is_on_shelf,
    )


def minutes_late(submitted_at: datetime, expires_at: datetime) -> int:
    return max(1, int((submitted_at - expires_at).total_seconds() // 60))


def _on_sale(row: Any) -> OnSale:
    if row.plan_price is None:
        return "gone"
    if row.plan_archived_at is not None:
        return "archived"
    if not row.plan_is_on:
        return "off"
    return "sold" if row.is_on_shelf else "empty"

"""Frozen rows of orders for screens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, select

from db.models import Order
from shop.actors import SHOP_SEE, require
from shop.errors import NotFound
from shop.money import Currency, Money
from shop.plans import sold
from shop.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class OrderSummary:
    order_id: int
    plan_id: int | None
    status: str
    plan_name: str
    amount: Money
    period_days: int
    traffic_gb: int
    """0 is unlimited."""
    device_limit: int
    """0 is unlimited."""


def is_sale() -> ColumnElement[bool]:
    """Money for the wallet is no sale; what was given back whole is none any more."""
    return and_(Order.kind != "topup", Order.status != "refunded")


async def count_sold(uow: UnitOfWork, *, since: datetime) -> dict[int, int]:
    """How often each plan was sold since then, by plan; one that was not is missing. Raises NotAllowed."""
    require(uow.actor, SHOP_SEE)
    rows = await uow.session.execute(
        select(Order.plan_id, func.count())
        .where(Order.paid_at >= since, Order.plan_id.is_not(None), is_sale())
        .group_by(Order.plan_id)
    )
    return {plan_id: count for plan_id, count in rows.tuples() if plan_id is not None}


async def get_summary(uow: UnitOfWork, user_id: int, order_id: int, language: str) -> OrderSummary:
    """One order of one customer, as it was sold. Raises NotFound, also for another person's order."""
    order = await uow.session.scalar(select(Order).where(Order.id == order_id, Order.user_id == user_id))
    if order is None:
        raise NotFound("order", order_id)
    snapshot = order.snapshot
    return OrderSummary(
        order_id=order.id,
        plan_id=order.plan_id,
        status=order.status,
        plan_name=sold.name(snapshot, language),
        amount=Money(order.amount, Currency(order.currency)),
        period_days=snapshot["period_days"],
        traffic_gb=snapshot["traffic_limit_gb"],
        device_limit=snapshot["device_limit"],
    )

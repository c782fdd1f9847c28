"""Frozen rows of orders for screens."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from db.models import Order
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

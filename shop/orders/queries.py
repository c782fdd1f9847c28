"""Frozen rows of orders for screens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_, select

from db.models import CardToCardPayment, Order
from shop.actors import SHOP_SEE, require
from shop.errors import NotFound
from shop.money import Currency, Money
from shop.orders.rules import OPEN
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


def has_receipt() -> ColumnElement[bool]:
    """A receipt for the order waits to be looked at."""
    return (
        select(CardToCardPayment.id)
        .where(
            CardToCardPayment.order_id == Order.id,
            CardToCardPayment.status == "receipt_submitted",
        )
        .exists()
    )


async def is_bought_up(uow: UnitOfWork, user_id: int, plan_id: int, *, most: int, price: int) -> bool:
    """Whether one person has had a plan ``most`` times, so that he may not order it again; 0 is any number.

    What was paid counts, and what may still be: an order whose receipt waits, and an open one. Not so an
    open order at ``price`` without a receipt: whoever picks the plan again goes on with that. What was
    cancelled, ran out or was given back whole makes room. To rely on it, hold the customer's lock.
    """
    if not most:
        return False
    paid = and_(Order.paid_at.is_not(None), is_sale())
    still_open = and_(Order.status.in_(OPEN), Order.expires_at > uow.now, Order.amount != price)
    taken = await uow.session.scalar(
        select(func.count()).where(
            Order.user_id == user_id, Order.plan_id == plan_id, or_(paid, still_open, has_receipt())
        )
    )
    return (taken or 0) >= most


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

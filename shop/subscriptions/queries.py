"""Frozen rows of subscriptions for screens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select

from db.models import Order, Subscription
from shop.errors import NotFound
from shop.plans import sold
from shop.subscriptions.rules import shown_status
from shop.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class SubscriptionRow:
    subscription_id: int
    name: str
    plan_name: str
    status: str
    starts_at: datetime
    ends_at: datetime
    traffic_limit_bytes: int
    """0 is unlimited."""
    traffic_used_bytes: int
    device_limit: int
    access: str
    order_id: int
    """The order that it came from."""


async def list_for_user(uow: UnitOfWork, user_id: int, language: str) -> list[SubscriptionRow]:
    """What one customer holds or held, the one that lasts longest first."""
    rows = await uow.session.execute(
        _rows().where(Subscription.user_id == user_id).order_by(Subscription.ends_at.desc())
    )
    return [_row(uow, held, order, language) for held, order in rows.tuples()]


async def get_for_user(uow: UnitOfWork, user_id: int, subscription_id: int, language: str) -> SubscriptionRow:
    """One of them. Raises NotFound, also for another person's."""
    row = (
        await uow.session.execute(
            _rows().where(Subscription.user_id == user_id, Subscription.id == subscription_id)
        )
    ).one_or_none()
    if row is None:
        raise NotFound("subscription", subscription_id)
    held, order = row
    return _row(uow, held, order, language)


def _rows() -> Select[tuple[Subscription, Order]]:
    return select(Subscription, Order).join(Order, Order.id == Subscription.order_id)


def _row(uow: UnitOfWork, subscription: Subscription, order: Order, language: str) -> SubscriptionRow:
    return SubscriptionRow(
        subscription_id=subscription.id,
        name=subscription.name,
        plan_name=sold.name(order.snapshot, language),
        status=shown_status(subscription.status, ends=subscription.ends_at, now=uow.now),
        starts_at=subscription.starts_at,
        ends_at=subscription.ends_at,
        traffic_limit_bytes=subscription.traffic_limit_bytes,
        traffic_used_bytes=subscription.traffic_used_bytes,
        device_limit=subscription.device_limit,
        access=subscription.access,
        order_id=order.id,
    )

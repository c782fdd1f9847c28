"""Open a subscription."""

from __future__ import annotations

from datetime import datetime

from db.models import Order, Subscription
from shop.subscriptions import rules
from shop.unit_of_work import UnitOfWork


async def open_for(uow: UnitOfWork, order: Order, *, access: str) -> tuple[int, datetime]:
    """Give the order's customer what the order's snapshot promises; answers (id, end in UTC).

    One order opens one subscription: the second time is an IntegrityError.
    """
    sold = order.snapshot
    subscription = Subscription(
        user_id=order.user_id,
        plan_id=order.plan_id,
        order_id=order.id,
        name=f"sub-{order.id}",
        status="active",
        starts_at=uow.now,
        ends_at=rules.ends_at(uow.now, sold["period_days"]),
        traffic_limit_bytes=rules.volume(sold["traffic_limit_gb"]),
        device_limit=sold["device_limit"],
        access=access,
        created_at=uow.now,
        updated_at=uow.now,
    )
    uow.session.add(subscription)
    await uow.session.flush()
    return subscription.id, subscription.ends_at

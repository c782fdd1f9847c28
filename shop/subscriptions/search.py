"""Every subscription of the shop as a list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select

from db.models import Order, Subscription, User
from shop.actors import SHOP_SEE, require
from shop.finding import belonging_to
from shop.paging import PAGE_ROWS, Page, Place, filled
from shop.plans import sold
from shop.subscriptions.rules import NEARLY_FULL_PERCENT, shown_status
from shop.unit_of_work import UnitOfWork

STATES = ("active", "ends_in_3", "ends_in_7", "nearly_full", "expired")
SOON = {"ends_in_3": timedelta(days=3), "ends_in_7": timedelta(days=7)}


@dataclass(frozen=True, slots=True)
class Sought:
    """Which subscriptions; None is all of them. ``words`` name the customer or
    the order, ``state`` is one of STATES."""

    words: str | None = None
    state: str | None = None
    user_id: int | None = None
    subscription_id: int | None = None


@dataclass(frozen=True, slots=True)
class SubscriptionListRow:
    """One subscription; volumes in bytes, a limit of 0 is none."""

    subscription_id: int
    name: str
    user_id: int
    customer_name: str
    plan_name: str
    status: str
    created_at: datetime
    ends_at: datetime
    traffic_used_bytes: int
    traffic_limit_bytes: int


async def list_subscriptions(
    uow: UnitOfWork,
    sought: Sought,
    language: str,
    *,
    after: Place | None = None,
    newest_first: bool = True,
    rows: int = PAGE_ROWS,
) -> Page[SubscriptionListRow]:
    """A page of subscriptions in one statement. Raises NotAllowed."""
    require(uow.actor, SHOP_SEE)
    statement = filled(
        select(Subscription, User, Order.snapshot)
        .join(User, User.id == Subscription.user_id)
        .join(Order, Order.id == Subscription.order_id),
        select(Subscription.id).where(*_conditions(uow, sought)),
        Subscription.created_at,
        Subscription.id,
        after=after,
        newest_first=newest_first,
        rows=rows,
    )
    found = await uow.session.execute(statement)
    held = found.tuples().all()
    shown = held[:rows]
    last = shown[-1][0] if len(held) > rows else None
    return Page(
        [
            SubscriptionListRow(
                subscription_id=subscription.id,
                name=subscription.name,
                user_id=user.id,
                customer_name=user.full_name,
                plan_name=sold.name(snapshot, language),
                status=shown_status(subscription.status, ends=subscription.ends_at, now=uow.now),
                created_at=subscription.created_at,
                ends_at=subscription.ends_at,
                traffic_used_bytes=subscription.traffic_used_bytes,
                traffic_limit_bytes=subscription.traffic_limit_bytes,
            )
            for subscription, user, snapshot in shown
        ],
        None if last is None else Place(last.created_at, last.id),
    )


async def count_subscriptions(uow: UnitOfWork, sought: Sought) -> int:
    """How many fit. Raises NotAllowed."""
    require(uow.actor, SHOP_SEE)
    statement = select(func.count()).select_from(Subscription).where(*_conditions(uow, sought))
    return await uow.session.scalar(statement) or 0


def _conditions(uow: UnitOfWork, sought: Sought) -> Sequence[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if sought.words:
        found.append(belonging_to(Subscription, sought.words))
    if sought.user_id is not None:
        found.append(Subscription.user_id == sought.user_id)
    if sought.subscription_id is not None:
        found.append(Subscription.id == sought.subscription_id)
    is_active = (Subscription.status == "active", Subscription.ends_at > uow.now)
    match sought.state:
        case "active":
            found += is_active
        case "ends_in_3" | "ends_in_7" as soon:
            found += [*is_active, Subscription.ends_at <= uow.now + SOON[soon]]
        case "nearly_full":
            used, limit = Subscription.traffic_used_bytes, Subscription.traffic_limit_bytes
            found += [*is_active, limit > 0, used * 100 > limit * NEARLY_FULL_PERCENT]
        case "expired":
            found += [Subscription.status.in_(("active", "expired")), Subscription.ends_at <= uow.now]
        case _:
            pass
    return found

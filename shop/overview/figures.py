"""What was sold and who came, from the books themselves: paid orders, the ledger, the customers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Date, and_, func, select
from sqlalchemy.orm import InstrumentedAttribute

from db.models import BotPlan, Order, Subscription, Transaction, User
from shop.orders.queries import is_sale
from shop.overview.days import begins, earlier, filled
from shop.overview.rows import DaySales, TopPlan
from shop.overview.waiting import RUNNING
from shop.plans import sold
from shop.unit_of_work import UnitOfWork

TOP = 5
RAN = (*RUNNING, "expired")


@dataclass(frozen=True, slots=True)
class Day:
    """What was sold on one day; ``until_this_time`` up to the time of day it is now."""

    amount: int = 0
    orders: int = 0
    by_card: int = 0
    by_gateway: int = 0
    until_this_time: int = 0
    orders_until_this_time: int = 0


NOTHING = Day()


def _day_of(moment: InstrumentedAttribute[Any], tz: ZoneInfo) -> ColumnElement[date]:
    return func.timezone(tz.key, moment).cast(Date)


async def sales_by_day(uow: UnitOfWork, tz: ZoneInfo, *, since: datetime) -> dict[date, Day]:
    """Paid orders by day. By card and by the gateway: those whose money was booked in the very act that paid
    them; what is left came out of a wallet."""
    method = (
        select(Transaction.method)
        .where(
            Transaction.order_id == Order.id,
            Transaction.kind == "deposit",
            Transaction.method.in_(("card_to_card", "zarinpal")),
            # The same instant: one settlement. It is what the ledger's index is searched by.
            Transaction.created_at == Order.paid_at,
        )
        .limit(1)
        .scalar_subquery()
    )
    # The day is counted in a sub-select, so that it is written (and its zone bound) once.
    paid = (
        select(
            _day_of(Order.paid_at, tz).label("day"),
            Order.amount,
            method.label("method"),
            (Order.paid_at <= earlier(uow.now, tz, days=1)).label("before_this_time"),
        )
        .where(Order.paid_at >= since, is_sale())
        .subquery()
    )
    total = func.sum(paid.c.amount)
    rows = await uow.session.execute(
        select(
            paid.c.day,
            total,
            func.count(),
            func.coalesce(total.filter(paid.c.method == "card_to_card"), 0),
            func.coalesce(total.filter(paid.c.method == "zarinpal"), 0),
            func.coalesce(total.filter(paid.c.before_this_time), 0),
            func.count().filter(paid.c.before_this_time),
        ).group_by(paid.c.day)
    )
    return {day: Day(*map(int, numbers)) for day, *numbers in rows}


async def sold_between(uow: UnitOfWork, since: datetime, until: datetime) -> int:
    """What was sold from ``since`` on and up to ``until``."""
    total = await uow.session.scalar(
        select(func.coalesce(func.sum(Order.amount), 0)).where(
            Order.paid_at >= since, Order.paid_at <= until, is_sale()
        )
    )
    return int(total or 0)


def day_sales(sales: dict[date, Day], days: list[date]) -> list[DaySales]:
    """One row for each of ``days``; what is not of a card or the gateway is of a wallet."""
    rows = ((day, sales.get(day, NOTHING)) for day in days)
    return [
        DaySales(day, of.by_card, of.by_gateway, of.amount - of.by_card - of.by_gateway) for day, of in rows
    ]


async def top_plans(uow: UnitOfWork, since: datetime, language: str) -> list[TopPlan]:
    """The plans sold most often, the first of them first."""
    count = func.count()
    best = (
        select(Order.plan_id, count.label("sold"))
        .where(Order.paid_at >= since, Order.plan_id.is_not(None), is_sale())
        .group_by(Order.plan_id)
        .order_by(count.desc(), Order.plan_id)
        .limit(TOP)
        .subquery()
    )
    rows = await uow.session.execute(
        select(BotPlan.name, BotPlan.translations, best.c.sold)
        .join(best, best.c.plan_id == BotPlan.id)
        .order_by(best.c.sold.desc(), BotPlan.id)
    )
    return [
        TopPlan(sold.name({"name": name, "translations": translations}, language), number)
        for name, translations, number in rows.tuples()
    ]


@dataclass(frozen=True, slots=True)
class Came:
    """New customers of each day, and of today's: how many have bought; of yesterday's: up to this time."""

    by_day: list[int]
    bought: int
    yesterday_until_this_time: int


async def new_users(uow: UnitOfWork, tz: ZoneInfo, days: list[date]) -> Came:
    """``days``: oldest first, today last."""
    has_bought = (
        select(Order.id).where(Order.user_id == User.id, Order.paid_at.is_not(None), is_sale()).exists()
    )
    came = (
        select(
            _day_of(User.created_at, tz).label("day"),
            and_(User.created_at >= begins(days[-1], tz), has_bought).label("bought"),
            (User.created_at <= earlier(uow.now, tz, days=1)).label("before_this_time"),
        )
        .where(User.created_at >= begins(days[0], tz))
        .subquery()
    )
    rows = await uow.session.execute(
        select(
            came.c.day,
            func.count(),
            func.count().filter(came.c.bought),
            func.count().filter(came.c.before_this_time),
        ).group_by(came.c.day)
    )
    by_day = {day: (new, bought, before) for day, new, bought, before in rows.tuples()}
    none = (0, 0, 0)
    return Came(
        filled({day: new for day, (new, _, _) in by_day.items()}, days),
        by_day.get(days[-1], none)[1],
        by_day.get(days[-2], none)[2],
    )


@dataclass(frozen=True, slots=True)
class Ran:
    """Subscriptions that ran at the end of each day, last those that run now; and at this time a week ago."""

    by_day: list[int]
    week_ago: int


async def running(uow: UnitOfWork, tz: ZoneInfo, ends_of_days: list[datetime]) -> Ran:
    """In one pass."""
    week_ago = earlier(uow.now, tz, days=7)
    columns = [
        func.count().filter(Subscription.starts_at < end, Subscription.ends_at > end)
        for end in (*ends_of_days, week_ago)
    ]
    now = func.count().filter(Subscription.ends_at > uow.now, Subscription.status.in_(RUNNING))
    row = (
        await uow.session.execute(
            select(now, *columns)
            .select_from(Subscription)
            .where(Subscription.status.in_(RAN), Subscription.ends_at > ends_of_days[0])
        )
    ).one()
    of_today, *of_days, of_week_ago = row
    return Ran([*of_days, of_today], of_week_ago)

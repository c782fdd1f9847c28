"""The overview's figures, each from the books themselves: paid orders, the ledger, the queue."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, ColumnElement, Date, and_, func, select, true
from sqlalchemy.orm import InstrumentedAttribute

from db.models import (
    Bot,
    BotPlan,
    CardToCardPayment,
    Order,
    StockItem,
    Subscription,
    TenantPaymentCard,
    Transaction,
    User,
)
from shop.actors import SHOP_SEE, require
from shop.features import queries as features
from shop.orders.queries import is_sale
from shop.overview.days import begins, change, filled, last_days
from shop.overview.events import latest_events
from shop.overview.rows import DaySales, Overview, Sales, StockLow, Todo, TopPlan
from shop.plans import sold
from shop.unit_of_work import UnitOfWork

RANGES = (7, 30, 90)
DEFAULT_RANGE = 30
SPARK_DAYS = 14
SOON = timedelta(days=3)
TOP = 5
RUNNING = ("active", "limited", "grace")
RAN = (*RUNNING, "expired")


async def load_overview(
    uow: UnitOfWork, *, range_days: int = DEFAULT_RANGE, language: str = "fa"
) -> Overview:
    """Everything the first screen shows. ``range_days`` is one of RANGES. Raises NotAllowed."""
    require(uow.actor, SHOP_SEE)
    desk = await _desk(uow)
    tz = ZoneInfo(desk.timezone)
    days = last_days(uow.now, tz, max(range_days, SPARK_DAYS))
    spark = days[-SPARK_DAYS:]
    sales = await _sales(uow, tz, since=begins(days[0], tz))
    today, yesterday = sales.get(days[-1], _NOTHING), sales.get(days[-2], _NOTHING)
    users, bought = await _new_users(uow, tz, spark)
    running = await _running(uow, [begins(day, tz) for day in spark[1:]])
    return Overview(
        **await _todo(uow, desk, language),
        today_sales=today.amount,
        today_sales_delta=change(today.amount, yesterday.until_this_time),
        paid_orders=today.orders,
        average_order=today.amount // today.orders if today.orders else 0,
        new_users=users[-1],
        new_users_bought=bought,
        active_subscriptions=running[-1],
        days=_day_sales(sales, days[-range_days:]),
        range_days=range_days,
        top_plans=await _top_plans(uow, begins(days[-range_days], tz), language),
        events=await latest_events(uow),
        sparks={
            "sales": filled({day: of.amount for day, of in sales.items()}, spark),
            "orders": filled({day: of.orders for day, of in sales.items()}, spark),
            "users": users,
            "subscriptions": running,
        },
    )


async def load_todo(uow: UnitOfWork, *, language: str = "fa") -> Todo:
    """What waits, alone; for a page that is open. Raises NotAllowed."""
    require(uow.actor, SHOP_SEE)
    return Todo(**await _todo(uow, await _desk(uow), language))


async def _todo(uow: UnitOfWork, desk: Any, language: str) -> dict[str, Any]:
    return {
        "waiting_count": desk.waiting,
        "waiting_oldest_at": desk.oldest,
        "waiting_sum": desk.amount,
        "expiring_soon": desk.ending,
        "stock_low": await _stock_low(uow, language),
        "cards_off": not desk.cards and await features.is_feature_enabled(uow, "card_to_card"),
    }


async def load_sales(uow: UnitOfWork, *, range_days: int = DEFAULT_RANGE) -> Sales:
    """The chart alone, for when only its range changes. Raises NotAllowed."""
    require(uow.actor, SHOP_SEE)
    tz = ZoneInfo(await uow.session.scalar(select(Bot.timezone).where(Bot.id == uow.bot_id)) or "UTC")
    days = last_days(uow.now, tz, range_days)
    return Sales(range_days, _day_sales(await _sales(uow, tz, since=begins(days[0], tz)), days))


def chosen_range(text: str | None) -> int:
    """The range an address asks for; the usual one for anything else."""
    return next((days for days in RANGES if str(days) == text), DEFAULT_RANGE)


# What waits -------------------------------------------------------------------------------------------------


async def _desk(uow: UnitOfWork) -> Any:
    waits = and_(CardToCardPayment.status == "receipt_submitted", CardToCardPayment.commit_at.is_(None))
    ends_soon = and_(
        Subscription.status.in_(RUNNING),
        Subscription.ends_at > uow.now,
        Subscription.ends_at <= uow.now + SOON,
    )
    in_use = and_(TenantPaymentCard.is_active, TenantPaymentCard.archived_at.is_(None))
    queue = (
        select(
            func.count().label("waiting"),
            func.min(CardToCardPayment.receipt_submitted_at).label("oldest"),
            func.coalesce(func.sum(CardToCardPayment.expected_amount), 0).cast(BigInteger).label("amount"),
        )
        .select_from(CardToCardPayment)
        .where(waits)
        .subquery()
    )
    return (
        await uow.session.execute(
            select(
                Bot.timezone,
                queue.c.waiting,
                queue.c.oldest,
                queue.c.amount,
                _count(Subscription, ends_soon).label("ending"),
                _count(TenantPaymentCard, in_use).label("cards"),
            )
            .join(queue, true())
            .where(Bot.id == uow.bot_id)
        )
    ).one()


def _count(table: Any, condition: ColumnElement[bool]) -> Any:
    return select(func.count()).select_from(table).where(condition).scalar_subquery()


async def _stock_low(uow: UnitOfWork, language: str) -> list[StockLow]:
    free = (
        select(func.count())
        .select_from(StockItem)
        .where(StockItem.plan_id == BotPlan.id, StockItem.status == "free")
        .scalar_subquery()
    )
    rows = await uow.session.execute(
        select(BotPlan.name, BotPlan.translations, free.label("left"), BotPlan.low_stock_at)
        .where(BotPlan.is_active, BotPlan.archived_at.is_(None), BotPlan.provisioner == "stock")
        .order_by("left", BotPlan.sort_order, BotPlan.id)
    )
    return [
        StockLow(sold.name({"name": name, "translations": translations}, language), left)
        for name, translations, left, low_at in rows.tuples()
        if left <= low_at
    ]


# What was sold ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Day:
    amount: int = 0
    orders: int = 0
    by_card: int = 0
    until_this_time: int = 0
    """What was sold on the day up to the time of day it is now."""


_NOTHING = _Day()


def _day_of(moment: InstrumentedAttribute[Any], tz: ZoneInfo) -> ColumnElement[date]:
    return func.timezone(tz.key, moment).cast(Date)


async def _sales(uow: UnitOfWork, tz: ZoneInfo, *, since: datetime) -> dict[date, _Day]:
    """Paid orders by day. By card: those whose transfer was booked in the very act that paid them."""
    by_card = (
        select(Transaction.id)
        .where(
            Transaction.order_id == Order.id,
            Transaction.kind == "deposit",
            Transaction.method == "card_to_card",
            # The same instant: one settlement. It is what the ledger's index is searched by.
            Transaction.created_at == Order.paid_at,
        )
        .exists()
    )
    # The day is counted in a sub-select, so that it is written (and its zone bound) once.
    paid = (
        select(
            _day_of(Order.paid_at, tz).label("day"),
            Order.amount,
            by_card.label("by_card"),
            (Order.paid_at <= uow.now - timedelta(days=1)).label("before_this_time"),
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
            func.coalesce(total.filter(paid.c.by_card), 0),
            func.coalesce(total.filter(paid.c.before_this_time), 0),
        ).group_by(paid.c.day)
    )
    return {
        day: _Day(int(amount), orders, int(card), int(until)) for day, amount, orders, card, until in rows
    }


def _day_sales(sales: dict[date, _Day], days: list[date]) -> list[DaySales]:
    rows = ((day, sales.get(day, _NOTHING)) for day in days)
    return [DaySales(day, of.by_card, of.amount - of.by_card) for day, of in rows]


async def _top_plans(uow: UnitOfWork, since: datetime, language: str) -> list[TopPlan]:
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


# Who came, and who holds something --------------------------------------------------------------------------


async def _new_users(uow: UnitOfWork, tz: ZoneInfo, days: list[date]) -> tuple[list[int], int]:
    """New customers of each day, and how many of today's have bought."""
    has_bought = select(Order.id).where(Order.user_id == User.id, Order.paid_at.is_not(None)).exists()
    came = (
        select(
            _day_of(User.created_at, tz).label("day"),
            and_(User.created_at >= begins(days[-1], tz), has_bought).label("bought"),
        )
        .where(User.created_at >= begins(days[0], tz))
        .subquery()
    )
    rows = await uow.session.execute(
        select(came.c.day, func.count(), func.count().filter(came.c.bought)).group_by(came.c.day)
    )
    by_day = {day: (new, bought) for day, new, bought in rows.tuples()}
    return (
        filled({day: new for day, (new, _) in by_day.items()}, days),
        by_day.get(days[-1], (0, 0))[1],
    )


async def _running(uow: UnitOfWork, ends_of_days: list[datetime]) -> list[int]:
    """Subscriptions that ran at the end of each day, and (last) those that run now, in one pass."""
    columns = [
        func.count().filter(Subscription.starts_at < end, Subscription.ends_at > end) for end in ends_of_days
    ]
    now = func.count().filter(Subscription.ends_at > uow.now, Subscription.status.in_(RUNNING))
    row = (
        await uow.session.execute(
            select(*columns, now)
            .select_from(Subscription)
            .where(Subscription.status.in_(RAN), Subscription.ends_at > ends_of_days[0])
        )
    ).one()
    return list(row)

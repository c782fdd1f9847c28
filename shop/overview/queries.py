"""The overview's figures, each from the books themselves: paid orders, the ledger, the queue."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from db.models import Bot
from shop.actors import SHOP_SEE, require
from shop.overview import figures
from shop.overview.days import begins, change, earlier, filled, last_days
from shop.overview.events import latest_events
from shop.overview.figures import NOTHING, Came, Day, Ran
from shop.overview.rows import Overview, Part, Sales
from shop.overview.waiting import look_at_desk, what_waits
from shop.unit_of_work import UnitOfWork

RANGES = (7, 30, 90)
DEFAULT_RANGE = 30
SPARK_DAYS = 14

NOBODY, NONE_RAN = Came([0], 0, 0), Ran([0], 0)
"""In place of figures that could not be read."""
NO_SALES: dict[date, Day] = {}
T = TypeVar("T")

logger = logging.getLogger(__name__)


async def load_overview(
    uow: UnitOfWork, *, range_days: int = DEFAULT_RANGE, language: str = "fa"
) -> Overview:
    """Everything the first screen shows. ``range_days`` is one of RANGES. Raises NotAllowed.

    As many statements for a large shop as for a small one. A part that the database does not answer, for
    want of time perhaps, is left out and named in ``missing``: what waits is shown all the same.
    """
    require(uow.actor, SHOP_SEE)
    missing: frozenset[Part] = frozenset()
    while True:
        try:
            async with uow.session.begin_nested():
                return await _load(uow, range_days, language, missing)
        except _PartFailed as failed:
            logger.exception("the overview is shown without its %s", failed.part)
            missing |= {failed.part}


async def _load(uow: UnitOfWork, range_days: int, language: str, missing: frozenset[Part]) -> Overview:
    desk = await look_at_desk(uow)
    tz = ZoneInfo(desk.timezone)
    days = last_days(uow.now, tz, max(range_days, SPARK_DAYS))
    spark = days[-SPARK_DAYS:]
    since, starts = begins(days[0], tz), [begins(day, tz) for day in spark[1:]]
    sales = await _unless(missing, "sales", NO_SALES, lambda: figures.sales_by_day(uow, tz, since=since))
    today, yesterday = sales.get(days[-1], NOTHING), sales.get(days[-2], NOTHING)
    came = await _unless(missing, "figures", NOBODY, lambda: figures.new_users(uow, tz, spark))
    ran = await _unless(missing, "figures", NONE_RAN, lambda: figures.running(uow, tz, starts))
    return Overview(
        **await what_waits(uow, desk, language),
        **await _sales(uow, tz, sales, days[-range_days:], language, missing=missing),
        calendar=desk.calendar,
        today_sales=today.amount,
        today_sales_delta=change(today.amount, yesterday.until_this_time),
        paid_orders=today.orders,
        paid_orders_delta=change(today.orders, yesterday.orders_until_this_time),
        average_order=today.amount // today.orders if today.orders else 0,
        new_users=came.by_day[-1],
        new_users_delta=change(came.by_day[-1], came.yesterday_until_this_time),
        new_users_bought=came.bought,
        active_subscriptions=ran.by_day[-1],
        active_subscriptions_delta=change(ran.by_day[-1], ran.week_ago),
        events=await _unless(missing, "events", [], lambda: latest_events(uow)),
        sparks={
            "sales": filled({day: of.amount for day, of in sales.items()}, spark),
            "orders": filled({day: of.orders for day, of in sales.items()}, spark),
            "users": came.by_day,
            "subscriptions": ran.by_day,
        },
        missing=missing,
    )


class _PartFailed(Exception):
    """No refusal: nobody outside this module meets it."""

    def __init__(self, part: Part) -> None:
        super().__init__(part)
        self.part: Part = part


async def _unless(missing: frozenset[Part], part: Part, nothing: T, load: Callable[[], Awaitable[T]]) -> T:
    """What ``load`` answers; ``nothing`` for a part that is left out. Raises _PartFailed."""
    if part in missing:
        return nothing
    try:
        return await load()
    except DBAPIError as error:
        raise _PartFailed(part) from error


async def load_sales(uow: UnitOfWork, *, range_days: int = DEFAULT_RANGE, language: str = "fa") -> Sales:
    """What has a range, for when only that changes. Raises NotAllowed."""
    require(uow.actor, SHOP_SEE)
    timezone, calendar = (
        (await uow.session.execute(select(Bot.timezone, Bot.calendar).where(Bot.id == uow.bot_id)))
        .tuples()
        .one()
    )
    tz = ZoneInfo(timezone)
    days = last_days(uow.now, tz, range_days)
    sales = await figures.sales_by_day(uow, tz, since=begins(days[0], tz))
    return Sales(**await _sales(uow, tz, sales, days, language), calendar=calendar)


async def _sales(
    uow: UnitOfWork,
    tz: ZoneInfo,
    sales: dict[date, Day],
    days: list[date],
    language: str,
    *,
    missing: frozenset[Part] = frozenset(),
) -> dict[str, Any]:
    """The fields of ``rows.Sales``. What is compared is as long: whole days, and the last up to this time."""
    until = earlier(uow.now, tz, days=len(days))
    before = last_days(until, tz, len(days))
    total = sum(sales.get(day, NOTHING).amount for day in days)
    start, since = begins(before[0], tz), begins(days[0], tz)
    sold = await _unless(missing, "sales", 0, lambda: figures.sold_between(uow, start, until))
    return {
        "range_days": len(days),
        "days": figures.day_sales(sales, days),
        "range_delta": change(total, sold),
        "top_plans": await _unless(missing, "plans", [], lambda: figures.top_plans(uow, since, language)),
    }


def chosen_range(text: str | None) -> int:
    """The range an address asks for; the usual one for anything else."""
    return next((days for days in RANGES if str(days) == text), DEFAULT_RANGE)

"""Frozen rows of all shops for the master's screens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, func, select

from db.models import Bot, CardToCardPayment, Order, Subscription
from shop.actors import PLATFORM_MANAGE, require
from shop.bots.queries import is_real
from shop.unit_of_work import UnitOfWork

SALES_WITHIN = timedelta(days=30)
RUNNING = ("active", "limited", "grace")


@dataclass(frozen=True, slots=True)
class ShopRow:
    bot_id: int
    name: str
    username: str | None
    is_active: bool
    status: str
    token_state: str
    created_at: datetime
    sales_30d: int
    """Orders paid in the last thirty days, in minor units."""
    active_subscriptions: int
    waiting: int
    oldest_waiting_at: datetime | None
    last_update_at: datetime | None
    is_master: bool


async def list_shops(uow: UnitOfWork) -> list[ShopRow]:
    """Every shop that was not deleted, in a platform unit: the longest waiting receipt first, then by name.

    Each figure is summed up by itself before it meets the shop, so that none multiplies another. Raises
    NotAllowed.
    """
    require(uow.actor, PLATFORM_MANAGE)
    sales = (
        select(Order.bot_id, func.sum(Order.amount).label("sold"))
        .where(Order.paid_at >= uow.now - SALES_WITHIN, Order.kind != "topup", Order.status != "refunded")
        .group_by(Order.bot_id)
        .subquery()
    )
    running = (
        select(Subscription.bot_id, func.count().label("number"))
        .where(Subscription.status.in_(RUNNING), Subscription.ends_at > uow.now)
        .group_by(Subscription.bot_id)
        .subquery()
    )
    waiting = (
        select(
            CardToCardPayment.bot_id,
            func.count().label("number"),
            func.min(CardToCardPayment.receipt_submitted_at).label("oldest"),
        )
        .where(CardToCardPayment.status == "receipt_submitted", CardToCardPayment.commit_at.is_(None))
        .group_by(CardToCardPayment.bot_id)
        .subquery()
    )
    rows = await uow.session.execute(
        select(
            Bot.id,
            Bot.name,
            Bot.username,
            Bot.is_active,
            Bot.status,
            Bot.token_state,
            Bot.created_at,
            func.coalesce(sales.c.sold, 0).cast(BigInteger),
            func.coalesce(running.c.number, 0),
            func.coalesce(waiting.c.number, 0),
            waiting.c.oldest,
            Bot.last_update_at,
            Bot.is_master,
        )
        .outerjoin(sales, sales.c.bot_id == Bot.id)
        .outerjoin(running, running.c.bot_id == Bot.id)
        .outerjoin(waiting, waiting.c.bot_id == Bot.id)
        .where(Bot.deleted_at.is_(None), is_real())
        .order_by(waiting.c.oldest.asc().nulls_last(), Bot.name, Bot.id)
    )
    return [ShopRow(*row) for row in rows]

"""What waits in a shop: receipts, paid orders, shelves and cards that run out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, and_, func, select, true

from db.models import (
    Bot,
    BotPlan,
    CardToCardPayment,
    ProvisioningJob,
    StockItem,
    Subscription,
    TenantPaymentCard,
    Ticket,
)
from shop.actors import TICKETS_SEE, may
from shop.cards import banks
from shop.cards import rules as cards
from shop.cards.board import NEARER
from shop.cards.showing import read_ring
from shop.features import queries as features
from shop.overview.rows import CardNear, StockLow
from shop.plans import sold
from shop.tickets.rules import WAITING as TICKET_WAITS
from shop.unit_of_work import UnitOfWork

SOON = timedelta(days=3)
REFUSED = ("broken",)
RUNNING = ("active", "limited", "grace")


@dataclass(frozen=True, slots=True)
class Desk:
    """The shop's own clock, and what one look at it counts."""

    timezone: str
    calendar: str
    is_refused: bool
    waiting: int
    oldest: datetime | None
    amount: int
    ending: int
    undelivered: int
    tickets: int
    tickets_oldest: datetime | None


async def look_at_desk(uow: UnitOfWork) -> Desk:
    """One statement."""
    waits = and_(CardToCardPayment.status == "receipt_submitted", CardToCardPayment.commit_at.is_(None))
    ends_soon = and_(
        Subscription.status.in_(RUNNING),
        Subscription.ends_at > uow.now,
        Subscription.ends_at <= uow.now + SOON,
    )
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
    row = (
        await uow.session.execute(
            select(
                Bot.timezone,
                Bot.calendar,
                Bot.token_state.in_(REFUSED),
                queue.c.waiting,
                queue.c.oldest,
                queue.c.amount,
                _count(Subscription, ends_soon).label("ending"),
                _count(ProvisioningJob, ProvisioningJob.status == "held").label("undelivered"),
                _count(Ticket, Ticket.status == TICKET_WAITS).label("tickets"),
                select(func.min(func.coalesce(Ticket.waiting_since, Ticket.last_at)))
                .where(Ticket.status == TICKET_WAITS)
                .scalar_subquery()
                .label("tickets_oldest"),
            )
            .join(queue, true())
            .where(Bot.id == uow.bot_id)
        )
    ).one()
    return Desk(*row)


def _count(table: Any, condition: ColumnElement[bool]) -> Any:
    return select(func.count()).select_from(table).where(condition).scalar_subquery()


async def what_waits(uow: UnitOfWork, desk: Desk, language: str) -> dict[str, Any]:
    """The fields of ``rows.Todo``."""
    plans = await _plans_on_sale(uow)
    return {
        "waiting_count": desk.waiting,
        "waiting_oldest_at": desk.oldest,
        "waiting_sum": desk.amount,
        "undelivered": desk.undelivered,
        "tickets": desk.tickets if may(uow.actor, TICKETS_SEE) else 0,
        "tickets_oldest_at": desk.tickets_oldest,
        "expiring_soon": desk.ending,
        "stock_low": [
            StockLow(sold.name({"name": plan.name, "translations": plan.translations}, language), plan.left)
            for plan in plans
            if plan.provisioner == "stock" and plan.left <= plan.low_stock_at
        ],
        "bot_refused": desk.is_refused,
        "nothing_on_sale": not plans,
        **await _cards(uow, desk, [plan.price for plan in plans], language),
    }


async def _plans_on_sale(uow: UnitOfWork) -> list[Any]:
    free = (
        select(func.count())
        .select_from(StockItem)
        .where(StockItem.plan_id == BotPlan.id, StockItem.status == "free")
        .scalar_subquery()
    )
    rows = await uow.session.execute(
        select(
            BotPlan.name,
            BotPlan.translations,
            BotPlan.price,
            BotPlan.provisioner,
            BotPlan.low_stock_at,
            free.label("left"),
        )
        .where(BotPlan.is_active, BotPlan.archived_at.is_(None))
        .order_by("left", BotPlan.sort_order, BotPlan.id)
    )
    return list(rows)


async def _cards(uow: UnitOfWork, desk: Desk, prices: list[int], language: str) -> dict[str, Any]:
    if not await features.is_feature_enabled(uow, "card_to_card"):
        return {"cards_off": False, "cards_full": False, "cards_near": []}
    ring, _ = await read_ring(uow, cards.day_of(uow.now, desk.timezone), None)
    at = cards.time_of(uow.now, desk.timezone)
    return {
        "cards_off": not ring,
        "cards_full": bool(ring) and not _takes_any(ring, prices, at),
        "cards_near": await _near(uow, ring, language),
    }


def _takes_any(ring: tuple[cards.CardLoad, ...], prices: list[int], at: time) -> bool:
    """Whether some card could take some plan's price now; while nothing is on sale, any amount at all."""
    if not any(prices):
        return any(cards.has_room(cards.unbounded(card), 1, at) for card in ring)
    return any(cards.has_room(card, price, at) for card in ring for price in prices if price)


async def _near(uow: UnitOfWork, ring: tuple[cards.CardLoad, ...], language: str) -> list[CardNear]:
    full = {card.card_id: share for card in ring if (share := cards.fullness(card) or 0) >= NEARER}
    if not full:
        return []
    rows = await uow.session.execute(
        select(TenantPaymentCard.id, TenantPaymentCard.bank_name, TenantPaymentCard.last_four).where(
            TenantPaymentCard.id.in_(full)
        )
    )
    near = [
        CardNear(banks.localised(bank, language), last_four, full[card_id])
        for card_id, bank, last_four in rows.tuples()
    ]
    return sorted(near, key=lambda card: -card.fullness)

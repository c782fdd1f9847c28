"""Frozen rows of cards. The whole number is never among them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import func, select

from db.models import Bot, CardDay, TenantPaymentCard
from shop.cards import rules
from shop.errors import NotFound
from shop.seen import mark
from shop.unit_of_work import UnitOfWork

STATISTICS_DAYS = 30


@dataclass(frozen=True, slots=True)
class CardRow:
    """A card as its owner sees it. Amounts in minor units of the shop's currency."""

    card_id: int
    first_six: str
    last_four: str
    bank_name: str
    """English; ``shop.cards.banks.localised`` translates it. Empty when the issuer is unknown."""
    holder_name: str
    position: int
    weight: int
    is_active: bool
    archived_at: datetime | None
    success_count: int
    failure_count: int
    current_usage_count: int
    last_used_at: datetime | None
    daily_limit_count: int | None
    daily_limit_amount: int | None
    min_amount: int | None
    max_amount: int | None
    active_from: time | None
    active_until: time | None
    created_by: str | None


@dataclass(frozen=True, slots=True)
class DayCount:
    """What one card was shown for, and received, on one or more days. Amounts in minor units."""

    shown: int = 0
    reserved: int = 0
    """Open and approved."""
    reserved_amount: int = 0
    approved: int = 0
    approved_amount: int = 0
    rejected: int = 0


@dataclass(frozen=True, slots=True)
class CardStatistics:
    card_id: int
    usage_count: int
    """Shown since the owner last reset the counter."""
    success_count: int
    failure_count: int
    success_rate: float | None
    """Between 0 and 1; None before the first decision."""
    last_used_at: datetime | None
    today: DayCount
    last_thirty_days: DayCount
    """Today included."""


def row_of(card: TenantPaymentCard) -> CardRow:
    return CardRow(
        card_id=card.id,
        first_six=card.first_six,
        last_four=card.last_four,
        bank_name=card.bank_name,
        holder_name=card.holder_name,
        position=card.position,
        weight=card.weight,
        is_active=card.is_active,
        archived_at=card.archived_at,
        success_count=card.success_count,
        failure_count=card.failure_count,
        current_usage_count=card.current_usage_count,
        last_used_at=card.last_used_at,
        daily_limit_count=card.daily_limit_count,
        daily_limit_amount=card.daily_limit_amount,
        min_amount=card.min_amount,
        max_amount=card.max_amount,
        active_from=card.active_from,
        active_until=card.active_until,
        created_by=card.created_by,
    )


def mark_of(card: CardRow) -> str:
    """Of what the form of a card holds; its place, its switch and its counters are no part of it."""
    return mark(
        *(card.holder_name, card.weight, card.daily_limit_count, card.daily_limit_amount),
        *(card.min_amount, card.max_amount, card.active_from, card.active_until),
    )


async def get_payment_card(uow: UnitOfWork, card_id: int) -> CardRow:
    """One card, an archived one too. Raises NotFound."""
    card = await uow.session.scalar(select(TenantPaymentCard).where(TenantPaymentCard.id == card_id))
    if card is None:
        raise NotFound("card", card_id)
    return row_of(card)


async def get_payment_cards(uow: UnitOfWork, *, active_only: bool = False) -> list[CardRow]:
    """The shop's cards in the owner's order, without the archived ones."""
    statement = (
        select(TenantPaymentCard)
        .where(TenantPaymentCard.archived_at.is_(None))
        .order_by(TenantPaymentCard.position, TenantPaymentCard.id)
    )
    if active_only:
        statement = statement.where(TenantPaymentCard.is_active)
    return [row_of(card) for card in await uow.session.scalars(statement)]


async def get_card_statistics(uow: UnitOfWork, card_id: int) -> CardStatistics:
    """How a card does: today, in the last thirty of the shop's own days, and ever. Raises NotFound."""
    card = await get_payment_card(uow, card_id)
    zone = (await uow.session.scalars(select(Bot.timezone).where(Bot.id == uow.bot_id))).one()
    today = rules.day_of(uow.now, zone)
    decided = card.success_count + card.failure_count
    return CardStatistics(
        card_id=card_id,
        usage_count=card.current_usage_count,
        success_count=card.success_count,
        failure_count=card.failure_count,
        success_rate=card.success_count / decided if decided else None,
        last_used_at=card.last_used_at,
        today=await _count_since(uow, card_id, today),
        last_thirty_days=await _count_since(uow, card_id, today - timedelta(days=STATISTICS_DAYS - 1)),
    )


async def _count_since(uow: UnitOfWork, card_id: int, day: date) -> DayCount:
    columns = (
        CardDay.shown_count,
        CardDay.reserved_count,
        CardDay.reserved_amount,
        CardDay.approved_count,
        CardDay.approved_amount,
        CardDay.rejected_count,
    )
    row = (
        await uow.session.execute(
            select(*(func.coalesce(func.sum(column), 0) for column in columns)).where(
                CardDay.card_id == card_id, CardDay.day >= day
            )
        )
    ).one()
    return DayCount(*map(int, row))

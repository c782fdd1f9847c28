"""What the owner's page of cards shows: the cards in turn, what they do today and did in a range."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import case, func, select

from db.models import Bot, CardDay, CardRotation, CardToCardPayment, TenantPaymentCard
from shop.actors import CARDS_MANAGE, SHOP_SEE, may, require
from shop.cards import rules
from shop.cards.keeping import unseal_number
from shop.cards.queries import CardRow, DayCount, row_of
from shop.cards.rules import CardLoad, Turn
from shop.cards.showing import read_ring
from shop.configurations import service as configurations
from shop.unit_of_work import UnitOfWork

RANGES = (1, 7, 30, 90)
"""Days of the shop's own calendar, today included."""
NEAR, NEARER = 0.7, 0.9
"""How full a card's day is before the page says so, and says so louder."""

State = Literal["off", "resting", "full", "out_of_hours", "near", "next", "in_turn"]


@dataclass(frozen=True, slots=True)
class CardCount:
    """Four different things. All of them by the day the card was shown. Amounts in minor units."""

    shown: int = 0
    received: int = 0
    """Payments for which the customer sent a receipt; sent twice, it is one."""
    approved: int = 0
    approved_amount: int = 0
    rejected: int = 0


@dataclass(frozen=True, slots=True)
class Rest:
    """A card out of its turns for a while."""

    until: datetime
    by: str
    """The owner, or ``rejections``."""
    note: str


@dataclass(frozen=True, slots=True)
class BoardCard:
    card: CardRow
    number: str | None
    """All sixteen digits, for whoever may manage cards; None for everybody else."""
    state: State
    resting: Rest | None
    today: DayCount
    fullness: float | None
    """The share of its day's caps that is taken; None without a cap. The fuller cap counts."""
    period: CardCount
    times_rejected: int | None = None
    """Where far more of it was rejected in the range than of the others: see ``rules.times_rejected``."""


@dataclass(frozen=True, slots=True)
class Board:
    cards: list[BoardCard]
    strategy: str
    minutes: int
    range_days: int
    currency: str

    @property
    def switched_on(self) -> int:
        return sum(one.card.is_active for one in self.cards)


async def load_board(uow: UnitOfWork, *, range_days: int = 30) -> Board:
    """Every card that is not archived, in the owner's order. Raises NotAllowed.

    Six statements whatever the number of cards. Whole numbers are among the answer only for whoever may
    manage cards.
    """
    require(uow.actor, SHOP_SEE)
    settings = await configurations.get_config_values(
        uow, ("card_rotation_strategy", "card_rotation_minutes")
    )
    zone, currency, last = (
        await uow.session.execute(
            select(Bot.timezone, Bot.currency, CardRotation.last_card_id)
            .outerjoin(CardRotation, CardRotation.bot_id == Bot.id)
            .where(Bot.id == uow.bot_id)
        )
    ).one()
    cards = list(
        await uow.session.scalars(
            select(TenantPaymentCard)
            .where(TenantPaymentCard.archived_at.is_(None))
            .order_by(TenantPaymentCard.position, TenantPaymentCard.id)
        )
    )
    today = rules.day_of(uow.now, zone)
    since = today - timedelta(days=range_days - 1)
    days = await _days(uow, since, today)
    received = await _received(uow, start_of(since, zone))
    strategy, minutes = str(settings["card_rotation_strategy"]), int(settings["card_rotation_minutes"])
    loads = [load_of(card, days.get(card.id, _NOTHING)[0]) for card in cards]
    at = rules.time_of(uow.now, zone)
    ring, place = await read_ring(uow, today, last)
    counts = {card.id: _count(days.get(card.id, _NOTHING)[1], received.get(card.id, 0)) for card in cards}
    upcoming = _next(strategy, Turn(ring, place, uow.now, minutes, rules.NO_CHANCE), at)
    return Board(
        cards=[
            BoardCard(
                card=row_of(card),
                number=unseal_number(uow, card.card_number, card.number_fingerprint)
                if may(uow.actor, CARDS_MANAGE)
                else None,
                state=state_of(
                    load,
                    is_active=card.is_active,
                    is_resting=is_resting(card, uow.now),
                    is_next=card.id == upcoming,
                    at=at,
                ),
                resting=rest_of(card, uow.now),
                today=days.get(card.id, _NOTHING)[0],
                fullness=rules.fullness(load),
                period=counts[card.id],
                times_rejected=_times_rejected(card.id, counts),
            )
            for card, load in zip(cards, loads, strict=True)
        ],
        strategy=strategy,
        minutes=minutes,
        range_days=range_days,
        currency=currency,
    )


def _times_rejected(card_id: int, counts: Mapping[int, CardCount]) -> int | None:
    decided = {one: (count.approved, count.rejected) for one, count in counts.items()}
    return rules.times_rejected(decided.pop(card_id), list(decided.values()))


def start_of(day: date, zone: str) -> datetime:
    """When a day of the shop's own calendar begins."""
    return datetime.combine(day, time.min, ZoneInfo(zone))


def is_resting(card: TenantPaymentCard, now: datetime) -> bool:
    return card.quarantined_until is not None and card.quarantined_until > now


def rest_of(card: TenantPaymentCard, now: datetime) -> Rest | None:
    if card.quarantined_until is None or not is_resting(card, now):
        return None
    return Rest(card.quarantined_until, card.quarantined_by or "owner", card.quarantine_note or "")


def load_of(card: TenantPaymentCard, today: DayCount) -> CardLoad:
    """The card as the strategies see it."""
    return CardLoad(
        card_id=card.id,
        position=card.position,
        weight=card.weight,
        success_count=card.success_count,
        failure_count=card.failure_count,
        reserved_count=today.reserved,
        reserved_amount=today.reserved_amount,
        daily_limit_count=card.daily_limit_count,
        daily_limit_amount=card.daily_limit_amount,
        min_amount=card.min_amount,
        max_amount=card.max_amount,
        active_from=card.active_from,
        active_until=card.active_until,
    )


def state_of(card: CardLoad, *, is_active: bool, is_resting: bool, is_next: bool, at: time) -> State:
    """The one thing to say of a card, the weightiest first."""
    if not is_active:
        return "off"
    if is_resting:
        return "resting"
    if (full := rules.fullness(card)) is not None and full >= 1:
        return "full"
    if not rules.is_in_hours(at, card.active_from, card.active_until):
        return "out_of_hours"
    if is_next:
        return "next"
    return "near" if full is not None and full >= NEAR else "in_turn"


def _next(strategy: str, turn: Turn, at: time) -> int | None:
    """The card whose turn it is, whatever the amount; None where chance decides or nobody has room."""
    if strategy not in rules.FORESEEABLE:
        return None
    chosen = rules.choose(
        strategy, replace(turn, ring=tuple(map(rules.unbounded, turn.ring))), amount=1, at=at
    )
    return None if chosen is None else chosen.card_id


_NOTHING = (DayCount(), DayCount())


async def _days(uow: UnitOfWork, since: date, today: date) -> dict[int, tuple[DayCount, DayCount]]:
    """By card: today, and the days from ``since`` on."""
    counters = (
        CardDay.shown_count,
        CardDay.reserved_count,
        CardDay.reserved_amount,
        CardDay.approved_count,
        CardDay.approved_amount,
        CardDay.rejected_count,
    )
    of_today: list[Any] = [
        func.coalesce(func.sum(case((CardDay.day == today, one), else_=0)), 0) for one in counters
    ]
    rows = await uow.session.execute(
        select(CardDay.card_id, *of_today, *(func.coalesce(func.sum(one), 0) for one in counters))
        .where(CardDay.day >= since)
        .group_by(CardDay.card_id)
    )
    width = len(counters)
    return {
        card_id: (DayCount(*map(int, numbers[:width])), DayCount(*map(int, numbers[width:])))
        for card_id, *numbers in rows
    }


async def _received(uow: UnitOfWork, since: datetime) -> dict[int, int]:
    """By card: how many payments begun ``since`` have a receipt."""
    rows = await uow.session.execute(
        select(CardToCardPayment.card_id, func.count())
        .where(CardToCardPayment.created_at >= since, CardToCardPayment.receipt_submitted_at.is_not(None))
        .group_by(CardToCardPayment.card_id)
    )
    return dict(rows.tuples().all())


def _count(days: DayCount, received: int) -> CardCount:
    return CardCount(days.shown, received, days.approved, days.approved_amount, days.rejected)

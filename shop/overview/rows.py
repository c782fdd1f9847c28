"""What the overview shows, as frozen values. Amounts in minor units of the shop's currency."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, NamedTuple

EventKind = Literal[
    "receipt_submitted", "receipt_approved", "receipt_rejected", "delivered", "held_no_stock", "user_joined"
]


class DaySales(NamedTuple):
    """One day of the shop's own calendar day: what came by card, and by any other way."""

    day: date
    card_to_card: int
    other: int


class StockLow(NamedTuple):
    plan_name: str
    left: int


class TopPlan(NamedTuple):
    name: str
    sold: int


@dataclass(frozen=True, slots=True)
class Event:
    kind: EventKind
    at: datetime
    customer_name: str
    amount: int | None
    receipt_id: int | None
    actor_name: str | None
    """Who of the team did it; None where nobody did."""


@dataclass(frozen=True, slots=True)
class Sales:
    """The chart alone: ``days`` oldest first, today last, a day without a sale is there with noughts."""

    range_days: int
    days: Sequence[DaySales]


@dataclass(frozen=True, slots=True)
class Todo:
    """What waits for somebody."""

    waiting_count: int
    waiting_oldest_at: datetime | None
    waiting_sum: int
    expiring_soon: int
    """Subscriptions that end within three days."""
    stock_low: Sequence[StockLow]
    """Plans on sale whose shelf is at its mark or below, the emptiest first."""
    cards_off: bool
    """Card-to-card is offered and no card is in use: nobody can pay so."""


@dataclass(frozen=True, slots=True)
class Overview(Todo):
    today_sales: int
    today_sales_delta: float | None
    """Per cent against yesterday up to this time; None when nothing was sold then."""
    paid_orders: int
    average_order: int
    new_users: int
    new_users_bought: int
    active_subscriptions: int
    days: Sequence[DaySales]
    range_days: int
    top_plans: Sequence[TopPlan]
    events: Sequence[Event]
    """Newest first."""
    sparks: Mapping[str, Sequence[int]]
    """The last fourteen days, oldest first: ``sales``, ``orders``, ``users``, ``subscriptions``."""

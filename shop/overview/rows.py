"""What the overview shows, as frozen values. Amounts in minor units of the shop's currency."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, NamedTuple

EventKind = Literal[
    "receipt_submitted", "receipt_approved", "receipt_rejected", "delivered", "held_no_stock", "user_joined"
]


Part = Literal["figures", "sales", "plans", "events"]
"""What of the overview can be missing alone."""


class DaySales(NamedTuple):
    """One day of the shop's own calendar day: what came by card, by the gateway, and out of wallets."""

    day: date
    card_to_card: int
    gateway: int
    wallet: int

    @property
    def total(self) -> int:
        return self.card_to_card + self.gateway + self.wallet


class StockLow(NamedTuple):
    plan_name: str
    left: int


class CardNear(NamedTuple):
    """A card whose day is nearly full, or full."""

    bank_name: str
    last_four: str
    fullness: float


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


class _ByMethod:
    """What days add up to."""

    __slots__ = ()
    days: Sequence[DaySales]

    @property
    def by_method(self) -> tuple[int, int, int]:
        """By card, by the gateway, out of wallets; together all that was sold in the range."""
        return (
            sum(day.card_to_card for day in self.days),
            sum(day.gateway for day in self.days),
            sum(day.wallet for day in self.days),
        )


@dataclass(frozen=True, slots=True)
class Sales(_ByMethod):
    """What has a range: ``days`` oldest first, today last, a day without a sale is there with noughts."""

    range_days: int
    days: Sequence[DaySales]
    range_delta: float | None
    """Per cent against as many days before, up to this time of their last day; None when nothing was sold."""
    calendar: str
    """In which the shop reads its days: ``jalali`` or ``gregorian``."""
    top_plans: Sequence[TopPlan]
    """What sold best in the range."""


@dataclass(frozen=True, slots=True)
class Todo:
    """What waits for somebody."""

    waiting_count: int
    waiting_oldest_at: datetime | None
    waiting_sum: int
    undelivered: int
    """Orders that are paid and wait for something to hand over."""
    tickets: int
    """Customers who wait for an answer; nought for whoever may not see tickets."""
    tickets_oldest_at: datetime | None
    """Since when the one waits who waits longest."""
    expiring_soon: int
    """Subscriptions that end within three days."""
    stock_low: Sequence[StockLow]
    """Plans on sale whose shelf is at its mark or below, the emptiest first."""
    bot_refused: bool
    """Telegram no longer knows the bot's token: nobody is answered."""
    nothing_on_sale: bool
    """Every plan is off or put away: the bot has nothing to offer."""
    cards_off: bool
    """Card-to-card is offered and no card takes turns: nobody can pay so."""
    cards_full: bool
    """Cards take turns, and none of them could take the price of any plan now: caps, hours and bounds."""
    cards_near: Sequence[CardNear]
    """Cards in turn whose day is nine tenths full or fuller, the fullest first."""


@dataclass(frozen=True, slots=True)
class Overview(Todo, _ByMethod):
    range_days: int
    days: Sequence[DaySales]
    range_delta: float | None
    calendar: str
    top_plans: Sequence[TopPlan]
    """The last five as in ``Sales``, which is the part of the page that has a range."""
    today_sales: int
    today_sales_delta: float | None
    """Per cent against yesterday up to this time; None when nothing was sold then. So its neighbours."""
    paid_orders: int
    paid_orders_delta: float | None
    average_order: int
    new_users: int
    new_users_delta: float | None
    new_users_bought: int
    active_subscriptions: int
    active_subscriptions_delta: float | None
    """Against those that ran at this time a week ago."""
    events: Sequence[Event]
    """Newest first."""
    sparks: Mapping[str, Sequence[int]]
    """The last fourteen days, oldest first: ``sales``, ``orders``, ``users``, ``subscriptions``."""
    missing: frozenset[Part] = frozenset()
    """What the database did not answer; its values are noughts that say nothing."""

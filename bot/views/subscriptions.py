"""What the person holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.callbacks import Go, ShowSubscription
from bot.views.menu import back
from bot.views.screen import Reader, Screen, copy, keyboard, press, support
from bot.views.words import write
from shop.subscriptions.queries import SubscriptionRow

DOTS = {"active": "🟢", "limited": "🟡", "grace": "🟡", "pending": "🟡"}
"""Beside the word, never instead of it."""
ACCESS_LIMIT = 3000
"""Characters of an access line that fit into a message with everything around it."""


@dataclass(frozen=True, slots=True)
class Row:
    """One subscription as the templates want it. Volumes in bytes; ``limit`` 0 is unlimited."""

    dot: str
    name: str
    plan: str
    status: str
    used: int
    limit: int
    minutes_left: int
    ends_at: datetime
    devices: int
    access: str


def overview(reader: Reader, held: Sequence[SubscriptionRow], *, now: datetime) -> Screen:
    """All of them; one button for each."""
    _ = reader.gettext
    buy = [press(_("🛒 Buy a subscription"), Go(place="plans"))]
    if not held:
        return Screen(write("subscriptions_empty", reader), keyboard(buy, back(reader)))
    rows = [_row(one, now) for one in held]
    buttons = [
        [press(f"{_row(one, now).dot} {one.name}", ShowSubscription(subscription_id=one.subscription_id))]
        for one in held
    ]
    return Screen(write("subscriptions", reader, rows=rows), keyboard(*buttons, buy, back(reader)))


def detail(reader: Reader, held: SubscriptionRow, *, now: datetime) -> Screen:
    _ = reader.gettext
    return Screen(
        write("subscription", reader, row=_row(held, now)),
        keyboard(
            copy(_("📋 Copy link"), held.access),
            support(reader, order_id=held.order_id),
            [press(_("‹ Back"), Go(place="my"))],
        ),
    )


def _row(held: SubscriptionRow, now: datetime) -> Row:
    return Row(
        dot=DOTS.get(held.status, "🔴"),
        name=held.name,
        plan=held.plan_name,
        status=held.status,
        used=held.traffic_used_bytes,
        limit=held.traffic_limit_bytes,
        minutes_left=max(0, round((held.ends_at - now).total_seconds() / 60)),
        ends_at=held.ends_at,
        devices=held.device_limit,
        access=held.access[:ACCESS_LIMIT],
    )

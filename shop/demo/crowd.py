"""Who buys, when, and what comes of it, in the thousands: shops to measure with. Pure, and streaming.

A purchase is told by its place among all purchases of its shop, oldest first, so that any number of
them can be told in pieces. Everybody and everything here is invented.
"""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Literal
from zoneinfo import ZoneInfo

from shop.cards.rules import passes_luhn
from shop.demo import script

DAYS = 90
SETTLED = timedelta(minutes=65)
"""The newest purchase is so old: time enough for the slowest customer and the slowest decision."""
TO_PAY = timedelta(minutes=30)

Status = Literal["approved", "rejected", "receipt_submitted", "expired"]
REJECTED, WAITING, EXPIRED = 0.06, 0.03, 0.03
"""Parts of one; what remains is approved."""
NEWEST = 0.06
"""Receipts wait only among the newest purchases: this part of them all, and half of it waits."""
REASONS = ("amount_too_low", "not_arrived", "unreadable")

REGULARS = 0.4
"""The part of the customers that came before the story begins."""
WITH_LAST_NAME, IN_ENGLISH = 0.7, 0.05
"""Of one."""
FIRST_NAMES = (
    *("رضا", "مهسا", "امیرحسین", "نگار", "سعید", "الهام", "حامد", "فاطمه", "پویا", "زهرا", "کیان", "لیلا"),
    *("محمد", "سارا", "علی", "مریم", "حسین", "نرگس", "مهدی", "شیما", "آرش", "پریسا", "بهنام", "یاسمن"),
)
LAST_NAMES = (
    *("کریمی", "رستگار", "صادقی", "محمدی", "رحیمی", "جعفری", "یوسفی", "اکبری", "نیک‌نام", "موسوی"),
    *("فرهادی", "حسینی", "احمدی", "قاسمی", "رضایی", "نوری", "کاظمی", "بهرامی", "شریفی", "عباسی"),
)
SHOP_NAMES = (
    "نسیم",
    "پرواز",
    "آذرخش",
    "ستاره",
    "دریا",
    "کاوه",
    "البرز",
    "سپهر",
    "رایکا",
    "پگاه",
    "تندر",
    "هما",
)
SHOP_ENDINGS = ("نت", "کانکت", "وصل", "گیت", "لینک")
PREFIXES = ("603799", "621986", "610433", "627412", "589463")
_HOURS = (3, 2, 1, 1, 1, 1, 2, 3, 5, 7, 8, 9, 9, 8, 7, 7, 8, 9, 10, 11, 12, 12, 10, 6)
"""How busy each hour of the day is."""
_STRIDE = 38_196_601
"""Coprime with the number of tracking numbers: multiples of it come to each of them once."""
_NUMBERS = 9 * 10**7


@dataclass(frozen=True, slots=True)
class Purchase:
    """One order with its one payment. ``user``, ``goods`` and ``card`` are places in the shop's lists."""

    user: int
    goods: int
    card: int
    status: Status
    shown: datetime
    sent: datetime | None
    decided: datetime | None
    reason: str | None
    tracking_number: str
    reference: str


class Calendar:
    """Ninety days up to now with quiet nights, busy evenings and a growing trade."""

    def __init__(self, now: datetime) -> None:
        self.begins = now - SETTLED - timedelta(days=DAYS)
        first = self.begins.astimezone(ZoneInfo(script.ZONE)).hour
        hours = range(DAYS * 24)
        self._until = list(
            accumulate(_HOURS[(first + hour) % 24] * (1 + hour / len(hours)) for hour in hours)
        )

    def moment(self, part: float) -> datetime:
        """The instant by which ``part`` (from 0 to 1) of the trade was done; later for more."""
        done = part * self._until[-1]
        hour = min(bisect_right(self._until, done), len(self._until) - 1)
        before = self._until[hour - 1] if hour else 0.0
        return self.begins + timedelta(hours=hour + (done - before) / (self._until[hour] - before))


def joined(place: int, users: int, calendar: Calendar) -> datetime:
    """When the customer at ``place`` of ``users`` first came; never later than the next one."""
    part = place / users
    if part < REGULARS:
        return calendar.begins - timedelta(days=60) * (1 - part / REGULARS)
    return calendar.moment((part - REGULARS) / (1 - REGULARS))


def purchases(
    first: int,
    last: int,
    *,
    of: int,
    users: int,
    goods: int,
    cards: int,
    calendar: Calendar,
    chance: random.Random,
) -> Iterator[Purchase]:
    """The purchases from place ``first`` to before ``last`` of all ``of`` in one shop, oldest first."""
    for place in range(first, last):
        part = (place + chance.random()) / of
        known = max(1, int(users * (REGULARS + (1 - REGULARS) * part)))
        status = _outcome(part, chance.random())
        shown = calendar.moment(part)
        sent = None if status == "expired" else shown + timedelta(seconds=60 + 1_500 * chance.random())
        decided = None
        if sent is not None and status != "receipt_submitted":
            decided = sent + timedelta(seconds=60 + 1_800 * chance.random())
        yield Purchase(
            user=int(known * chance.random()),
            goods=min(int(goods * chance.random() ** 1.5), goods - 1),
            card=place % cards,
            status=status,
            shown=shown,
            sent=sent,
            decided=decided,
            reason=chance.choice(REASONS) if status == "rejected" else None,
            tracking_number=str(10**7 + (place * _STRIDE + of) % _NUMBERS),
            reference=str(10**11 + int(9 * 10**11 * chance.random())),
        )


def _outcome(part: float, drawn: float) -> Status:
    """One of ``Status``; ``drawn`` is chance, from 0 to 1."""
    if part >= 1 - NEWEST:
        if drawn < WAITING / NEWEST:
            return "receipt_submitted"
        drawn = (drawn * NEWEST - WAITING) / (NEWEST - WAITING)
    if drawn < REJECTED / (1 - WAITING):
        return "rejected"
    return "expired" if drawn < (REJECTED + EXPIRED) / (1 - WAITING) else "approved"


def card_number(chance: random.Random) -> str:
    """Sixteen digits of a known bank with a right check digit; nobody's, as far as chance can promise."""
    body = chance.choice(PREFIXES) + f"{chance.randrange(10**9):09}"
    return next(body + digit for digit in "0123456789" if passes_luhn(body + digit))


def shop_name(place: int) -> str:
    """What the shop at ``place`` is called."""
    around, name = divmod(place, len(SHOP_NAMES))
    again, ending = divmod(around, len(SHOP_ENDINGS))
    return f"{SHOP_NAMES[name]}‌{SHOP_ENDINGS[ending]}" + (f" {again + 1}" if again else "")

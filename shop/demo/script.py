"""What the demo shop is and what happened in it, told in days and minutes ago. Pure.

Everybody and everything here is invented: hosts end in ``.example``, the cards belong to nobody.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

NAME = "نسیم‌نت"
USERNAME = "nasim_net_bot"
SUPPORT = "nasim_support"
OWNER = "مریم کاظمی"
OWNER_TELEGRAM = 700_003
"""The owner's account; she decides in her own chat with the bot, too. It is none of those the sandbox's page
opens with: nobody decides on his own payment, and those are there to buy."""
COLLEAGUE = "سارا نوری"
ZONE = "Asia/Tehran"
DAYS = 30


@dataclass(frozen=True, slots=True)
class Person:
    """A customer. ``joined`` counts days before today."""

    telegram_id: int
    first_name: str
    last_name: str
    username: str | None
    joined: int
    language: str = "fa"


PEOPLE: tuple[Person, ...] = (
    Person(710_001, "رضا", "کریمی‌نژاد", "reza_kn", 29),
    Person(710_002, "مهسا", "رستگار", "mahsa_rst", 28),
    Person(710_003, "امیرحسین", "صادقی", "amir_sdq", 29),
    Person(710_004, "نگار", "محمدی", "negar_m", 26),
    Person(710_005, "سعید", "رحیمی", None, 24),
    Person(710_006, "الهام", "جعفری", "elham_jf", 21),
    Person(710_007, "حامد", "یوسفی", None, 18),
    Person(710_008, "فاطمه", "اکبری", "f_akbari", 15),
    Person(710_009, "پویا", "نیک‌نام", "pouya_nk", 12),
    Person(710_010, "زهرا", "موسوی", None, 9),
    Person(710_011, "Daniel", "Weber", "dan_weber", 7, "en"),
    Person(710_012, "لیلا", "حسینی", "leila_hs", 3),
    Person(710_013, "کیان", "فرهادی", "kian_fr", 0),
)
LEFT = PEOPLE[9]
"""Has blocked the bot by now."""
"""The sandbox is told of them like of every customer, so that they can be written to."""


@dataclass(frozen=True, slots=True)
class Goods:
    """A plan of the demo shop."""

    name: str
    english: str
    period_days: int
    price: int
    traffic_limit_gb: int
    device_limit: int


GOODS: tuple[Goods, ...] = (
    Goods("یک‌ماهه ۵۰ گیگ", "1 month, 50 GB", 30, 125_000, 50, 2),
    Goods("یک‌ماهه ۱۰۰ گیگ", "1 month, 100 GB", 30, 190_000, 100, 3),
    Goods("سه‌ماهه ۱۲۰ گیگ", "3 months, 120 GB", 90, 290_000, 120, 3),
)
CARDS: tuple[tuple[str, str], ...] = (
    ("6219861900114421", "مریم کاظمی"),
    ("6037991500197730", "علی کاظمی"),
)
"""Number and holder, as the pictures show them; shown in turn, the first one first."""

ON_THE_SHELF = 25
"""Lines left of every plan."""

Reason = Literal["amount_too_low", "not_arrived", "unreadable", "duplicate_image"]


@dataclass(frozen=True, slots=True)
class Purchase:
    """One order with its receipt, from the tap to the decision."""

    person: Person
    goods: Goods
    at: datetime
    """When the card was shown."""
    sent_after: timedelta
    decided_after: timedelta
    rejected: Reason | None
    by_colleague: bool
    reference: int
    """The bank's tracking code that the customer sent."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A receipt that nobody decided on yet. Times in minutes before now."""

    person: Person
    goods: Goods
    picture: int
    shown: int
    sent: int


WAITING: tuple[Waiting, ...] = (
    # The first came after its deadline, the second shows a picture that was used before.
    Waiting(PEOPLE[3], GOODS[2], 1, shown=95, sent=52),
    Waiting(PEOPLE[12], GOODS[0], 2, shown=49, sent=41),
    Waiting(PEOPLE[0], GOODS[0], 3, shown=29, sent=24),
    Waiting(PEOPLE[5], GOODS[1], 6, shown=20, sent=13),
    Waiting(PEOPLE[1], GOODS[2], 7, shown=9, sent=6),
    Waiting(PEOPLE[9], GOODS[0], 5, shown=5, sent=2),
)
"""Oldest first; their cards alternate as the rotation does."""

PAST_PICTURES: dict[tuple[int, str], int] = {
    (125_000, "7730"): 2,
    (190_000, "4421"): 4,
    (290_000, "7730"): 8,
}
"""Pictures of decided receipts, each used once, by the price and the card they show."""
PICTURES_SINCE = timedelta(days=9)

SPOILT, BY_COLLEAGUE = 0.16, 0.4
"""How many receipts are rejected, and how many the colleague decides, of one."""


def past(now: datetime) -> list[Purchase]:
    """What was bought in the last thirty days, oldest first: an even number, so that both cards had as
    many turns."""
    chance = random.Random(1405)  # noqa: S311  (believable, and the same story every time)
    moments = [_moment(now, day, chance) for day in range(DAYS - 1, 0, -1) for _ in range(_busy(day, chance))]
    moments += [now - timedelta(minutes=minutes) for minutes in (310, 205, 140)]
    purchases = [_purchase(at, now, chance) for at in sorted(moments)]
    return purchases[len(purchases) % 2 :]


def _busy(day: int, chance: random.Random) -> int:
    """How many bought on a day: the shop grows."""
    return chance.choices((0, 1, 2, 3, 4), weights=(2 + day / 10, 5, 4, 3 - day / 12, 2 - day / 15))[0]


def _moment(now: datetime, day: int, chance: random.Random) -> datetime:
    zone = ZoneInfo(ZONE)
    date = now.astimezone(zone).date() - timedelta(days=day)
    wall = time(
        chance.choice((9, 11, 12, 14, 16, 18, 20, 21, 22)), chance.randrange(60), chance.randrange(60)
    )
    return datetime.combine(date, wall, zone).astimezone(now.tzinfo)


def _purchase(at: datetime, now: datetime, chance: random.Random) -> Purchase:
    known = [person for person in PEOPLE if at >= joined_at(person, now)]
    # Not the last ones: a rejected order stays open for a day, and those who wait now begin with new ones.
    spoilt = chance.random() < SPOILT and now - at > timedelta(days=2)
    return Purchase(
        person=chance.choice(known),
        goods=chance.choices(GOODS, weights=(5, 3, 2))[0],
        at=at,
        sent_after=timedelta(seconds=chance.randrange(90, 900)),
        decided_after=timedelta(seconds=chance.randrange(120, 1_500)),
        rejected=chance.choice(("amount_too_low", "not_arrived", "unreadable")) if spoilt else None,
        by_colleague=chance.random() < BY_COLLEAGUE,
        reference=chance.randrange(10**7, 10**12),
    )


def joined_at(person: Person, now: datetime) -> datetime:
    """When a person first pressed start: in the morning of his day, or a while ago for today's."""
    if person.joined == 0:
        return now - timedelta(minutes=58)
    zone = ZoneInfo(ZONE)
    date = now.astimezone(zone).date() - timedelta(days=person.joined)
    return datetime.combine(date, time(8, 12 + person.telegram_id % 40), zone).astimezone(now.tzinfo)

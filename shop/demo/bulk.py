"""Fill an installation with many shops, customers and payments, to measure how it bears them.

What people would do through the verbs is written here in thousands of rows at once, each batch in one
transaction of its shop, and leaves the same books: every accepted payment has its two ledger entries,
its fulfilled order, its line from the shelf and its subscription. Messages are left out: these were told.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import select

from db.models import BotPlan, Transaction, User
from shop.actors import OWNING, StaffMember, System
from shop.bots import service as bots
from shop.cards import service as cards
from shop.cards.queries import CardRow
from shop.demo import crowd, script
from shop.demo.books import Buyer, SoldPlan, Till
from shop.demo.crowd import Calendar
from shop.demo.rows import put, reserve
from shop.demo.seed import invented_token
from shop.plans import service as plans
from shop.plans.rules import snapshot
from shop.provisioning import service as provisioning
from shop.unit_of_work import UnitsOfWork

MADE_BY = "seed"
BATCH = 2_000
"""Customers, or payments, of one transaction."""
AT_ONCE = 2
"""Shops that are filled side by side: one is told while the database writes the other."""
CARDS = 3
FREE_LINES = 25
"""Left on the shelf of every plan."""
NOBODY = 7_000_000_000_000
"""Telegram's numbers of these customers begin here, far beyond those it has given out."""
BONUS, BONUS_EVERY = 10_000, 10
"""Every so many customers were welcomed with so much in their wallet."""

Progress = Callable[[int], None]
"""Told after every step how many shops, customers and payments were just written."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Totals over all shops; each shop gets an even share. Payments need at least one customer a shop."""

    bots: int
    users: int
    payments: int


@dataclass(frozen=True, slots=True)
class SeededShop:
    """A shop that was opened and filled; its bot is off duty. The last four add up to ``payments``."""

    bot_id: int
    public_id: str
    name: str
    users: int
    payments: int
    approved: int
    rejected: int
    waiting: int
    expired: int


@dataclass(frozen=True, slots=True)
class _Opened:
    bot_id: int
    public_id: str
    name: str
    owner: StaffMember
    cards: tuple[CardRow, ...]
    plans: tuple[SoldPlan, ...]


async def seed_bulk(units: UnitsOfWork, wanted: Wanted, progress: Progress) -> list[SeededShop]:
    """Open ``wanted.bots`` new shops and let ninety days happen in them. Every call opens new ones."""
    calendar = Calendar(units.clock())
    places = iter(range(wanted.bots))
    done: dict[int, SeededShop] = {}

    async def fill_the_next() -> None:
        for place in places:
            done[place] = await _fill(units, wanted, place, calendar, progress)

    await asyncio.gather(*(fill_the_next() for _ in range(AT_ONCE)))
    return [done[place] for place in sorted(done)]


async def _fill(
    units: UnitsOfWork, wanted: Wanted, place: int, calendar: Calendar, progress: Progress
) -> SeededShop:
    chance = random.Random(place)  # noqa: S311  (believable, and the same load every time)
    users, payments = (_share(total, place, wanted.bots) for total in (wanted.users, wanted.payments))
    shop = await _open(units, place, chance, calendar)
    progress(1)
    buyers: list[Buyer] = []
    for first, last in _batches(users):
        came = [crowd.joined(place, users, calendar) for place in range(first, last)]
        buyers += await _welcome(units, shop, first, came, chance)
        progress(last - first)
    till = Till(shop.owner, cards=shop.cards, plans=shop.plans, buyers=buyers, now=units.clock())
    for first, last in _batches(payments):
        bought = crowd.purchases(
            first,
            last,
            of=payments,
            users=users,
            goods=len(shop.plans),
            cards=len(shop.cards),
            calendar=calendar,
            chance=chance,
        )
        async with units.begin(shop.bot_id, shop.owner) as uow:
            await till.book(uow, list(bought), chance)
        progress(last - first)
    return SeededShop(
        bot_id=shop.bot_id,
        public_id=shop.public_id,
        name=shop.name,
        users=users,
        payments=payments,
        approved=till.outcomes["approved"],
        rejected=till.outcomes["rejected"],
        waiting=till.outcomes["receipt_submitted"],
        expired=till.outcomes["expired"],
    )


def _share(total: int, place: int, of: int) -> int:
    return total * (place + 1) // of - total * place // of


def _batches(total: int) -> Iterator[tuple[int, int]]:
    for first in range(0, total, BATCH):
        yield first, min(first + BATCH, total)


async def _open(units: UnitsOfWork, place: int, chance: random.Random, calendar: Calendar) -> _Opened:
    """Through the verbs, before the story begins; off duty in the very transaction that opens it."""
    name, token = crowd.shop_name(place), invented_token()
    past = replace(units, clock=lambda: calendar.begins - timedelta(days=61))
    async with past.platform(System(MADE_BY)) as uow:
        created = await bots.create_bot(
            uow,
            name=name,
            telegram_bot_token=token,
            username=f"seed_{token.partition(':')[0]}_bot",
            timezone=script.ZONE,
            created_by=MADE_BY,
        )
        await bots.deactivate_bot(uow, created.bot_id)
    owner = StaffMember(created.owner_staff_id, name, OWNING)
    async with past.begin(created.bot_id, owner) as uow:
        made = [
            await cards.create_payment_card(
                uow, card_number=crowd.card_number(chance), holder_name=_person(chance)
            )
            for _ in range(CARDS)
        ]
        for goods in script.GOODS:
            plan = await plans.create_plan(
                uow,
                name=goods.name,
                translations={"en": {"name": goods.english}},
                period_days=goods.period_days,
                price=goods.price,
                traffic_limit_gb=goods.traffic_limit_gb,
                device_limit=goods.device_limit,
            )
            lines = [f"vless://{chance.getrandbits(128):032x}@free.example:443" for _ in range(FREE_LINES)]
            await provisioning.add_stock(uow, plan.plan_id, lines)
        sold = [SoldPlan.of(snapshot(plan)) for plan in await uow.session.scalars(select(BotPlan))]
    return _Opened(created.bot_id, created.public_id, name, owner, tuple(made), tuple(sold))


async def _welcome(
    units: UnitsOfWork, shop: _Opened, first: int, came: Sequence[datetime], chance: random.Random
) -> list[Buyer]:
    """The customers from place ``first`` on, by when each came, with the gift that some were given."""
    people, gifts, buyers = [], [], []
    async with units.begin(shop.bot_id, System(MADE_BY)) as uow:
        ids = await reserve(uow, User, len(came))
        for place, (user_id, at) in enumerate(zip(ids, came, strict=True), start=first):
            bonus = 0 if place % BONUS_EVERY else BONUS
            buyer = Buyer(user_id, chance.choice(crowd.FIRST_NAMES), bonus)
            buyers.append(buyer)
            people.append((user_id, NOBODY + place, buyer.name, *_more(chance), bonus, at, at, at))
            if bonus:
                gifts.append((user_id, bonus, bonus, f"welcome:{user_id}", at, at))
        await put(
            uow,
            User,
            (
                *("id", "telegram_id", "first_name", "last_name", "language", "balance"),
                *("created_at", "updated_at", "last_seen_at"),
            ),
            people,
        )
        await put(
            uow,
            Transaction,
            ("user_id", "amount", "balance_after", "idempotency_key", "created_at", "updated_at"),
            gifts,
            kind="bonus",
            method="system",
            currency="IRT",
            balance_before=0,
            actor=uow.actor.label,
            channel=uow.channel,
        )
    return buyers


def _more(chance: random.Random) -> tuple[str | None, str]:
    """Last name and language."""
    last = chance.choice(crowd.LAST_NAMES) if chance.random() < crowd.WITH_LAST_NAME else None
    return last, "en" if chance.random() < crowd.IN_ENGLISH else "fa"


def _person(chance: random.Random) -> str:
    return f"{chance.choice(crowd.FIRST_NAMES)} {chance.choice(crowd.LAST_NAMES)}"

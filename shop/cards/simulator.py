"""Which card the next buyers would see, and why: the same rules, asked of a copy. Nothing is counted."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime, time

from sqlalchemy import select

from db.models import Bot, CardRotation
from shop.actors import SHOP_SEE, require
from shop.cards import rules
from shop.cards.rules import CardLoad, Obstacle, Turn
from shop.cards.showing import CHANCE, read_ring
from shop.configurations import service as configurations
from shop.errors import BadInput
from shop.unit_of_work import UnitOfWork

BUYERS = 100


@dataclass(frozen=True, slots=True)
class Seen:
    """What one buyer would see; ``skipped`` are the cards in turn that could not take the amount."""

    card_id: int | None
    skipped: dict[int, Obstacle]


@dataclass(frozen=True, slots=True)
class Simulation:
    strategy: str
    amount: int
    buyers: list[Seen]

    @property
    def shares(self) -> dict[int | None, int]:
        """By card: how many would see it; under None, how many would see none."""
        return dict(Counter(one.card_id for one in self.buyers))

    @property
    def stops(self) -> dict[int, tuple[int, Obstacle]]:
        """By card: the first buyer it cannot serve, counted from one, and why."""
        found: dict[int, tuple[int, Obstacle]] = {}
        for at, one in enumerate(self.buyers, start=1):
            for card_id, why in one.skipped.items():
                found.setdefault(card_id, (at, why))
        return found


def play(strategy: str, turn: Turn, *, amount: int, at: time, buyers: int) -> list[Seen]:
    """Every buyer at the moment of ``turn``, one after the other, each new to the shop. Pure."""
    seen = []
    for _ in range(buyers):
        skipped = {
            card.card_id: why for card in turn.ring if (why := rules.obstacle(card, amount, at)) is not None
        }
        chosen = rules.choose(strategy, turn, amount=amount, at=at)
        seen.append(Seen(chosen.card_id if chosen is not None else None, skipped))
        if chosen is not None:
            ring = tuple(_shown(card, chosen.card_id, amount) for card in turn.ring)
            turn = replace(turn, ring=ring, last=chosen.place)
    return seen


def _shown(card: CardLoad, chosen: int, amount: int) -> CardLoad:
    if card.card_id != chosen:
        return card
    return replace(
        card, reserved_count=card.reserved_count + 1, reserved_amount=card.reserved_amount + amount
    )


async def simulate(
    uow: UnitOfWork, *, amount: int, buyers: int = BUYERS, chance: random.Random = CHANCE
) -> Simulation:
    """The next ``buyers`` for ``amount`` (minor units), all now. Raises NotAllowed and BadInput."""
    require(uow.actor, SHOP_SEE)
    if not 1 <= amount <= rules.LARGEST_AMOUNT:
        raise BadInput("amount", "too_small" if amount < 1 else "too_large", 1 if amount < 1 else None)
    settings = await configurations.get_config_values(
        uow, ("card_rotation_strategy", "card_rotation_minutes")
    )
    zone, last_card_id = (
        await uow.session.execute(
            select(Bot.timezone, CardRotation.last_card_id)
            .outerjoin(CardRotation, CardRotation.bot_id == Bot.id)
            .where(Bot.id == uow.bot_id)
        )
    ).one()
    now: datetime = uow.now
    ring, last = await read_ring(uow, rules.day_of(now, zone), last_card_id)
    strategy = str(settings["card_rotation_strategy"])
    turn = Turn(ring, last, now, int(settings["card_rotation_minutes"]), chance)
    return Simulation(
        strategy, amount, play(strategy, turn, amount=amount, at=rules.time_of(now, zone), buyers=buyers)
    )

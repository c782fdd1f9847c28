"""Show the next card: the shop's rotation."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlalchemy import BigInteger, Date, DateTime, and_, bindparam, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from db.models import CardDay, CardRotation, CardToCardPayment, TenantPaymentCard
from db.prepared import compiled_once
from shop.cards import rules
from shop.cards.keeping import unseal_number
from shop.cards.rotation import lock_rotation
from shop.cards.rules import CardLoad, Turn
from shop.configurations import service as configurations
from shop.errors import NoCardAvailable
from shop.money import Money
from shop.unit_of_work import UnitOfWork

CHANCE = random.SystemRandom()


@dataclass(frozen=True, slots=True)
class ChosenCard:
    """The card a customer is told to pay to."""

    card_id: int
    number: str = field(repr=False)
    """Sixteen digits."""
    holder_name: str
    bank_name: str
    """English; ``shop.cards.banks.localised`` translates it. Empty when the issuer is unknown."""
    first_six: str
    last_four: str


async def get_next_card_for_rotation(
    uow: UnitOfWork, *, amount: Money, user_id: int | None = None, chance: random.Random = CHANCE
) -> ChosenCard:
    """Choose a card for ``amount`` by the shop's strategy and reserve its room; callers take turns.

    Where the shop lets cards stick, ``user_id`` is shown the card he paid to before while it takes turns and
    has room; that is out of turn, so everybody else's order stays. Shown and reserved count on the shop's own
    calendar day. Raises NoCardAvailable when every card is off, at rest, out of its hours, out of its bounds
    or at a cap of the day.
    """
    settings = await configurations.get_config_values(
        uow, ("card_rotation_strategy", "card_rotation_minutes", "card_sticky_days")
    )
    # First of all locks: with it held, what we read of the cards and their day stays true.
    rotation = await lock_rotation(uow)
    day = rules.day_of(uow.now, rotation.zone)
    ring, last = await read_ring(uow, day, rotation.last_card_id)
    at = rules.time_of(uow.now, rotation.zone)
    if user_id is not None and settings["card_sticky_days"]:
        paid_to = await _paid_to(uow, user_id, settings["card_sticky_days"])
        own = next((card for card in ring if card.card_id == paid_to), None)
        if own is not None and rules.has_room(own, amount.amount, at):
            return await _show(uow, own.card_id, day, amount.amount, last=rotation.last_card_id)
    turn = Turn(ring, last, now=uow.now, minutes=settings["card_rotation_minutes"], chance=chance)
    chosen = rules.choose(
        settings["card_rotation_strategy"],
        turn,
        amount=amount.amount,
        at=at,
    )
    if chosen is None:
        raise NoCardAvailable(amount.amount)
    return await _show(uow, chosen.card_id, day, amount.amount, last=chosen.card_id)


_PAID = ("approved", "approved_other_amount")


async def _paid_to(uow: UnitOfWork, user_id: int, days: int) -> int | None:
    """The card of this person's last payment that was approved, begun within ``days``."""
    paid = await uow.session.scalar(
        select(CardToCardPayment.card_id)
        .where(
            CardToCardPayment.user_id == user_id,
            CardToCardPayment.status.in_(_PAID),
            CardToCardPayment.created_at >= uow.now - timedelta(days=days),
        )
        .order_by(CardToCardPayment.id.desc())
        .limit(1)
    )
    return None if paid is None else int(paid)


_SHOP = bindparam("shop", type_=BigInteger)
_TAKES_TURNS = and_(
    TenantPaymentCard.is_active,
    TenantPaymentCard.archived_at.is_(None),
    or_(
        TenantPaymentCard.quarantined_until.is_(None),
        TenantPaymentCard.quarantined_until <= bindparam("moment", type_=DateTime(timezone=True)),
    ),
)
_RING = compiled_once(
    select(
        TenantPaymentCard.id,
        TenantPaymentCard.position,
        TenantPaymentCard.weight,
        TenantPaymentCard.success_count,
        TenantPaymentCard.failure_count,
        func.coalesce(CardDay.reserved_count, 0).label("reserved_count"),
        func.coalesce(CardDay.reserved_amount, 0).label("reserved_amount"),
        TenantPaymentCard.daily_limit_count,
        TenantPaymentCard.daily_limit_amount,
        TenantPaymentCard.min_amount,
        TenantPaymentCard.max_amount,
        TenantPaymentCard.active_from,
        TenantPaymentCard.active_until,
        _TAKES_TURNS.label("takes_turns"),
    )
    .outerjoin(
        CardDay,
        and_(
            CardDay.bot_id == TenantPaymentCard.bot_id,
            CardDay.card_id == TenantPaymentCard.id,
            CardDay.day == bindparam("day", type_=Date),
        ),
    )
    .where(
        TenantPaymentCard.bot_id == _SHOP,
        or_(_TAKES_TURNS, TenantPaymentCard.id == bindparam("last", type_=BigInteger)),
    )
    .order_by(TenantPaymentCard.position, TenantPaymentCard.id)
)
"""Every card that takes turns, and the one shown last though it may take none any more."""


async def read_ring(
    uow: UnitOfWork, day: date, last_card_id: int | None
) -> tuple[tuple[CardLoad, ...], tuple[int, int] | None]:
    """The cards that take turns, in the owner's order, and the place of the one shown last.

    What it answers stays true only as long as the caller holds the rotation's lock.
    """
    rows = await uow.session.execute(
        _RING, {"shop": uow.bot_id, "day": day, "last": last_card_id, "moment": uow.now}
    )
    cards = [(CardLoad(*particulars), takes_turns) for *particulars, takes_turns in rows]
    last = next((card.place for card, _ in cards if card.card_id == last_card_id), None)
    return tuple(card for card, takes_turns in cards if takes_turns), last


def _shown() -> Any:
    """One statement: the shop's place, the card's own counter, its day's; answers what a customer is told."""
    place = (
        update(CardRotation)
        .where(CardRotation.bot_id == _SHOP)
        .values(
            last_card_id=bindparam("last", type_=BigInteger), turns=CardRotation.turns + 1, updated_at=_NOW
        )
    )
    steps = {"shown_count": 1, "reserved_count": 1, "reserved_amount": bindparam("amount", type_=BigInteger)}
    nothing_yet = {"approved_count": 0, "approved_amount": 0, "rejected_count": 0}
    of_day = (
        insert(CardDay)
        .values(bot_id=_SHOP, card_id=_CARD, day=bindparam("day"), **steps, **nothing_yet)
        .on_conflict_do_update(index_elements=["bot_id", "card_id", "day"], set_=moved(steps))
    )
    card = (
        update(TenantPaymentCard)
        .where(TenantPaymentCard.id == _CARD, TenantPaymentCard.bot_id == _SHOP)
        .values(
            last_used_at=_NOW,
            current_usage_count=TenantPaymentCard.current_usage_count + 1,
            updated_at=_NOW,
        )
        .returning(
            TenantPaymentCard.id,
            TenantPaymentCard.card_number,
            TenantPaymentCard.number_fingerprint,
            TenantPaymentCard.holder_name,
            TenantPaymentCard.bank_name,
            TenantPaymentCard.first_six,
            TenantPaymentCard.last_four,
        )
        .add_cte(place.cte("place"), of_day.cte("of_day"))
    )
    return compiled_once(card)


_CARD = bindparam("card", type_=BigInteger)
_NOW = bindparam("now", type_=DateTime(timezone=True))


async def _show(uow: UnitOfWork, card_id: int, day: date, amount: int, *, last: int | None) -> ChosenCard:
    """Count a card as shown; ``last`` is where the turns have come to by it."""
    asked = {
        "shop": uow.bot_id,
        "card": card_id,
        "last": last,
        "day": day,
        "amount": amount,
        "now": uow.now,
    }
    card = (await uow.session.execute(_SHOWN, asked)).one()
    return ChosenCard(
        card_id=card.id,
        number=unseal_number(uow, card.card_number, card.number_fingerprint),
        holder_name=card.holder_name,
        bank_name=card.bank_name,
        first_six=card.first_six,
        last_four=card.last_four,
    )


def moved(steps: Mapping[str, Any]) -> dict[str, Any]:
    """A day's counters moved by ``steps``; none of them goes below nought."""
    return {name: func.greatest(getattr(CardDay, name) + step, 0) for name, step in steps.items()}


_SHOWN = _shown()

"""Show the next card and count what came of it."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Date, DateTime, cast, func, literal, select, true, update
from sqlalchemy.dialects.postgresql import insert

from db.models import Bot, CardDay, CardRotation, TenantPaymentCard
from shop.cards import rules
from shop.cards.keeping import (
    activate_card,
    archive_card,
    create_payment_card,
    deactivate_card,
    delete_payment_card,
    reset_card_usage_count,
    unseal_number,
    update_payment_card,
)
from shop.cards.rotation import ensure_rotation, lock_rotation
from shop.cards.rules import CardLoad, Outcome, Turn
from shop.configurations import service as configurations
from shop.errors import NoCardAvailable, NotFound
from shop.money import Money
from shop.unit_of_work import UnitOfWork

__all__ = (
    "ChosenCard",
    "activate_card",
    "archive_card",
    "create_payment_card",
    "deactivate_card",
    "delete_payment_card",
    "get_next_card_for_rotation",
    "record_outcome",
    "reset_card_usage_count",
    "reveal_number",
    "update_card_usage",
    "update_payment_card",
)

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
    uow: UnitOfWork, *, amount: Money, chance: random.Random = CHANCE
) -> ChosenCard:
    """Choose a card for ``amount`` by the shop's strategy and reserve its room; callers take turns.

    Shown and reserved count on the shop's own calendar day. Raises NoCardAvailable when every card is
    off, out of its hours, out of its bounds or at a cap of the day.
    """
    # First of all locks: with it held, what we read of the cards and their day stays true.
    rotation = await lock_rotation(uow)
    settings = await configurations.get_config_values(
        uow, ("card_rotation_strategy", "card_rotation_minutes")
    )
    zone = await _zone(uow)
    day = rules.day_of(uow.now, zone)
    turn = Turn(
        ring=await _ring(uow, day),
        last=await _last_place(uow, rotation),
        now=uow.now,
        minutes=settings["card_rotation_minutes"],
        chance=chance,
    )
    chosen = rules.choose(
        settings["card_rotation_strategy"], turn, amount=amount.amount, at=rules.time_of(uow.now, zone)
    )
    if chosen is None:
        raise NoCardAvailable(amount.amount)
    card = await _show(uow, rotation, chosen.card_id)
    await _count(uow, chosen.card_id, day, shown_count=1, reserved_count=1, reserved_amount=amount.amount)
    return ChosenCard(
        card_id=card.id,
        number=unseal_number(uow, card),
        holder_name=card.holder_name,
        bank_name=card.bank_name,
        first_six=card.first_six,
        last_four=card.last_four,
    )


async def _zone(uow: UnitOfWork) -> str:
    return (await uow.session.scalars(select(Bot.timezone).where(Bot.id == uow.bot_id))).one()


async def _ring(uow: UnitOfWork, day: date) -> tuple[CardLoad, ...]:
    rows = await uow.session.execute(
        select(
            TenantPaymentCard.id,
            TenantPaymentCard.position,
            TenantPaymentCard.weight,
            TenantPaymentCard.success_count,
            TenantPaymentCard.failure_count,
            func.coalesce(CardDay.reserved_count, 0),
            func.coalesce(CardDay.reserved_amount, 0),
            TenantPaymentCard.daily_limit_count,
            TenantPaymentCard.daily_limit_amount,
            TenantPaymentCard.min_amount,
            TenantPaymentCard.max_amount,
            TenantPaymentCard.active_from,
            TenantPaymentCard.active_until,
        )
        .outerjoin(CardDay, (CardDay.card_id == TenantPaymentCard.id) & (CardDay.day == day))
        .where(TenantPaymentCard.is_active, TenantPaymentCard.archived_at.is_(None))
        .order_by(TenantPaymentCard.position, TenantPaymentCard.id)
    )
    return tuple(CardLoad(*row) for row in rows)


async def _last_place(uow: UnitOfWork, rotation: CardRotation) -> tuple[int, int] | None:
    if rotation.last_card_id is None:
        return None
    position = await uow.session.scalar(
        select(TenantPaymentCard.position).where(TenantPaymentCard.id == rotation.last_card_id)
    )
    return None if position is None else (position, rotation.last_card_id)


async def _show(uow: UnitOfWork, rotation: CardRotation, card_id: int) -> TenantPaymentCard:
    rotation.last_card_id, rotation.turns, rotation.updated_at = card_id, rotation.turns + 1, uow.now
    await uow.session.flush()
    shown = await uow.session.scalars(
        update(TenantPaymentCard)
        .where(TenantPaymentCard.id == card_id)
        .values(
            last_used_at=uow.now,
            current_usage_count=TenantPaymentCard.current_usage_count + 1,
            updated_at=uow.now,
        )
        .returning(TenantPaymentCard)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    return shown.one()


async def _count(uow: UnitOfWork, card_id: int, day: date, **steps: int) -> None:
    """Move a day's counters by ``steps``; none of them goes below nought."""
    statement = insert(CardDay).values(
        bot_id=uow.bot_id, card_id=card_id, day=day, **{name: max(step, 0) for name, step in steps.items()}
    )
    await uow.session.execute(
        statement.on_conflict_do_update(index_elements=["bot_id", "card_id", "day"], set_=_moved(steps))
    )


def _moved(steps: Mapping[str, int]) -> dict[str, Any]:
    return {name: func.greatest(getattr(CardDay, name) + step, 0) for name, step in steps.items()}


async def record_outcome(
    uow: UnitOfWork, card_id: int, *, amount: int, shown_at: datetime, outcome: Outcome
) -> None:
    """Count what came of a payment that reserved ``amount`` (minor units) on the day of ``shown_at``.

    ``approved`` keeps the room it took; ``rejected`` and ``released`` (expired, cancelled) give it back;
    ``reopened`` takes it again, for a payment that was given back and now waits once more. Not
    idempotent: the caller has moved the payment's status, and calls once. Raises NotFound.
    """
    counted = _counted(uow, card_id, amount, shown_at, outcome)
    if await uow.session.scalar(counted) is None:
        # A shop that has never shown a card has no row to lock yet; or there is no such card.
        await ensure_rotation(uow)
        if await uow.session.scalar(counted) is None:
            raise NotFound("card", card_id)


def _counted(uow: UnitOfWork, card_id: int, amount: int, shown_at: datetime, outcome: Outcome) -> Any:
    """One statement: the rotation's lock first, then the card's own counter, then its day's."""
    turn = select(CardRotation.bot_id).where(CardRotation.bot_id == uow.bot_id).with_for_update().cte("turn")
    card = (
        update(TenantPaymentCard)
        .where(TenantPaymentCard.id == card_id, TenantPaymentCard.bot_id == turn.c.bot_id)
        .values(_USAGE[outcome] | {TenantPaymentCard.updated_at: uow.now} if _USAGE[outcome] else _UNCHANGED)
        .returning(TenantPaymentCard.id)
        .cte("card")
    )
    steps = rules.steps(outcome, amount)
    day = cast(func.timezone(Bot.timezone, literal(shown_at, DateTime(timezone=True))), Date)
    given = (
        select(turn.c.bot_id, card.c.id, day, *(literal(max(step, 0), BigInteger) for step in steps.values()))
        .join_from(turn, card, true())
        .join(Bot, Bot.id == turn.c.bot_id)
    )
    return (
        insert(CardDay)
        .from_select(["bot_id", "card_id", "day", *steps], given, include_defaults=False)
        .on_conflict_do_update(index_elements=["bot_id", "card_id", "day"], set_=_moved(steps))
        .returning(CardDay.card_id)
    )


_UNCHANGED: dict[Any, Any] = {TenantPaymentCard.updated_at: TenantPaymentCard.updated_at}
_USAGE: Mapping[Outcome, dict[Any, Any]] = {
    "approved": {TenantPaymentCard.success_count: TenantPaymentCard.success_count + 1},
    "rejected": {TenantPaymentCard.failure_count: TenantPaymentCard.failure_count + 1},
    "released": {},
    "reopened": {},
}
"""What the weighted strategy goes by: decisions for and against a card."""


async def update_card_usage(uow: UnitOfWork, card_id: int, *, success: bool) -> None:
    """Count one decision for or against a card: what the weighted strategy goes by. Raises NotFound."""
    await lock_rotation(uow)
    counter = TenantPaymentCard.success_count if success else TenantPaymentCard.failure_count
    counted = await uow.session.scalar(
        update(TenantPaymentCard)
        .where(TenantPaymentCard.id == card_id)
        .values({counter: counter + 1, TenantPaymentCard.updated_at: uow.now})
        .returning(TenantPaymentCard.id)
        .execution_options(synchronize_session=False)
    )
    if counted is None:
        raise NotFound("card", card_id)


async def reveal_number(uow: UnitOfWork, card_id: int) -> str:
    """The whole number, for the customer who was shown this card. Raises NotFound."""
    card = await uow.session.scalar(select(TenantPaymentCard).where(TenantPaymentCard.id == card_id))
    if card is None:
        raise NotFound("card", card_id)
    return unseal_number(uow, card)

"""Count what came of a card that was shown. Keeping cards and showing the next one are next door."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Date, DateTime, bindparam, cast, func, select, true, update
from sqlalchemy.dialects.postgresql import insert

from db.models import Bot, CardDay, CardRotation, TenantPaymentCard
from db.prepared import compiled_once
from shop.cards import rules
from shop.cards.importing import import_cards, preview_cards
from shop.cards.keeping import (
    activate_card,
    archive_card,
    create_payment_card,
    deactivate_card,
    delete_payment_card,
    move_card,
    reset_card_usage_count,
    restore_card,
    unseal_number,
    update_payment_card,
)
from shop.cards.quarantine import end_quarantine, quarantine_card, rest_if_out_of_line
from shop.cards.rotation import ensure_rotation, lock_rotation
from shop.cards.rules import Outcome
from shop.cards.showing import ChosenCard, get_next_card_for_rotation, moved
from shop.errors import NotFound
from shop.unit_of_work import UnitOfWork

__all__ = (
    "ChosenCard",
    "activate_card",
    "archive_card",
    "create_payment_card",
    "deactivate_card",
    "delete_payment_card",
    "end_quarantine",
    "get_next_card_for_rotation",
    "import_cards",
    "move_card",
    "preview_cards",
    "quarantine_card",
    "record_outcome",
    "reset_card_usage_count",
    "restore_card",
    "reveal_number",
    "update_card_usage",
    "update_payment_card",
)


async def record_outcome(
    uow: UnitOfWork,
    card_id: int,
    *,
    amount: int,
    shown_at: datetime,
    outcome: Outcome,
    arrived: int | None = None,
) -> None:
    """Count what came of a payment that reserved ``amount`` (minor units) on the day of ``shown_at``.

    ``approved`` keeps the room it took, or takes that of what ``arrived`` in its place; ``rejected`` and
    ``released`` (expired, cancelled) give it back; ``reopened`` takes it again, for a payment that was given
    back and now waits once more. Not idempotent: the caller has moved the payment's status, and calls once.
    Raises NotFound.
    """
    asked = {"shop": uow.bot_id, "card": card_id, "shown_at": shown_at, "now": uow.now}
    asked |= rules.steps(outcome, amount, arrived=arrived)
    if await uow.session.scalar(_COUNTED[outcome], asked) is None:
        # A shop that has never shown a card has no row to lock yet; or there is no such card.
        await ensure_rotation(uow)
        if await uow.session.scalar(_COUNTED[outcome], asked) is None:
            raise NotFound("card", card_id)
    if outcome == "rejected":
        await rest_if_out_of_line(uow, card_id)


_UNCHANGED: dict[Any, Any] = {TenantPaymentCard.updated_at: TenantPaymentCard.updated_at}
_NOW: dict[Any, Any] = {TenantPaymentCard.updated_at: bindparam("now", type_=DateTime(timezone=True))}
_USAGE: Mapping[Outcome, dict[Any, Any]] = {
    "approved": {TenantPaymentCard.success_count: TenantPaymentCard.success_count + 1} | _NOW,
    "rejected": {TenantPaymentCard.failure_count: TenantPaymentCard.failure_count + 1} | _NOW,
    "released": _UNCHANGED,
    "reopened": _UNCHANGED,
}
"""What the weighted strategy goes by: decisions for and against a card."""


def _counted(outcome: Outcome) -> Any:
    """One statement: the rotation's lock first, then the card's own counter, then its day's."""
    shop, shown_at = bindparam("shop", type_=BigInteger), bindparam("shown_at", type_=DateTime(timezone=True))
    turn = select(CardRotation.bot_id).where(CardRotation.bot_id == shop).with_for_update().cte("turn")
    card = (
        update(TenantPaymentCard)
        .where(
            TenantPaymentCard.id == bindparam("card", type_=BigInteger),
            TenantPaymentCard.bot_id == turn.c.bot_id,
        )
        .values(_USAGE[outcome])
        .returning(TenantPaymentCard.id)
        .cte("card")
    )
    steps = {name: bindparam(name, type_=BigInteger) for name in rules.steps(outcome, 0)}
    day = cast(func.timezone(Bot.timezone, shown_at), Date)
    given = (
        select(turn.c.bot_id, card.c.id, day, *(func.greatest(step, 0) for step in steps.values()))
        .join_from(turn, card, true())
        .join(Bot, Bot.id == turn.c.bot_id)
    )
    return compiled_once(
        insert(CardDay)
        .from_select(["bot_id", "card_id", "day", *steps], given, include_defaults=False)
        .on_conflict_do_update(index_elements=["bot_id", "card_id", "day"], set_=moved(steps))
        .returning(CardDay.card_id)
    )


_COUNTED: Mapping[Outcome, Any] = {outcome: _counted(outcome) for outcome in _USAGE}


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
    return unseal_number(uow, card.card_number, card.number_fingerprint)

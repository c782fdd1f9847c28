"""Reject several receipts at once: only those whose proof was seen before, each by itself.

Nothing is ever approved in bulk: every receipt needs eyes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from db.models import CardToCardPayment
from shop.actors import RECEIPTS_APPROVE, Actor, require
from shop.errors import BadInput, ShopError
from shop.receipts import holding, service
from shop.receipts.rules import RejectReason
from shop.unit_of_work import UnitOfWork, UnitsOfWork

MOST = 40
"""At once."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one of them; ``refusal`` is why nothing did."""

    payment_id: int
    refusal: ShopError | None = None


async def reject_duplicates(
    units: UnitsOfWork, bot_id: int, actor: Actor, payment_ids: Sequence[int]
) -> list[Outcome]:
    """One after the other, each in a transaction of its own: what is refused stops none of the others.

    The decision is the desk's own verb, so that it is held, and taken back, as always. Raises NotAllowed,
    and BadInput for none or too many.
    """
    require(actor, RECEIPTS_APPROVE)
    chosen = list(dict.fromkeys(payment_ids))
    if not chosen:
        raise BadInput("receipts", "required")
    if len(chosen) > MOST:
        raise BadInput("receipts", "too_many", MOST)
    outcomes = []
    for payment_id in chosen:
        try:
            async with units.begin(bot_id, actor) as uow:
                await _reject(uow, payment_id)
        except ShopError as refusal:
            outcomes.append(Outcome(payment_id, refusal))
        else:
            outcomes.append(Outcome(payment_id))
    return outcomes


async def _reject(uow: UnitOfWork, payment_id: int) -> None:
    # Until the end nobody sends a newer receipt in its place, which may be no duplicate.
    await service.lock_payer(uow, payment_id)
    seen_before = await uow.session.scalar(
        select(CardToCardPayment.duplicate_suspect).where(CardToCardPayment.id == payment_id)
    )
    if seen_before is False:
        raise BadInput("receipts", "not_flagged")
    await holding.hold_rejection(uow, payment_id, reason=RejectReason.DUPLICATE_IMAGE)

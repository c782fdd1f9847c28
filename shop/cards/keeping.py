"""The owner's verbs on cards: add, change, switch, put away."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import time
from functools import partial
from typing import Any, TypedDict, Unpack

from sqlalchemy import func, select, update

from db.models import CardDay, CardRotation, CardToCardPayment, TenantPaymentCard
from shop.actors import CARDS_MANAGE, require
from shop.audit import service as audit
from shop.cards import rules
from shop.cards.banks import bank_of
from shop.cards.queries import CardRow, mark_of, row_of
from shop.cards.rotation import lock_rotation
from shop.errors import AlreadyExists, NotFound, StillInUse
from shop.seen import require_same
from shop.signals import desk_changed
from shop.unit_of_work import UnitOfWork

PURPOSE = "card-number"
"""Separates these fingerprints from every other keyed hash we store."""


class CardChanges(TypedDict, total=False):
    """What may change in a card. Its number may not: that is another card."""

    holder_name: str
    position: int
    weight: int
    daily_limit_count: int | None
    daily_limit_amount: int | None
    min_amount: int | None
    max_amount: int | None
    active_from: time | None
    active_until: time | None


CLEAN: Mapping[str, Callable[[Any], Any]] = {
    "holder_name": rules.holder_name,
    "position": rules.position,
    "weight": rules.weight,
    "daily_limit_count": rules.daily_limit_count,
    "daily_limit_amount": partial(rules.optional_amount, "daily_limit_amount"),
    "min_amount": partial(rules.optional_amount, "min_amount"),
    "max_amount": partial(rules.optional_amount, "max_amount"),
    "active_from": rules.hour,
    "active_until": rules.hour,
}


async def create_payment_card(
    uow: UnitOfWork, *, card_number: str, is_active: bool = True, **particulars: Unpack[CardChanges]
) -> CardRow:
    """Add a card at the end of the rotation unless ``position`` says otherwise.

    Digits of any script and any grouping are understood; an archived card with this number comes back
    with its history. Raises NotAllowed, BadInput (also without ``holder_name``), AlreadyExists.
    """
    require(uow.actor, CARDS_MANAGE)
    number = rules.card_number(card_number)
    particulars.setdefault("holder_name", "")
    # Held while we look and write: two people adding one card do not meet at the constraint.
    await lock_rotation(uow)
    card = await _with_number(uow, number)
    if card is not None and card.archived_at is None:
        raise AlreadyExists("card", "card_number")
    if card is None:
        card = TenantPaymentCard(created_by=uow.actor.label, created_at=uow.now, weight=1)
        keep_number(uow, card, number)
        uow.session.add(card)
    if "position" not in particulars:
        particulars["position"] = await _next_position(uow)
    _apply(card, particulars)
    card.is_active, card.archived_at, card.updated_at = is_active, None, uow.now
    await uow.session.flush()
    await audit.record(uow, "card.created", "card", card.id, last_four=card.last_four, bank=card.bank_name)
    await desk_changed(uow)
    await uow.session.refresh(card)
    return row_of(card)


async def _with_number(uow: UnitOfWork, number: str) -> TenantPaymentCard | None:
    known = uow.vault.fingerprints(number, purpose=PURPOSE)
    cards = await uow.session.scalars(
        select(TenantPaymentCard).where(TenantPaymentCard.number_fingerprint.in_(known))
    )
    return cards.one_or_none()


def keep_number(uow: UnitOfWork, card: TenantPaymentCard, number: str) -> None:
    """Seal ``number`` for the unit's shop, and put it into ``card`` with what it tells by itself."""
    card.number_fingerprint = uow.vault.fingerprint(number, purpose=PURPOSE)
    card.card_number = uow.vault.seal(number, context=_place(uow.bot_id, card.number_fingerprint))
    card.first_six, card.last_four = number[:6], number[-4:]
    card.bank_name = bank_of(card.first_six)


def unseal_number(uow: UnitOfWork, sealed: bytes, fingerprint: bytes) -> str:
    """The sixteen digits of a card of the unit's shop, from two of its columns."""
    return uow.vault.unseal(sealed, context=_place(uow.bot_id, fingerprint))


async def reseal_number(uow: UnitOfWork, card_id: int) -> bool:
    """Move one card's number to the newest key; whether there was something to move.

    The fingerprint moves in the same statement, because the number is sealed for it. Only if both are still
    what was read; a card that is gone meanwhile is no failure.
    """
    card = await uow.session.scalar(select(TenantPaymentCard).where(TenantPaymentCard.id == card_id))
    if card is None or uow.vault.is_newest(card.card_number):
        return False
    number = unseal_number(uow, card.card_number, card.number_fingerprint)
    fingerprint = uow.vault.fingerprint(number, purpose=PURPOSE)
    moved = await uow.session.scalar(
        update(TenantPaymentCard)
        .where(TenantPaymentCard.id == card_id, TenantPaymentCard.card_number == card.card_number)
        .values(
            number_fingerprint=fingerprint,
            card_number=uow.vault.seal(number, context=_place(uow.bot_id, fingerprint)),
        )
        .returning(TenantPaymentCard.id)
        .execution_options(synchronize_session=False)
    )
    return moved is not None


def _place(bot_id: int, fingerprint: bytes) -> str:
    return f"tenant_payment_cards.card_number|{bot_id}|{fingerprint.hex()}"


async def _next_position(uow: UnitOfWork) -> int:
    last = await uow.session.scalar(
        select(func.max(TenantPaymentCard.position)).where(TenantPaymentCard.archived_at.is_(None))
    )
    return 0 if last is None else last + 1


def _apply(card: TenantPaymentCard, changes: CardChanges) -> None:
    for field, value in changes.items():
        setattr(card, field, CLEAN[field](value))
    rules.check_bounds(card.min_amount, card.max_amount)


async def update_payment_card(
    uow: UnitOfWork, card_id: int, *, seen: str = "", **changes: Unpack[CardChanges]
) -> CardRow:
    """Change what is given, leave the rest.

    ``seen``: the mark of the card as it was when somebody began to change it. Raises NotAllowed, NotFound
    (also when archived), BadInput and ChangedMeanwhile.
    """
    card = await lock_card(uow, card_id)
    require_same("card", seen, mark_of(row_of(card)))
    _apply(card, changes)
    await _changed(uow, card, "card.updated", fields=sorted(changes))
    return row_of(card)


async def activate_card(uow: UnitOfWork, card_id: int) -> CardRow:
    """Let the card be shown. Idempotent. Raises NotAllowed and NotFound (also when archived)."""
    return await _switch(uow, card_id, is_active=True)


async def deactivate_card(uow: UnitOfWork, card_id: int) -> CardRow:
    """Show the card no more; payments that were shown it go on. Idempotent. Raises as ``activate_card``."""
    return await _switch(uow, card_id, is_active=False)


async def _switch(uow: UnitOfWork, card_id: int, *, is_active: bool) -> CardRow:
    card = await lock_card(uow, card_id)
    if card.is_active is not is_active:
        card.is_active = is_active
        await _changed(uow, card, "card.activated" if is_active else "card.deactivated")
    return row_of(card)


async def move_card(uow: UnitOfWork, card_id: int, *, up: bool) -> None:
    """Change places with the card before (``up``) or after it; at either end nothing happens.

    The owner's order is numbered anew from nought. Raises NotAllowed and NotFound (also when archived).
    """
    await lock_card(uow, card_id)
    cards = list(
        await uow.session.scalars(
            select(TenantPaymentCard)
            .where(TenantPaymentCard.archived_at.is_(None))
            .order_by(TenantPaymentCard.position, TenantPaymentCard.id)
            .execution_options(populate_existing=True)
        )
    )
    at = next(place for place, card in enumerate(cards) if card.id == card_id)
    to = at - 1 if up else at + 1
    if not 0 <= to < len(cards):
        return
    cards[at], cards[to] = cards[to], cards[at]
    for place, card in enumerate(cards):
        if card.position != place:
            card.position, card.updated_at = place, uow.now
    await uow.session.flush()
    await audit.record(
        uow, "card.moved", "card", card_id, last_four=cards[to].last_four, before=at + 1, after=to + 1
    )


async def reset_card_usage_count(uow: UnitOfWork, card_id: int) -> CardRow:
    """Count how often the card is shown from nought again. Raises NotAllowed and NotFound."""
    card = await lock_card(uow, card_id)
    before, card.current_usage_count = card.current_usage_count, 0
    await _changed(uow, card, "card.usage_reset", before=before)
    return row_of(card)


async def archive_card(uow: UnitOfWork, card_id: int) -> bool:
    """Put a card away for good; its history stays. Whether it was on until now.

    Raises NotAllowed and NotFound (also when it is put away).
    """
    card = await lock_card(uow, card_id)
    was_on = card.is_active
    card.archived_at, card.is_active = uow.now, False
    await _changed(uow, card, "card.archived")
    return was_on


async def restore_card(uow: UnitOfWork, card_id: int, *, is_active: bool) -> CardRow:
    """Take a card that was put away a moment ago back, where it stood, on or off as it was.

    Raises NotAllowed, and NotFound when it is not put away.
    """
    card = await lock_card(uow, card_id, put_away=True)
    card.archived_at, card.is_active = None, is_active
    await _changed(uow, card, "card.restored", is_active=is_active)
    return row_of(card)


async def delete_payment_card(uow: UnitOfWork, card_id: int) -> None:
    """Remove a card that nobody ever was asked to pay to.

    Raises NotAllowed, NotFound, and StillInUse for one with a history: archive it instead.
    """
    card = await lock_card(uow, card_id)
    used = select(CardToCardPayment.id).where(CardToCardPayment.card_id == card_id)
    if await uow.session.scalar(used.limit(1)) is not None:
        raise StillInUse("card", card_id)
    await _forget_counters(uow, card_id)
    await audit.record(uow, "card.deleted", "card", card_id, last_four=card.last_four)
    await desk_changed(uow)
    await uow.session.delete(card)
    await uow.session.flush()


async def _forget_counters(uow: UnitOfWork, card_id: int) -> None:
    rotation = await uow.session.get_one(CardRotation, uow.bot_id)
    if rotation.last_card_id == card_id:
        rotation.last_card_id = None
        await uow.session.flush()
    for day in await uow.session.scalars(select(CardDay).where(CardDay.card_id == card_id)):
        await uow.session.delete(day)
    await uow.session.flush()


async def lock_card(uow: UnitOfWork, card_id: int, *, put_away: bool = False) -> TenantPaymentCard:
    """A card to change, with the rotation's lock held; ``put_away``: one of the archive, and no other.

    Raises NotAllowed and NotFound.
    """
    require(uow.actor, CARDS_MANAGE)
    await lock_rotation(uow)
    card = await uow.session.scalar(
        select(TenantPaymentCard)
        .where(TenantPaymentCard.id == card_id, TenantPaymentCard.archived_at.is_not(None) == put_away)
        .execution_options(populate_existing=True)
    )
    if card is None:
        raise NotFound("card", card_id)
    return card


async def _changed(uow: UnitOfWork, card: TenantPaymentCard, action: str, **data: object) -> None:
    card.updated_at = uow.now
    await uow.session.flush()
    await audit.record(uow, action, "card", card.id, last_four=card.last_four, **data)
    # Whether anybody can pay by card is on every page.
    await desk_changed(uow)

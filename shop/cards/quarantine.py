"""A card that rests: taken out of the turns for a while, by the owner or because too much is rejected."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, or_, select, update

from db.models import Bot, CardDay, TenantPaymentCard
from shop.audit import service as audit
from shop.cards import rules
from shop.cards.keeping import lock_card
from shop.configurations import service as configurations
from shop.errors import BadInput
from shop.formatting import normalise_text
from shop.signals import desk_changed
from shop.unit_of_work import UnitOfWork

MOST_HOURS = 720
LONGEST_NOTE = 200
LOOKS_BACK_DAYS = 7


async def quarantine_card(uow: UnitOfWork, card_id: int, *, hours: int, note: str = "") -> None:
    """Let a card rest for ``hours``, whoever else takes turns. Raises NotAllowed, NotFound, BadInput."""
    card = await lock_card(uow, card_id)
    if not 1 <= hours <= MOST_HOURS:
        raise BadInput("hours", "too_small" if hours < 1 else "too_large", 1 if hours < 1 else MOST_HOURS)
    clean = normalise_text(note).replace("\n", " ")
    if len(clean) > LONGEST_NOTE:
        raise BadInput("note", "too_long", LONGEST_NOTE)
    card.quarantined_until = uow.now + timedelta(hours=hours)
    card.quarantined_by, card.quarantine_note, card.updated_at = "owner", clean or None, uow.now
    await uow.session.flush()
    await audit.record(
        uow, "card.quarantined", "card", card.id, last_four=card.last_four, hours=hours, reason=clean
    )
    await desk_changed(uow)


async def end_quarantine(uow: UnitOfWork, card_id: int) -> None:
    """Let the card take its turns again. Idempotent. Raises NotAllowed and NotFound."""
    card = await lock_card(uow, card_id)
    if card.quarantined_until is None:
        return
    card.quarantined_until = card.quarantined_by = card.quarantine_note = None
    card.updated_at = uow.now
    await uow.session.flush()
    await audit.record(uow, "card.quarantine_ended", "card", card.id, last_four=card.last_four)
    await desk_changed(uow)


async def rest_if_out_of_line(uow: UnitOfWork, card_id: int) -> bool:
    """After a rejection: let the card rest when far more of it is rejected than of the others.

    Never the last one that takes turns, so that a shop does not stop selling by itself. The caller holds the
    rotation's lock. Whether it rests now.
    """
    hours = int(await configurations.get_config_value(uow, "card_rest_hours"))
    if not hours:
        return False
    zone = (await uow.session.scalars(select(Bot.timezone).where(Bot.id == uow.bot_id))).one()
    since = rules.day_of(uow.now, zone) - timedelta(days=LOOKS_BACK_DAYS - 1)
    rows = await uow.session.execute(
        select(
            TenantPaymentCard.id,
            func.coalesce(func.sum(CardDay.approved_count), 0),
            func.coalesce(func.sum(CardDay.rejected_count), 0),
        )
        .outerjoin(
            CardDay,
            (CardDay.bot_id == TenantPaymentCard.bot_id)
            & (CardDay.card_id == TenantPaymentCard.id)
            & (CardDay.day >= since),
        )
        .where(
            TenantPaymentCard.is_active,
            TenantPaymentCard.archived_at.is_(None),
            or_(
                TenantPaymentCard.quarantined_until.is_(None), TenantPaymentCard.quarantined_until <= uow.now
            ),
        )
        .group_by(TenantPaymentCard.id)
    )
    counts = {found: (int(approved), int(rejected)) for found, approved, rejected in rows}
    mine = counts.pop(card_id, None)
    if mine is None or not counts or not rules.is_out_of_line(mine, list(counts.values())):
        return False
    last_four = await uow.session.scalar(
        update(TenantPaymentCard)
        .where(TenantPaymentCard.id == card_id)
        .values(
            quarantined_until=uow.now + timedelta(hours=hours),
            quarantined_by="rejections",
            quarantine_note=None,
            updated_at=uow.now,
        )
        .returning(TenantPaymentCard.last_four)
        .execution_options(synchronize_session=False)
    )
    await audit.record(
        uow, "card.quarantined", "card", card_id, last_four=last_four, hours=hours, reason="rejections"
    )
    return True

"""What a receipt shares with another one: the file, or the tracking code of the bank."""

from __future__ import annotations

from sqlalchemy import select

from db.models import CardToCardPayment, Media
from shop.errors import NotFound
from shop.unit_of_work import UnitOfWork


async def digest_of(uow: UnitOfWork, media_id: int | None) -> bytes | None:
    """The hash of a stored file as it was sent; None for no file. Raises NotFound."""
    if media_id is None:
        return None
    digest = await uow.session.scalar(select(Media.sha256).where(Media.id == media_id))
    if digest is None:
        raise NotFound("media", media_id)
    return digest


async def was_seen_before(uow: UnitOfWork, payment: CardToCardPayment) -> bool:
    """The same picture or the same tracking code on another payment: a warning, never a refusal."""
    same = []
    if payment.receipt_sha256 is not None:
        same.append(CardToCardPayment.receipt_sha256 == payment.receipt_sha256)
    if payment.payer_reference is not None:
        same.append(CardToCardPayment.payer_reference == payment.payer_reference)
    for condition in same:
        found = await uow.session.scalar(
            select(CardToCardPayment.id).where(condition, CardToCardPayment.id != payment.id).limit(1)
        )
        if found is not None:
            return True
    return False

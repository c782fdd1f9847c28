"""Evidence of another kind than equal bytes: the same screenshot sent again, saved anew or resized.

It is looked for once, when a picture is taken in, among the newest pictures of the shop; what was found stays
with the receipt. A hint to who decides, never a refusal (ADR 0023).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, select

from db.models import CardToCardPayment, PictureSketch
from shop.media import sketch
from shop.unit_of_work import UnitOfWork

LOOKED_AT = 300
"""Newest pictures of the shop: what is asked of one receipt is the same in a shop of any size."""
TURN = 1_279_872_837
"""First key of the advisory lock, the shop's id being the second; any number nobody else uses."""


@dataclass(frozen=True, slots=True)
class Alike:
    """The receipt whose picture is most like the one that came."""

    payment_id: int
    difference: int


async def take_in(uow: UnitOfWork, payment: CardToCardPayment, drawn: bytes | None) -> dict[str, int]:
    """Keep the draft of the picture that now stands for ``payment``, and note which other one it is like.

    Answers what the history says of it: nothing where it is like no other. ``drawn`` is None for a receipt
    without a picture: then what stood before is forgotten.
    """
    await uow.session.execute(delete(PictureSketch).where(PictureSketch.payment_id == payment.id))
    found = None
    if drawn is not None and payment.receipt_media_id is not None and payment.receipt_sha256 is not None:
        found = await _most_alike(uow, drawn, payment.receipt_sha256)
        uow.session.add(
            PictureSketch(
                payment_id=payment.id,
                media_id=payment.receipt_media_id,
                sha256=payment.receipt_sha256,
                sketch=drawn,
                created_at=uow.now,
                updated_at=uow.now,
            )
        )
    payment.alike_payment_id = found.payment_id if found else None
    payment.alike_difference = found.difference if found else None
    return {"alike": found.payment_id, "difference": found.difference} if found else {}


async def _most_alike(uow: UnitOfWork, drawn: bytes, digest: bytes) -> Alike | None:
    """Receipts of one shop are looked at one after the other, until each commits: of two copies that come at
    the same moment, the later one finds the earlier.
    """
    key = func.hashint8(uow.bot_id)
    await uow.session.execute(select(func.pg_advisory_xact_lock(TURN, key)))
    earlier = await uow.session.execute(
        select(PictureSketch.payment_id, PictureSketch.sketch)
        .where(PictureSketch.sha256 != digest)
        .order_by(PictureSketch.id.desc())
        .limit(LOOKED_AT)
    )
    return await asyncio.to_thread(_nearest, drawn, earlier.tuples().all())


def _nearest(drawn: bytes, earlier: Sequence[tuple[int, bytes]]) -> Alike | None:
    """Of those that are the same picture, the most alike; of equals the newest, which comes first."""
    mine = sketch.unpack(drawn)
    seen = (
        Alike(payment_id, sketch.difference(mine, sketch.unpack(packed))) for payment_id, packed in earlier
    )
    same = [one for one in seen if one.difference <= sketch.SAME_UP_TO]
    return min(same, key=lambda one: one.difference, default=None)

"""Evidence of another kind than equal bytes: the same screenshot sent again, saved anew or resized.

It is looked for once, when a picture is taken in, among the newest pictures of the shop; what was found stays
with the receipt. A hint to who decides, never a refusal (ADR 0022).
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


async def take_in(uow: UnitOfWork, payment: CardToCardPayment, drawn: bytes | None) -> Alike | None:
    """Keep the draft of the picture that now stands for ``payment``, and say which other one it is like.

    ``drawn`` is None for a receipt without a picture: then what stood before is forgotten. Receipts of one
    shop are looked at one after the other, until each commits: of two copies that come at the same moment,
    the later one finds the earlier.
    """
    await uow.session.execute(delete(PictureSketch).where(PictureSketch.payment_id == payment.id))
    if drawn is None or payment.receipt_media_id is None or payment.receipt_sha256 is None:
        return None
    await uow.session.execute(select(func.pg_advisory_xact_lock(TURN, func.hashint8(uow.bot_id))))
    earlier = await uow.session.execute(
        select(PictureSketch.payment_id, PictureSketch.sketch)
        .where(PictureSketch.sha256 != payment.receipt_sha256)
        .order_by(PictureSketch.id.desc())
        .limit(LOOKED_AT)
    )
    found = await asyncio.to_thread(_nearest, drawn, earlier.tuples().all())
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
    await uow.session.flush()
    return found


def _nearest(drawn: bytes, earlier: Sequence[tuple[int, bytes]]) -> Alike | None:
    """Of those that are the same picture, the most alike; of equals the newest, which comes first."""
    mine = sketch.unpack(drawn)
    seen = (
        Alike(payment_id, sketch.difference(mine, sketch.unpack(packed))) for payment_id, packed in earlier
    )
    same = [one for one in seen if one.difference <= sketch.SAME_UP_TO]
    return min(same, key=lambda one: one.difference, default=None)

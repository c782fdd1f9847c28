"""Two receipts side by side, so that eyes judge whether they are one."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import BigInteger, bindparam

from shop.actors import RECEIPTS_SEE, require
from shop.errors import NotFound
from shop.receipts.detail import ReceiptDetail, load_detail
from shop.unit_of_work import UnitOfWork

_COMPARED = bindparam("compared", type_=BigInteger)


@dataclass(frozen=True, slots=True)
class Pair:
    """A receipt and another one; None where nothing looks like it."""

    mine: ReceiptDetail
    other: ReceiptDetail | None


async def load_pair(
    uow: UnitOfWork, payment_id: int, other_id: int | None = None, *, language: str = "fa"
) -> Pair:
    """``payment_id`` beside ``other_id``, or beside the one that the gravest of its warnings names.

    Raises NotAllowed, and NotFound for a receipt of another shop or one that was never sent.
    """
    require(uow.actor, RECEIPTS_SEE)
    mine = await _load(uow, payment_id, language)
    named = (warning.other_payment_id for warning in mine.warnings if warning.other_payment_id is not None)
    beside = next(named, None) if other_id is None else other_id
    return Pair(mine, None if beside is None else await _load(uow, beside, language))


async def _load(uow: UnitOfWork, payment_id: int, language: str) -> ReceiptDetail:
    found = await load_detail(uow, _COMPARED, language, compared=payment_id)
    if found is None:
        raise NotFound("receipt", payment_id)
    return found

"""What became of one payment, and what colleagues noted on it: entries of the history that stay."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from db.models import AuditEntry, CardToCardPayment
from shop.actors import RECEIPTS_APPROVE, RECEIPTS_SEE, require
from shop.audit import service as audit
from shop.audit.queries import HistoryRow
from shop.errors import NotFound
from shop.receipts.rules import NOTE_LIMIT
from shop.unit_of_work import UnitOfWork
from shop.users.rules import written

NOTED = "receipt.noted"
SHOWN = 200
"""Entries of one payment; the newest are kept where somebody made more."""


async def load_trail(uow: UnitOfWork, payment_id: int) -> Sequence[HistoryRow]:
    """Everything that was done about a receipt and noted on it, oldest first.

    Raises NotAllowed and NotFound.
    """
    require(uow.actor, RECEIPTS_SEE)
    await require_receipt(uow, payment_id)
    rows = await uow.session.execute(
        select(
            AuditEntry.id,
            AuditEntry.created_at,
            AuditEntry.actor,
            AuditEntry.actor_name,
            AuditEntry.channel,
            AuditEntry.action,
            AuditEntry.subject_type,
            AuditEntry.subject_id,
            AuditEntry.data,
        )
        .where(AuditEntry.subject_type == "payment", AuditEntry.subject_id == payment_id)
        .order_by(AuditEntry.id.desc())
        .limit(SHOWN)
    )
    return [HistoryRow(*row) for row in rows][::-1]


async def add_note(uow: UnitOfWork, payment_id: int, words: str) -> None:
    """Write something for colleagues; the customer never sees it, and it stays as it was written.

    Raises NotAllowed, NotFound and BadInput (nothing written, or too much).
    """
    require(uow.actor, RECEIPTS_APPROVE)
    await require_receipt(uow, payment_id)
    text = written("note", words, longest=NOTE_LIMIT)
    await audit.record(uow, NOTED, "payment", payment_id, text=text)


async def require_receipt(uow: UnitOfWork, payment_id: int) -> None:
    """Raises NotFound for a payment that was never given a receipt, or another shop's."""
    known = select(CardToCardPayment.id).where(
        CardToCardPayment.id == payment_id, CardToCardPayment.receipt_submitted_at.is_not(None)
    )
    if await uow.session.scalar(known) is None:
        raise NotFound("receipt", payment_id)

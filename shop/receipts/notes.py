"""The card of a receipt in the shop's own chat: promised with what it is about, edited to what became of it.

Every copy that was posted has a note. A change of the receipt promises, in its own transaction, an edit of
each open copy; what the copy says is read when it is edited, so the newest truth wins, whatever waited how
long. Locks are taken in this order: payer, payment, note.
"""

from __future__ import annotations

import secrets
from typing import Any, Literal

from sqlalchemy import BigInteger, DateTime, SQLColumnExpression, Text, bindparam, update

from db.models import TelegramNote
from db.prepared import compiled_once
from shop.notifications.messages import ReceiptCard, ReceiptCardChanged
from shop.notifications.outbox import enqueue, enqueue_for_reviewers
from shop.unit_of_work import UnitOfWork

Menu = Literal["reasons", "sure", "sure_amount", "sure_wallet"]
CARD = "receipt_card"


async def announce(uow: UnitOfWork, payment_id: int, turn: int) -> None:
    """Promise the card of the payment's receipt number ``turn``; cards of earlier ones are out of date."""
    await refresh(uow, payment_id)
    await enqueue_for_reviewers(uow, ReceiptCard(payment_id, turn), event="notify_receipts")


async def refresh(uow: UnitOfWork, payment_id: int) -> None:
    """Promise an edit of every open copy, and close what was opened in it; after a change of the payment."""
    await _promise_edits(uow, _OF_THE_PAYMENT, payment_id, menu=None)


async def show(uow: UnitOfWork, note_id: int, menu: Menu | None) -> None:
    """Promise an edit of one copy, with ``menu`` in the place of its first buttons."""
    await _promise_edits(uow, _ONE, note_id, menu=menu)


async def _promise_edits(uow: UnitOfWork, opened: Any, which: int, *, menu: Menu | None) -> None:
    asked = {"shop": uow.bot_id, "which": which, "menu": menu, "now": uow.now}
    for note_id, chat_id, topic_id in await uow.session.execute(opened, asked):
        message = ReceiptCardChanged(note_id, secrets.token_hex(8))
        await enqueue(uow, chat_id=chat_id, topic_id=topic_id, message=message)


def _opened(which: SQLColumnExpression[int]) -> Any:
    return compiled_once(
        update(TelegramNote)
        .where(
            TelegramNote.bot_id == bindparam("shop", type_=BigInteger),
            which == bindparam("which", type_=BigInteger),
            TelegramNote.kind == CARD,
            TelegramNote.closed_at.is_(None),
        )
        .values(
            menu=bindparam("menu", type_=Text()), updated_at=bindparam("now", type_=DateTime(timezone=True))
        )
        .returning(TelegramNote.id, TelegramNote.chat_id, TelegramNote.topic_id)
    )


_OF_THE_PAYMENT, _ONE = _opened(TelegramNote.payment_id), _opened(TelegramNote.id)

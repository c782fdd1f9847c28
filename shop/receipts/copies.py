"""The copies of a receipt's card, for the process that posts and edits them: what to show, what was shown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import get_args

from sqlalchemy import BigInteger, bindparam, select, update
from sqlalchemy.dialects.postgresql import insert

from db.models import CardToCardPayment, OutboxMessage, TelegramNote
from shop.errors import NotFound
from shop.notifications.messages import ReceiptCardChanged
from shop.receipts import notes, rules
from shop.receipts.detail import ReceiptDetail, load_detail
from shop.receipts.notes import CARD, Menu
from shop.unit_of_work import UnitOfWork

_ASKED = bindparam("payment_id", type_=BigInteger)


@dataclass(frozen=True, slots=True)
class Stamp:
    """Which truth a card shows: equal stamps, equal truth."""

    status: str
    turn: int
    commit_at: datetime | None
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class ShownReceipt:
    """A receipt as a card in the chat shows it."""

    detail: ReceiptDetail
    stamp: Stamp

    def is_final(self, turn: int) -> bool:
        """Whether the card of the receipt number ``turn`` will not change any more."""
        return turn < self.stamp.turn or self.stamp.status not in rules.DECIDABLE


@dataclass(frozen=True, slots=True)
class Copy:
    """One message we posted."""

    note_id: int
    chat_id: int
    message_id: int
    payment_id: int
    turn: int
    has_picture: bool
    menu: Menu | None


async def load(uow: UnitOfWork, payment_id: int, language: str) -> ShownReceipt:
    """What is true of a receipt now. Raises NotFound."""
    # The stamp first: what changes between the two is then taken for a change, never overlooked.
    stamp = await _stamp(uow, payment_id)
    detail = await load_detail(uow, _ASKED, language, payment_id=payment_id)
    if detail is None:
        raise NotFound("receipt", payment_id)
    return ShownReceipt(detail, stamp)


async def take_up(uow: UnitOfWork, note_id: int, *, promise_id: int) -> Copy | None:
    """The copy to be edited now, and with it every other edit of it that waits; None when it is closed."""
    note = (
        await uow.session.execute(
            select(TelegramNote).where(TelegramNote.id == note_id, TelegramNote.closed_at.is_(None))
        )
    ).scalar_one_or_none()
    if note is None:
        return None
    # First these, then the reading: what they were promised for is part of what will be read.
    await uow.session.execute(
        update(OutboxMessage)
        .where(
            OutboxMessage.kind == ReceiptCardChanged.kind,
            OutboxMessage.chat_id == note.chat_id,
            OutboxMessage.payload["note_id"].as_integer() == note_id,
            OutboxMessage.id != promise_id,
            OutboxMessage.sent_at.is_(None),
            OutboxMessage.failed_at.is_(None),
        )
        .values(sent_at=uow.now, updated_at=uow.now, last_error=None)
        .execution_options(synchronize_session=False)
    )
    await uow.session.refresh(note)
    return _copy(note)


async def posted(
    uow: UnitOfWork,
    shown: ShownReceipt,
    *,
    turn: int,
    chat_id: int,
    topic_id: int | None,
    message_id: int,
    has_picture: bool,
) -> None:
    """Note a copy that was posted; one that shows an old truth by now is edited at once."""
    stamp = await _stamp(uow, shown.detail.payment_id, lock=True)
    is_true = stamp == shown.stamp
    note_id = await uow.session.scalar(
        insert(TelegramNote)
        .values(
            bot_id=uow.bot_id,
            kind=CARD,
            chat_id=chat_id,
            topic_id=topic_id,
            message_id=message_id,
            payment_id=shown.detail.payment_id,
            turn=turn,
            has_picture=has_picture,
            closed_at=uow.now if is_true and shown.is_final(turn) else None,
            created_at=uow.now,
            updated_at=uow.now,
        )
        .on_conflict_do_nothing()
        .returning(TelegramNote.id)
    )
    if note_id is not None and not is_true:
        await notes.show(uow, note_id, None)


async def edited(uow: UnitOfWork, copy: Copy, shown: ShownReceipt | None) -> None:
    """A copy shows ``shown`` now, or is gone (None): closed when nothing can change any more."""
    if shown is not None:
        stamp = await _stamp(uow, copy.payment_id, lock=True)
        if stamp != shown.stamp or not shown.is_final(copy.turn):
            return
    await uow.session.execute(
        update(TelegramNote)
        .where(TelegramNote.id == copy.note_id)
        .values(closed_at=uow.now, menu=None, updated_at=uow.now)
        .execution_options(synchronize_session=False)
    )


async def _stamp(uow: UnitOfWork, payment_id: int, *, lock: bool = False) -> Stamp:
    """``lock``: nobody changes the payment until the end of this transaction, and whoever does, then sees
    the note that it writes."""
    statement = select(
        CardToCardPayment.status,
        CardToCardPayment.receipt_count,
        CardToCardPayment.commit_at,
        CardToCardPayment.updated_at,
    ).where(CardToCardPayment.id == payment_id)
    row = (await uow.session.execute(statement.with_for_update(read=True) if lock else statement)).one()
    return Stamp(*row)


def _copy(note: TelegramNote) -> Copy:
    menu = next((menu for menu in get_args(Menu) if menu == note.menu), None)
    return Copy(note.id, note.chat_id, note.message_id, note.payment_id, note.turn, note.has_picture, menu)

"""Deciding in the shop's own chat: whose press counts there, and what it does.

A button carries ids and nothing else, it lives for ever, and what it sends can be forged. So every press is
asked three things, in the transaction that decides: is the chat the shop's own, is the person one of the
shop's reviewers, and does the message show this very receipt. The decision is the desk's own verb.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import or_, select
from sqlalchemy.dialects.postgresql import insert

from db.models import Bot, CardToCardPayment, Staff, TelegramNote
from shop.actors import RECEIPTS_APPROVE, require
from shop.errors import NotAllowed, NotFound, ReceiptReplaced
from shop.receipts import holding, notes, reasons, service
from shop.receipts.holding import Held, Undone
from shop.receipts.notes import CARD, Menu
from shop.receipts.rules import RejectReason
from shop.staff.rules import actor_for
from shop.unit_of_work import UnitOfWork

ASKED = "reason_asked"


@dataclass(frozen=True, slots=True)
class Press:
    """A press of a button under a receipt's card, as Telegram and the button tell it."""

    telegram_id: int
    """Who pressed; Telegram vouches for it, and for the chat and the message."""
    chat_id: int
    topic_id: int | None
    message_id: int
    has_picture: bool
    payment_id: int
    """What the button says; anybody can say it."""
    turn: int


async def reviewer(
    uow: UnitOfWork, *, telegram_id: int, chat_id: int, right: str = RECEIPTS_APPROVE
) -> UnitOfWork:
    """The same transaction in the name of the person who acts in that chat.

    That is an active member of staff with this Telegram account; in the private chat that the shop named as
    its own, it is the owner. Raises NotAllowed: a stranger, a customer, another shop's owner, a chat that is
    not the shop's, or somebody without the ``right``.
    """
    own = (
        await uow.session.execute(
            select(Bot.notification_group_id, Bot.admin_chat_id).where(Bot.id == uow.bot_id)
        )
    ).one()
    if chat_id not in (own.notification_group_id, own.admin_chat_id):
        raise NotAllowed(right)
    is_person = Staff.telegram_id == telegram_id
    if chat_id == own.admin_chat_id == telegram_id:
        is_person = or_(is_person, Staff.role != "staff")
    person = (
        await uow.session.scalars(
            select(Staff)
            .where(Staff.bot_id == uow.bot_id, is_person, Staff.is_active)
            .order_by(Staff.telegram_id.is_distinct_from(telegram_id), Staff.id)
            .limit(1)
        )
    ).one_or_none()
    if person is None:
        raise NotAllowed(right)
    actor = actor_for(person.role, staff_id=person.id, name=person.name, permissions=person.permissions)
    require(actor, right)
    return replace(uow, actor=actor)


async def approve(
    uow: UnitOfWork, press: Press, *, despite_warnings: bool = False, to_wallet: bool = False
) -> Held:
    """Raises what ``holding.hold_approval`` does, and ReceiptReplaced."""
    uow, _ = await look_at(uow, press)
    await _require_turn(uow, press)
    return await holding.hold_approval(
        uow, press.payment_id, despite_warnings=despite_warnings, to_wallet=to_wallet
    )


async def reject(uow: UnitOfWork, press: Press, *, code: str) -> Held:
    """For a reason of the shop's list. Raises what ``holding.hold_rejection`` does, and ReceiptReplaced."""
    uow, _ = await look_at(uow, press)
    await _require_turn(uow, press)
    reason, words = await reasons.choose(uow, press.payment_id, code)
    return await holding.hold_rejection(uow, press.payment_id, reason=reason, text=words)


async def ask_reason(uow: UnitOfWork, press: Press) -> None:
    """Whether this person may be asked for words of his own about this receipt. Raises as ``reject`` does."""
    uow, _ = await look_at(uow, press)
    await _require_turn(uow, press)


async def asked(uow: UnitOfWork, press: Press, *, message_id: int, kind: str = ASKED) -> None:
    """Our question stands in the chat as ``message_id``; the answer of the person who pressed counts."""
    uow.session.add(
        TelegramNote(
            kind=kind,
            chat_id=press.chat_id,
            topic_id=press.topic_id,
            message_id=message_id,
            payment_id=press.payment_id,
            turn=press.turn,
            asked_of=press.telegram_id,
            created_at=uow.now,
            updated_at=uow.now,
        )
    )
    await uow.session.flush()


async def reject_in_words(
    uow: UnitOfWork, *, telegram_id: int, chat_id: int, question_id: int, text: str
) -> Held | None:
    """The reviewer answered our question; None when the message he answered is no question to him.

    A question is answered once. Raises what ``reject`` does, and BadInput for an answer without words.
    """
    question = await find_question(
        uow, (ASKED,), telegram_id=telegram_id, chat_id=chat_id, question_id=question_id
    )
    if question is None:
        return None
    uow = await reviewer(uow, telegram_id=telegram_id, chat_id=chat_id)
    await require_newest(uow, question.payment_id, question.turn)
    held = await holding.hold_rejection(uow, question.payment_id, reason=RejectReason.OTHER, text=text)
    question.closed_at = question.updated_at = uow.now
    await uow.session.flush()
    return held


async def find_question(
    uow: UnitOfWork, kinds: Sequence[str], *, telegram_id: int, chat_id: int, question_id: int
) -> TelegramNote | None:
    """The question of one of ``kinds`` that was put to this person and waits for his answer, locked."""
    found: TelegramNote | None = await uow.session.scalar(
        select(TelegramNote)
        .where(
            TelegramNote.kind.in_(kinds),
            TelegramNote.chat_id == chat_id,
            TelegramNote.message_id == question_id,
            TelegramNote.asked_of == telegram_id,
            TelegramNote.closed_at.is_(None),
        )
        .with_for_update()
    )
    return found


async def undo(uow: UnitOfWork, press: Press) -> Undone:
    """Raises what ``holding.undo`` does."""
    uow, _ = await look_at(uow, press)
    return await holding.undo(uow, press.payment_id)


async def open_menu(uow: UnitOfWork, press: Press, menu: Menu | None) -> None:
    """Show ``menu`` under this copy alone, or its first buttons again; and the truth in any case.

    Raises NotAllowed and NotFound.
    """
    uow, note_id = await look_at(uow, press)
    await notes.show(uow, note_id, menu)


async def _require_turn(uow: UnitOfWork, press: Press) -> None:
    await require_newest(uow, press.payment_id, press.turn)


async def require_newest(uow: UnitOfWork, payment_id: int, turn: int) -> None:
    """What was looked at is still the payment's newest receipt, until the end of this transaction.

    Raises ReceiptReplaced.
    """
    await service.lock_payer(uow, payment_id)
    newest = await uow.session.scalar(
        select(CardToCardPayment.receipt_count).where(CardToCardPayment.id == payment_id)
    )
    if newest != turn:
        raise ReceiptReplaced(payment_id)


async def look_at(uow: UnitOfWork, press: Press) -> tuple[UnitOfWork, int]:
    """The unit in the reviewer's name, and the note of the copy that was pressed.

    A copy without a note was posted just before the process died: it is noted now, so that it, too, is
    edited from here on. Raises NotAllowed, and NotFound for a payment that this message does not show.
    """
    uow = await reviewer(uow, telegram_id=press.telegram_id, chat_id=press.chat_id)
    is_known = select(CardToCardPayment.id).where(
        CardToCardPayment.id == press.payment_id, CardToCardPayment.receipt_submitted_at.is_not(None)
    )
    if await uow.session.scalar(is_known) is None:
        raise NotFound("receipt", press.payment_id)
    await uow.session.execute(
        insert(TelegramNote)
        .values(
            bot_id=uow.bot_id,
            kind=CARD,
            chat_id=press.chat_id,
            topic_id=press.topic_id,
            message_id=press.message_id,
            payment_id=press.payment_id,
            turn=press.turn,
            has_picture=press.has_picture,
            created_at=uow.now,
            updated_at=uow.now,
        )
        .on_conflict_do_nothing()
    )
    note_id = await uow.session.scalar(
        select(TelegramNote.id).where(
            TelegramNote.kind == CARD,
            TelegramNote.chat_id == press.chat_id,
            TelegramNote.message_id == press.message_id,
            TelegramNote.payment_id == press.payment_id,
            TelegramNote.turn == press.turn,
        )
    )
    if note_id is None:
        raise NotFound("receipt", press.payment_id)
    return uow, note_id

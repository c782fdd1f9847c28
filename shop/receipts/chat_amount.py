"""Another amount, said in the shop's own chat: asked for under the card, answered, held by the desk's verb.

The answer begins with the amount in Toman, in any digits; the words after it are for colleagues. A question
is a row of ours: it outlives a restart, is answered once, and by the person it was put to.
"""

from __future__ import annotations

import re

from sqlalchemy import select

from db.models import CardToCardPayment
from shop.errors import BadInput, NotFound, WarningsStand
from shop.formatting import whole_number
from shop.receipts import chat, holding, rules, service, warnings
from shop.receipts.chat import Press
from shop.receipts.holding import Held
from shop.unit_of_work import UnitOfWork

ASKED, ASKED_ANYWAY = "amount_asked", "amount_asked_anyway"
"""The second: he was told of the grave warnings and goes on despite them."""
_FIRST = re.compile(
    r"\s*(?P<amount>[^\s:\-–—]+?)(?:تومان|تومن|toman)?[:\-–—]?(?:\s+(?P<rest>.*))?", re.DOTALL | re.IGNORECASE
)
_UNIT = re.compile(r"(?:تومان|تومن|toman)\b[\s:،,.\-–—]*", re.IGNORECASE)
_RIAL = re.compile(r"(?:ریال|ريال|rial)", re.IGNORECASE)


async def require_askable(uow: UnitOfWork, press: Press, *, despite_warnings: bool) -> None:
    """Whether who pressed may say another amount about this receipt.

    Raises WarningsStand unless ``despite_warnings``, ReceiptReplaced, and for a receipt that does not wait
    what is true of it, so that an old button is answered with that.
    """
    reviewer, _ = await chat.look_at(uow, press)
    await chat.require_newest(reviewer, press.payment_id, press.turn)
    asked = select(CardToCardPayment.status, CardToCardPayment.commit_at)
    row = (await uow.session.execute(asked.where(CardToCardPayment.id == press.payment_id))).one_or_none()
    if row is None:
        raise NotFound("receipt", press.payment_id)
    if row.status not in rules.DECIDABLE or row.commit_at is not None:
        raise await service.refusal(reviewer, press.payment_id)
    grave = (await warnings.before_approval(reviewer, press.payment_id)).grave
    if grave and not despite_warnings:
        raise WarningsStand(press.payment_id, grave)


async def answer(
    uow: UnitOfWork, *, telegram_id: int, chat_id: int, question_id: int, text: str
) -> Held | None:
    """The reviewer answered our question; None when the message he answered is no such question to him.

    Raises what ``holding.hold_approval`` does, ReceiptReplaced, and BadInput for what is no amount; the
    question then stays open.
    """
    question = await chat.find_question(
        uow, (ASKED, ASKED_ANYWAY), telegram_id=telegram_id, chat_id=chat_id, question_id=question_id
    )
    if question is None:
        return None
    reviewer = await chat.reviewer(uow, telegram_id=telegram_id, chat_id=chat_id)
    await chat.require_newest(reviewer, question.payment_id, question.turn)
    amount, why = spoken(text)
    held = await holding.hold_approval(
        reviewer,
        question.payment_id,
        amount=amount,
        why=why,
        despite_warnings=question.kind == ASKED_ANYWAY,
    )
    question.closed_at = question.updated_at = uow.now
    await uow.session.flush()
    return held


def spoken(text: str) -> tuple[int, str]:
    """``۸۵٬۰۰۰ تومان، کمتر آمد`` is 85000 and the words after it.

    Digits that go on after a space, and Rial, are refused: they would be taken for another amount than was
    meant. Raises BadInput.
    """
    found = _FIRST.fullmatch(text.strip())
    if found is None:
        raise BadInput("arrived", "required")
    rest = (found["rest"] or "").strip()
    if _RIAL.search(found["amount"]) or _RIAL.match(rest):
        raise BadInput("arrived", "in_rial")
    why = _UNIT.sub("", rest, count=1) if _UNIT.match(rest) else rest
    try:
        amount = whole_number(found["amount"])
    except ValueError:
        raise BadInput("arrived", "not_a_number") from None
    if amount is None or why[:1].isdigit():
        raise BadInput("arrived", "not_a_number")
    return amount, why

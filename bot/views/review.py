"""A receipt's card in the shop's own chat, and what a press of its buttons is answered."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from typing import Literal
from urllib.parse import urlsplit

from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup

from bot.callbacks import Review
from bot.views.screen import Reader, Row, Screen, keyboard, press
from bot.views.words import isolate, rial, write
from shop.bots.linking import Linked
from shop.errors import AboveYourLimit, BadInput, DecisionHeld, ReceiptAlreadyReviewed, ShopError
from shop.formatting import number
from shop.i18n import N_
from shop.money import Currency, Money
from shop.receipts import rules
from shop.receipts.copies import ShownReceipt
from shop.receipts.detail import ReceiptDetail
from shop.receipts.notes import Menu
from shop.receipts.reasons import Reason
from shop.receipts.rules import RejectReason

CAPTION_LIMIT = 1024
"""UTF-16 units after Telegram has read the markup, counted as strictly as anybody might."""
NAME_LIMIT = 64
WORDS_LIMITS = (300, 100, 0)
"""Characters of the customer's and the reviewer's own words; less where the rest needs the room."""
ANSWER_LIMIT = 200
_TAG = re.compile(r"<[^>]*>")

Act = Literal["approve", "sure", "amount", "amount_sure", "wallet", "wallet_sure", "reasons", "undo", "back"]
State = Literal["waiting", "held", "approved", "rejected", "replaced", "closed"]

REASONS: Mapping[str, str] = {
    RejectReason.DUPLICATE_IMAGE: N_("The image was used before"),
    RejectReason.AMOUNT_TOO_LOW: N_("The amount is too low"),
    RejectReason.NOT_ARRIVED: N_("The money has not arrived"),
    RejectReason.UNREADABLE: N_("Unreadable or unrelated image"),
}
"""Those that a button alone can say."""
DOORS: Mapping[str, str] = {
    "web": N_("in the dashboard"),
    "bot": N_("in the chat"),
    "cli": N_("in the terminal"),
}
REFUSALS: Mapping[str, str] = {
    "not_allowed": N_("These buttons are for the shop's reviewers."),
    "not_found": N_("There is no such receipt."),
    "warnings_stand": N_("⚠️ A warning stands. Press once more if you approve all the same."),
    "decision_held": N_("%(by)s decided this a moment ago; it can still be taken back."),
    "receipt_already_reviewed": N_("Too late: %(decided_by)s has decided already."),
    "too_late": N_("Too late: the decision counts and the customer was told."),
    "nothing_held": N_("There is nothing to take back; the receipt waits again."),
    "receipt_replaced": N_("The customer sent a newer receipt; look at that one."),
    "receipt_not_submitted": N_("This receipt does not wait any more."),
    "invalid_link_code": N_("This code is not valid any more. Make a new one in the dashboard."),
    "other_account": N_("Another Telegram account is linked; the platform admin can unlink it."),
    "above_your_limit": N_(
        "You approve up to %(limit)s Toman; a colleague with a higher limit has to decide."
    ),
    "own_receipt": N_("You paid this yourself; a colleague has to decide."),
}
TO_WALLET: Mapping[str, str] = {
    "decision_held": N_("%(by)s put it into the wallet a moment ago; it can still be taken back."),
    "receipt_already_reviewed": N_("Too late: %(decided_by)s has put it into the wallet already."),
}
"""The same of a late receipt whose money was kept for its customer."""
WRONG: Mapping[tuple[str, str], str] = {
    ("arrived", "required"): N_("Begin with the amount, in Toman: “85000 the bank took a fee”."),
    ("arrived", "not_a_number"): N_("Begin with the amount, in Toman: “85000 the bank took a fee”."),
    ("arrived", "in_rial"): N_("In Toman, please: a nought less than in Rial."),
    ("arrived", "too_small"): N_("The amount has to be more than nought."),
    ("arrived", "far_too_much"): N_("That is ten times what was asked for, or more; is it in Rial?"),
    ("to_wallet", "not_late"): N_("It came in time, so its order is delivered."),
    ("why", "required"): N_("After the amount, say in a few words why it differs."),
    ("reason_text", "required"): N_("Say the reason in a few words; the customer will read them."),
}
"""What an answer in the chat lacked, by field and problem; the question stays open."""
SURE: Mapping[Menu | None, tuple[Act, str]] = {
    "sure": ("sure", N_("Approve despite the warning")),
    "sure_amount": ("amount_sure", N_("Another amount despite the warning")),
    "sure_wallet": ("wallet_sure", N_("To the wallet despite the warning")),
}
"""Offered where a warning stands in the way: what is done all the same."""
QUESTIONS: Mapping[str, str] = {
    "other": "reason_question",
    "amount": "amount_question",
    "amount_sure": "amount_question",
}


def card(
    reader: Reader,
    shown: ShownReceipt,
    *,
    turn: int,
    dashboard_url: str,
    menu: Menu | None = None,
    is_without_picture: bool = False,
    chat_id: int | None = None,
) -> Screen:
    """The receipt number ``turn`` of a payment as it stands now; never with buttons once it is decided.

    Nor in the private chat (``chat_id``) of whoever paid it: nobody decides on his own payment.
    """
    state = state_of(shown, turn)
    # A private chat has the number of its person.
    is_own = state == "waiting" and chat_id == shown.detail.customer_telegram_id
    fields = _fields(reader, shown, state) | {"menu": menu, "is_without_picture": is_without_picture}
    fields |= {"is_own": is_own, "is_staffs": state == "waiting" and shown.detail.is_staffs}
    payment_id = shown.detail.payment_id
    desk = _desk(reader, dashboard_url, payment_id)
    text = ""
    for limit in WORDS_LIMITS:
        text = write("receipt_card", reader, **fields, **_own_words(shown, state, limit))
        if visible_length(text) <= CAPTION_LIMIT:
            break
    if is_own:
        return Screen(text, keyboard(desk))
    is_late = shown.detail.late is not None
    reasons = _reasons(reader, shown.detail, turn) if menu == "reasons" else ()
    rows = _buttons(
        reader, payment_id, state, turn=turn, menu=menu, desk=desk, reasons=reasons, is_late=is_late
    )
    return Screen(text, rows)


def state_of(shown: ShownReceipt, turn: int) -> State:
    item = shown.detail
    if turn < shown.stamp.turn:
        return "replaced"
    if item.status in rules.DECIDABLE:
        return "held" if item.held is not None else "waiting"
    if item.status in rules.DECIDED:
        return "rejected" if rules.decision_of(item.status) == "reject" else "approved"
    return "closed"


def answer(reader: Reader, refusal: ShopError) -> str:
    """Why a press did nothing, in the one sentence that Telegram shows over the chat."""
    sentence = REFUSALS.get(refusal.code, N_("That did not work; look at it in the dashboard."))
    if isinstance(refusal, DecisionHeld | ReceiptAlreadyReviewed) and refusal.to_wallet:
        sentence = TO_WALLET[refusal.code]
    if isinstance(refusal, BadInput):
        sentence = WRONG.get((refusal.field, refusal.problem), sentence)
    details = {name: isolate(value) for name, value in refusal.details().items()}
    if isinstance(refusal, AboveYourLimit):
        details["limit"] = number(refusal.limit, reader.language)
    return (reader.gettext(sentence) % details)[:ANSWER_LIMIT]


def linked(reader: Reader, done: Linked, *, is_private: bool) -> Screen:
    """After a code was said in a chat."""
    return Screen(
        write(
            "chat_linked",
            reader,
            name=done.name,
            gets_receipts=done.gets_receipts,
            is_private=is_private,
        )
    )


def question(reader: Reader, act: str) -> str:
    """Asks a reviewer for words of his own, or for what arrived."""
    return write(QUESTIONS[act], reader)


def visible_length(text: str) -> int:
    """How much of Telegram's limit a text takes."""
    return len(html.unescape(_TAG.sub("", text)).encode("utf-16-le")) // 2


def _fields(reader: Reader, shown: ShownReceipt, state: State) -> dict[str, object]:
    item, _ = shown.detail, reader.gettext
    reason = REASONS.get(item.reject_reason) if item.reject_reason else None
    is_rejection = state == "rejected" or (state == "held" and item.held and item.held.decision == "reject")
    door = DOORS.get(item.decided_channel or "")
    return {
        "item": item,
        "arrived": item.arrived if state in ("approved", "held") else None,
        "state": state,
        "rial": rial(Money(item.amount, Currency(item.currency)), reader.language),
        "plan": item.plan_name[:NAME_LIMIT],
        "name": item.customer_name[:NAME_LIMIT],
        "username": item.customer_username,
        "decision": item.held.decision if item.held else None,
        "by": (item.held.by_name if item.held else item.decided_by or "")[:NAME_LIMIT],
        "at": item.decided_at,
        "door": _(door) if door else "",
        "reason": _(reason) if reason and is_rejection else None,
    }


def _own_words(shown: ShownReceipt, state: State, limit: int) -> dict[str, str]:
    """What people wrote themselves, on one line each and no longer than ``limit``."""
    item = shown.detail
    is_rejection = state == "rejected" or (state == "held" and item.held and item.held.decision == "reject")
    return {
        "words": _line(item.caption, limit),
        "own_words": _line(item.admin_notes if is_rejection else None, limit),
    }


def _line(text: str | None, limit: int) -> str:
    line = " ".join((text or "").split())
    return line if len(line) <= limit else f"{line[:limit].rstrip()}…" if limit else ""


def _buttons(
    reader: Reader,
    payment_id: int,
    state: State,
    *,
    turn: int,
    menu: Menu | None,
    desk: Row,
    reasons: Row,
    is_late: bool,
) -> InlineKeyboardMarkup | None:
    _ = reader.gettext

    def review(act: Act) -> Review:
        return Review(act=act, payment_id=payment_id, turn=turn)

    if state == "held":
        return keyboard([press(_("↩️ Take back"), review("undo"))], desk)
    if state != "waiting":
        return keyboard(desk)
    back = [press(_("‹ Back"), review("back"))]
    if menu in SURE:
        act, words = SURE[menu]
        return keyboard([press(_(words), review(act), style="danger")], back)
    if menu == "reasons":
        own = Review(act="other", payment_id=payment_id, turn=turn)
        return keyboard(*([button] for button in reasons), [press(_("✏️ In my own words…"), own)], back)
    approve = _("✅ Approve, old price") if is_late else _("✅ Approve")
    return keyboard(
        [
            press(approve, review("approve"), style="success"),
            press(_("❌ Reject"), review("reasons"), style="danger"),
        ],
        [press(_("👛 Into the wallet"), review("wallet"))] if is_late else (),
        [press(_("⚖️ Another amount…"), review("amount"))],
        desk,
    )


def _reasons(reader: Reader, item: ReceiptDetail, turn: int) -> Row:
    """In the shop's order; its own in the chat's language where it wrote them in it."""

    def button(reason: Reason) -> InlineKeyboardButton:
        label = reader.gettext(REASONS[reason.code]) if reason.is_ours else reason.label(reader.language)
        act = Review(act="reject", payment_id=item.payment_id, turn=turn, reason=reason.code)
        return press(_line(label, NAME_LIMIT), act)

    return [button(reason) for reason in item.reasons]


def _desk(reader: Reader, dashboard_url: str, payment_id: int) -> Row:
    """The way to the desk; none where Telegram would refuse the address, and the whole card with it."""
    address = urlsplit(dashboard_url)
    if address.scheme not in ("http", "https") or "." not in (address.hostname or ""):
        return ()
    url = f"{dashboard_url.rstrip('/')}/receipts/{payment_id}"
    return (InlineKeyboardButton(text=reader.gettext("🖥 In the dashboard"), url=url),)

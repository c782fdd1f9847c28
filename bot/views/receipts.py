"""Receipts: asking for one, what came, how it stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from aiogram.types import InlineKeyboardButton

from bot.callbacks import AskReceipt, CancelOrder, ConfirmReference, DropReceipt, GiveReceipt, Go, ShowCard
from bot.views.menu import back
from bot.views.screen import Reader, Screen, keyboard, press, support
from bot.views.words import amount, write
from shop.money import Money
from shop.plans import sold
from shop.receipts.queries import AwaitingPayment
from shop.receipts.service import Submitted


@dataclass(frozen=True, slots=True)
class StatusRow:
    """One line of the list of orders."""

    status: str
    tracking_number: str
    plan: str
    amount: Money
    expires_at: datetime
    waiting_minutes: int
    ahead: int
    is_slow: bool


def received(reader: Reader, submitted: Submitted, *, usual_minutes: int) -> Screen:
    """A message to keep: the proof that we have it."""
    _ = reader.gettext
    text = write(
        "receipt_received",
        reader,
        tracking_number=submitted.tracking_number,
        replaced=submitted.replaced,
        is_late=submitted.late,
        usual_minutes=usual_minutes,
    )
    return Screen(
        text,
        keyboard(
            [
                press(_("🔄 Status"), Go(place="status", keep=True)),
                press(_("✏️ Replace the receipt"), AskReceipt(payment_id=submitted.payment_id)),
            ],
            support(reader, order_id=submitted.order_id) if reader.has_tickets else (),
            back(reader, keep=True),
        ),
    )


def ask(reader: Reader, payment: AwaitingPayment) -> Screen:
    text = write("receipt_ask", reader, plan=sold.name(payment.snapshot, reader.language))
    return Screen(text, keyboard(back(reader)))


def choose(reader: Reader, payments: Sequence[AwaitingPayment], *, message_id: int) -> Screen:
    """Several orders could be meant; only the person knows."""
    _ = reader.gettext
    buttons = [
        [
            press(
                _("%(plan)s, %(price)s")
                % {
                    "plan": sold.name(payment.snapshot, reader.language)[:30],
                    "price": amount(payment.amount, reader.language),
                },
                GiveReceipt(payment_id=payment.payment_id, message_id=message_id),
            )
        ]
        for payment in payments
    ]
    none = [press(_("None of them"), DropReceipt(message_id=message_id))]
    return Screen(write("receipt_choose", reader), keyboard(*buttons, none))


def replace_question(reader: Reader, payment: AwaitingPayment, *, message_id: int) -> Screen:
    _ = reader.gettext
    give = GiveReceipt(payment_id=payment.payment_id, message_id=message_id)
    return Screen(
        write("receipt_replace", reader, tracking_number=payment.tracking_number),
        keyboard(
            [press(_("Yes, replace it"), give), press(_("No, keep it"), DropReceipt(message_id=message_id))]
        ),
    )


def reference_question(reader: Reader, text: str, *, message_id: int) -> Screen:
    _ = reader.gettext
    return Screen(
        write("receipt_reference", reader, text=text),
        keyboard(
            [
                press(_("Yes, it is"), ConfirmReference(message_id=message_id), style="primary"),
                press(_("No"), DropReceipt(message_id=message_id)),
            ]
        ),
    )


def dropped(reader: Reader) -> Screen:
    return Screen(write("receipt_dropped", reader), keyboard(back(reader)))


def status(
    reader: Reader, payments: Sequence[AwaitingPayment], *, now: datetime, slow_after_minutes: int
) -> Screen:
    """Every order that still needs something, newest first."""
    _ = reader.gettext
    if not payments:
        buy = [press(_("🛒 Buy a subscription"), Go(place="plans"))]
        return Screen(write("status_empty", reader), keyboard(buy, back(reader)))
    rows = [_row(reader, payment, now, slow_after_minutes) for payment in payments]
    many = len(payments) > 1
    buttons = [_ways_on(reader, payment, numbered=many) for payment in payments]
    refresh = [press(_("🔄 Refresh"), Go(place="status"))]
    return Screen(write("status", reader, rows=rows), keyboard(*buttons, refresh, back(reader)))


def _row(reader: Reader, payment: AwaitingPayment, now: datetime, slow_after_minutes: int) -> StatusRow:
    since = payment.submitted_at or now
    minutes = max(1, round((now - since).total_seconds() / 60))
    return StatusRow(
        status=payment.status,
        tracking_number=payment.tracking_number,
        plan=sold.name(payment.snapshot, reader.language),
        amount=payment.amount,
        expires_at=payment.expires_at,
        waiting_minutes=minutes,
        ahead=payment.ahead_in_queue,
        is_slow=payment.status == "receipt_submitted" and minutes > slow_after_minutes,
    )


def _ways_on(reader: Reader, payment: AwaitingPayment, *, numbered: bool) -> list[InlineKeyboardButton]:
    """What can be done about one order now."""
    _ = reader.gettext
    mark = f" #{payment.tracking_number[-4:]}" if numbered else ""
    if payment.status == "created":
        return [
            press(_("💳 Show the card") + mark, ShowCard(order_id=payment.order_id)),
            press(_("Cancel order") + mark, CancelOrder(order_id=payment.order_id), style="danger"),
        ]
    if payment.status == "partially_paid":
        return [
            press(_("💳 Pay the rest") + mark, ShowCard(order_id=payment.order_id)),
            press(_("📤 Send the receipt") + mark, AskReceipt(payment_id=payment.payment_id)),
        ]
    label = _("✏️ Replace the receipt") if payment.status == "receipt_submitted" else _("📤 Send the receipt")
    return [press(label + mark, AskReceipt(payment_id=payment.payment_id))]

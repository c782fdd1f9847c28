"""Promised messages (``shop.notifications.messages``) as screens: their words and their buttons."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup

from bot.callbacks import (
    AskReceipt,
    AskSupport,
    CancelOrder,
    CloseTicket,
    Go,
    PickPlan,
    ReopenTicket,
    ShowCard,
    ShowSubscription,
)
from bot.views import sign_in
from bot.views.menu import back
from bot.views.screen import Reader, Screen, copy, keyboard, press, support
from bot.views.words import write
from shop.plans import sold

Payload = Mapping[str, Any]
Buttons = Callable[[Reader, Payload], InlineKeyboardMarkup | None]


def notice(kind: str, payload: Payload, reader: Reader) -> Screen:
    """One promised message. Raises TemplateNotFound for a kind without words."""
    fields = dict(payload)
    if isinstance(fields.get("plan"), Mapping):
        fields["plan"] = sold.name(fields["plan"], reader.language)
    buttons = BUTTONS.get(kind)
    return Screen(write(kind, reader, **fields), buttons(reader, payload) if buttons else None)


def _ready(reader: Reader, payload: Payload) -> InlineKeyboardMarkup | None:
    _ = reader.gettext
    held = ShowSubscription(subscription_id=payload["subscription_id"])
    return keyboard(
        copy(_("📋 Copy link"), payload["access"]),
        [press(_("📦 Details"), held)],
        back(reader, keep=True),
    )


def _rejected(reader: Reader, payload: Payload) -> InlineKeyboardMarkup | None:
    _ = reader.gettext
    cancel = CancelOrder(order_id=payload["order_id"])
    return keyboard(
        [press(_("📤 Send a new receipt"), AskReceipt(payment_id=payload["payment_id"]), style="primary")],
        [
            *support(reader, order_id=payload["order_id"]),
            press(_("Cancel order"), cancel, style="danger"),
        ],
    )


def _expired(reader: Reader, payload: Payload) -> InlineKeyboardMarkup | None:
    _ = reader.gettext
    paid = AskReceipt(payment_id=payload["payment_id"])
    return keyboard(
        [press(_("📤 I have paid; send the receipt"), paid, style="success")],
        [
            press(_("🛒 New order"), Go(place="plans", keep=True)),
            *support(reader, order_id=payload["order_id"]),
        ],
    )


def _differs(reader: Reader, payload: Payload) -> InlineKeyboardMarkup | None:
    if not payload["missing"]:
        return _home(reader, payload)
    rest = ShowCard(order_id=payload["order_id"])
    return keyboard(
        [press(reader.gettext("💳 Pay the rest"), rest, style="primary")],
        support(reader),
        back(reader, keep=True),
    )


def _about_order(reader: Reader, payload: Payload) -> InlineKeyboardMarkup | None:
    return keyboard(support(reader, order_id=payload["order_id"]), back(reader, keep=True))


def _home(reader: Reader, _payload: Payload) -> InlineKeyboardMarkup | None:
    return keyboard(support(reader), back(reader, keep=True))


def _broadcast(reader: Reader, payload: Payload) -> InlineKeyboardMarkup | None:
    """The shop's own button above the usual ones."""
    said: Mapping[str, Any] = payload.get("button") or {}
    own: list[InlineKeyboardButton] = []
    if "url" in said:
        own = [InlineKeyboardButton(text=said["label"], url=said["url"])]
    elif "plan_id" in said:
        own = [press(said["label"], PickPlan(plan_id=said["plan_id"], keep=True), style="primary")]
    elif said:
        own = [press(said["label"], Go(place=said["place"], keep=True), style="primary")]
    return keyboard(own, support(reader), back(reader, keep=True))


def _answered(reader: Reader, payload: Payload) -> InlineKeyboardMarkup | None:
    _ = reader.gettext
    return keyboard(
        [
            press(_("✍️ Write back"), AskSupport(keep=True)),
            press(_("✅ That is all"), CloseTicket(ticket_id=payload["ticket_id"])),
        ],
        back(reader, keep=True),
    )


def _ticket_closed(reader: Reader, payload: Payload) -> InlineKeyboardMarkup | None:
    again = ReopenTicket(ticket_id=payload["ticket_id"])
    return keyboard(
        [press(reader.gettext("↩️ It is not solved"), again)] if reader.has_tickets else (),
        support(reader),
        back(reader, keep=True),
    )


BUTTONS: Mapping[str, Buttons] = {
    "subscription_ready": _ready,
    "order_held": _home,
    "wallet_credited": _home,
    "late_to_wallet": _about_order,
    "amount_differs": _differs,
    "wallet_corrected": _home,
    "from_the_shop": _home,
    "broadcast": _broadcast,
    "subscription_extended": _home,
    "receipt_rejected": _rejected,
    "payment_expired": _expired,
    "ticket_answered": _answered,
    "ticket_closed": _ticket_closed,
    "sign_in_asked": sign_in.buttons,
}
"""Kinds for customers, and for the people of the dashboard. The owner's chat has no buttons yet."""

"""From the price list to the card."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from aiogram.types import InlineKeyboardMarkup

from bot.callbacks import CancelOrder, Go, OpenGroup, PayByCard, PickPlan, ShowCard
from bot.views.menu import back
from bot.views.screen import Reader, Screen, copy, keyboard, press, support
from bot.views.words import write
from shop import formatting
from shop.cards.banks import localised
from shop.money import Currency
from shop.payments.service import CardInvoice
from shop.plans import sold, wording
from shop.plans.counter import lay_out
from shop.plans.queries import Offer


def plans(reader: Reader, offers: Sequence[Offer], *, group_id: int | None = None) -> Screen:
    """The price list, or one group of it; one button for each group and each plan.

    A group that has nothing on sale any more shows the whole list.
    """
    if not offers:
        return Screen(write("plans_empty", reader), keyboard(back(reader)))
    counter = lay_out(offers)
    opened = counter.drawer(group_id)
    text = write(
        "plans",
        reader,
        group=opened.name if opened else "",
        devices=wording.common_device_limit(opened.offers if opened else offers),
        currency=str(offers[0].price.currency),
    )
    groups = [
        [press(wording.drawer(one.name, reader.language), OpenGroup(group_id=one.group_id))]
        for one in (() if opened else counter.drawers)
    ]
    buttons = [
        [press(wording.button(offer, reader.language), PickPlan(plan_id=offer.plan_id))]
        for offer in (opened.offers if opened else counter.loose)
    ]
    to_list = [press(reader.gettext("‹ Back"), Go(place="plans"))] if opened else []
    return Screen(text, keyboard(*groups, *buttons, to_list, back(reader)))


def review(reader: Reader, offer: Offer, *, is_payable: bool, is_bought_up: bool) -> Screen:
    """What exactly is bought, and how it can be paid; or that this person may not buy it any more."""
    _ = reader.gettext
    pay = PayByCard(plan_id=offer.plan_id, price=offer.price.amount)
    return Screen(
        write("review", reader, offer=offer, is_payable=is_payable, is_bought_up=is_bought_up),
        keyboard(
            [press(_("💳 Card to card"), pay, style="primary")] if is_payable and not is_bought_up else [],
            [press(_("‹ Back"), _where_it_stands(offer))],
        ),
    )


def _where_it_stands(offer: Offer) -> Go | OpenGroup:
    return Go(place="plans") if offer.group_id is None else OpenGroup(group_id=offer.group_id)


def card(reader: Reader, invoice: CardInvoice, *, with_rial: bool, now: datetime) -> Screen:
    """The card to pay to. ``now`` is the instant the time left is counted from."""
    in_toman = invoice.amount.currency is Currency.IRT
    seconds_left = (invoice.expires_at - now).total_seconds()
    text = write(
        "card",
        reader,
        plan=sold.name(invoice.plan, reader.language),
        amount=invoice.amount,
        with_rial=with_rial and in_toman,
        card_number=invoice.card_number,
        holder=invoice.holder_name,
        bank=_bank(reader, invoice.bank_name),
        minutes_left=max(1, round(seconds_left / 60)),
        expires_at=invoice.expires_at,
    )
    return Screen(text, _card_buttons(reader, invoice, with_rial=with_rial and in_toman))


def _card_buttons(reader: Reader, invoice: CardInvoice, *, with_rial: bool) -> InlineKeyboardMarkup | None:
    _ = reader.gettext
    if with_rial:
        copy_amount = copy(_("📋 Copy amount (Rial)"), str(formatting.rial(invoice.amount.amount)))
    else:
        copy_amount = copy(_("📋 Copy amount"), str(invoice.amount.amount))
    return keyboard(
        [*copy(_("📋 Copy card number"), invoice.card_number), *copy_amount],
        [
            *(support(reader, order_id=invoice.order_id) if reader.has_tickets else ()),
            press(_("Cancel order"), CancelOrder(order_id=invoice.order_id), style="danger"),
        ],
        back(reader, keep=True),
    )


def cancel_question(reader: Reader, order_id: int, *, plan: str) -> Screen:
    _ = reader.gettext
    return Screen(
        write("cancel_question", reader, plan=plan),
        keyboard(
            [
                press(_("Yes, cancel it"), CancelOrder(order_id=order_id, sure=True), style="danger"),
                press(_("No, go on"), ShowCard(order_id=order_id)),
            ]
        ),
    )


def cancelled(reader: Reader) -> Screen:
    _ = reader.gettext
    again = [press(_("🛒 New order"), Go(place="plans"))]
    return Screen(write("cancelled", reader), keyboard(again, back(reader)))


def _bank(reader: Reader, name: str) -> str:
    """``بانک ملی``; a few banks carry the word in their names."""
    _ = reader.gettext
    shown = localised(name, reader.language)
    if not shown or "بانک" in shown or "Bank" in shown:
        return shown
    return _("Bank %(bank)s") % {"bank": shown}

"""The messages whose sentences a shop may put in its own words, and what fills them when they are shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from shop.bots.rules import LONGEST_NAME as LONGEST_SHOP
from shop.cards.rules import LONGEST_HOLDER
from shop.errors import NotFound
from shop.i18n import N_
from shop.money import Currency, Money
from shop.plans.rules import LARGEST_PRICE
from shop.plans.rules import LONGEST_NAME as LONGEST_PLAN
from shop.provisioning.rules import LONGEST_LINE
from shop.receipts.rules import RejectReason

LONGEST_PERSON = 129
"""Telegram's own bound: sixty-four characters of each name, and the space between."""
LONGEST_REASON = 300
"""Characters that the form of the desk takes."""
WIDE = "\U0001f600"
"""A character that Telegram counts as two."""
ENDS = "2026-12-22T08:30:00+00:00"
PLAN = {"fa": "یک‌ماهه ۵۰ گیگ", "en": "1 month, 50 GB"}
PERSON = {"fa": "سارا نوری", "en": "Sara Nouri"}
HOLDER = {"fa": "مریم نوری", "en": "Maryam Nouri"}
PRICE = Money(290_000, Currency.IRT)
COSTLIEST = Money(LARGEST_PRICE, Currency.IRT)

Fields = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class BotText:
    """One message. ``label`` and ``when`` are English sentences for the catalogues."""

    key: str
    """Of its template, ``templates/telegram/<key>.html``."""
    label: str
    when: str
    usual: Fields = field(default_factory=dict)
    """What fills it; a dict with the languages as keys is one value in each."""
    longest: Fields = field(default_factory=dict)
    """What of it can be longer, at its longest."""
    ways: tuple[Fields, ...] = ({},)
    """What decides which of its sentences are said; together they say all of them."""


TEXTS: tuple[BotText, ...] = (
    BotText(
        "start",
        N_("Greeting"),
        N_("When a customer starts the bot, and above the menu."),
        {"name": PERSON},
        {"name": WIDE * LONGEST_PERSON},
    ),
    BotText(
        "plans",
        N_("Price list"),
        N_("Above the buttons with your plans."),
        {"group": "", "devices": 2, "currency": "IRT"},
        ways=({}, {"currency": "USD"}),
    ),
    BotText("plans_empty", N_("Nothing on sale"), N_("When no plan is on sale.")),
    BotText(
        "card",
        N_("Card and amount"),
        N_("When a customer has chosen to pay by card."),
        {
            "plan": PLAN,
            "amount": PRICE,
            "card_number": "6219861900004421",
            "holder": HOLDER,
            "bank": {"fa": "بانک سامان", "en": "Saman Bank"},
            "minutes_left": 30,
            "expires_at": ENDS,
        },
        {
            "plan": WIDE * LONGEST_PLAN,
            "amount": COSTLIEST,
            "holder": WIDE * LONGEST_HOLDER,
            "minutes_left": 1440,
        },
        ways=({"with_rial": True}, {"with_rial": False, "bank": ""}),
    ),
    BotText(
        "receipt_ask",
        N_("Asking for the receipt"),
        N_("When a customer is about to send a receipt."),
        {"plan": PLAN},
        {"plan": WIDE * LONGEST_PLAN},
    ),
    BotText(
        "receipt_received",
        N_("Receipt received"),
        N_("As soon as a receipt has come."),
        {"tracking_number": "12345678", "usual_minutes": 12},
        {"tracking_number": "1" * 20, "usual_minutes": 100_000},
        ways=({"replaced": False, "is_late": False}, {"replaced": True, "is_late": True}),
    ),
    BotText(
        "receipt_rejected",
        N_("Receipt not accepted"),
        N_("When your team rejected a receipt; the sentences follow the reason."),
        {"tracking_number": "12345678", "amount": PRICE.amount},
        {"tracking_number": "1" * 20, "amount": LARGEST_PRICE},
        ways=tuple(
            {
                "reason": reason.value,
                "text": "…" * LONGEST_REASON if reason is RejectReason.OTHER else "",
            }
            for reason in RejectReason
        ),
    ),
    BotText(
        "subscription_ready",
        N_("Subscription delivered"),
        N_("With the access that was bought."),
        {"plan": PLAN, "ends_at": ENDS, "access": "vless://8f2c@nasim.example:443#1"},
        {"plan": WIDE * LONGEST_PLAN, "access": "x" * LONGEST_LINE},
    ),
    BotText(
        "order_held",
        N_("Delivery takes longer"),
        N_("When somebody paid and the shelf is empty."),
        {"plan": PLAN},
        {"plan": WIDE * LONGEST_PLAN},
    ),
    BotText(
        "wallet_credited",
        N_("Money in the wallet"),
        N_("When money came for an order that needed it no more."),
        {"amount": PRICE.amount, "balance": PRICE.amount},
        {"amount": LARGEST_PRICE, "balance": LARGEST_PRICE},
    ),
    BotText(
        "late_to_wallet",
        N_("Late money in the wallet"),
        N_("When money came too late for its order, and your team put it into the wallet."),
        {"plan": PLAN, "amount": PRICE.amount, "balance": PRICE.amount},
        {"plan": WIDE * LONGEST_PLAN, "amount": LARGEST_PRICE, "balance": LARGEST_PRICE},
    ),
    BotText(
        "amount_differs",
        N_("Another amount arrived"),
        N_("When your team approved a payment with another amount than was asked for."),
        {"plan": PLAN, "asked": PRICE.amount, "balance": 10_000},
        {
            "plan": WIDE * LONGEST_PLAN,
            "asked": LARGEST_PRICE,
            "arrived": LARGEST_PRICE - 1,
            "balance": LARGEST_PRICE,
        },
        ways=(
            {"arrived": 250_000, "missing": 40_000, "balance": 250_000},
            {"arrived": 300_000, "missing": 0},
            {"arrived": PRICE.amount, "missing": 40_000, "balance": 250_000},
        ),
    ),
    BotText(
        "payment_expired",
        N_("Time has run out"),
        N_("When an order was not paid in time."),
        {"plan": PLAN},
        {"plan": WIDE * LONGEST_PLAN},
    ),
)
BY_KEY: Mapping[str, BotText] = {text.key: text for text in TEXTS}
LONGEST_SHOP_NAME = WIDE * LONGEST_SHOP


def find(key: str) -> BotText:
    """Raises NotFound for a message that is not a shop's to word."""
    text = BY_KEY.get(key)
    if text is None:
        raise NotFound("bot_text", key[:20])
    return text

"""What a customer will read in Telegram, before it is sent: the bot's own words in its own templates."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from shop.i18n import translations
from shop.plans import wording
from shop.plans.counter import lay_out
from shop.plans.queries import Offer
from shop.receipts.detail import ReceiptDetail
from shop.receipts.rules import RejectReason
from shop.texts.writing import Texts, fill, plain

OWN_WORDS = "{reason}"
"""Holds the place of what the reviewer will write."""
# The page isolates the whole bubble; marks of direction would only be copied along.
_ISOLATES = re.compile("[\u2066-\u2069]")


def rejections(item: ReceiptDetail) -> dict[str, str]:
    """For every reason, the message this receipt's customer would get, in his language."""
    own = {one.code: one.said(item.customer_language) for one in item.reasons if not one.is_ours}
    ours = dict.fromkeys(RejectReason, "") | {RejectReason.OTHER: OWN_WORDS}
    return {
        **{reason.value: _rejection(item, reason, text) for reason, text in ours.items()},
        **{code: _rejection(item, RejectReason.OTHER, text) for code, text in own.items()},
    }


def _rejection(item: ReceiptDetail, reason: RejectReason, text: str) -> str:
    message = fill(
        "receipt_rejected",
        lang=item.customer_language,
        timezone=ZoneInfo("UTC"),
        calendar="jalali",
        own={"receipt_rejected": item.own_rejection or {}},
        tracking_number=item.tracking_number,
        amount=item.amount,
        plan=item.plan_name,
        reason=reason.value,
        text=text,
    )
    return _ISOLATES.sub("", plain(message))


@dataclass(frozen=True, slots=True)
class Bubble:
    """A message of the bot's: its text, and the words on the buttons under it, from the top."""

    text: str
    buttons: tuple[str, ...]
    group: str = ""
    """Seen behind this group's button; empty for what is seen at first."""


def price_list(offers: Sequence[Offer], language: str, texts: Texts) -> list[Bubble]:
    """What a customer sees who asks for the plans, in the shop's own sentences where it wrote some; then what
    is behind the button of each group."""
    counter, say = lay_out(offers), translations(language).gettext
    home, back = say("🏠 Main menu"), say("‹ Back")
    groups = [wording.drawer(one.name, language) for one in counter.drawers]
    first = (*groups, *_plans(counter.loose, language), home)
    return [
        Bubble(_which_plan(offers, language, texts), first),
        *(
            Bubble(
                _which_plan(one.offers, language, texts, group=one.name),
                (*_plans(one.offers, language), back, home),
                one.name,
            )
            for one in counter.drawers
        ),
    ]


def _plans(offers: Sequence[Offer], language: str) -> list[str]:
    return [wording.button(offer, language) for offer in offers]


def _which_plan(offers: Sequence[Offer], language: str, texts: Texts, *, group: str = "") -> str:
    message = fill(
        "plans" if offers else "plans_empty",
        lang=language,
        timezone=ZoneInfo("UTC"),
        calendar="jalali",
        own=texts.get(language, {}),
        group=group,
        devices=wording.common_device_limit(offers),
        currency=str(offers[0].price.currency) if offers else "",
    )
    return _ISOLATES.sub("", plain(message))

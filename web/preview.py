"""What a customer will read in Telegram, before it is sent: the bot's own words in its own templates."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from shop.i18n import translations
from shop.plans import wording
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


def price_list(offers: Sequence[Offer], language: str, texts: Texts) -> Bubble:
    """What a customer sees who asks for the plans, in the shop's own sentences where it wrote some."""
    message = fill(
        "plans" if offers else "plans_empty",
        lang=language,
        timezone=ZoneInfo("UTC"),
        calendar="jalali",
        own=texts.get(language, {}),
        devices=wording.common_device_limit(offers),
        currency=str(offers[0].price.currency) if offers else "",
    )
    home = translations(language).gettext("🏠 Main menu")
    words = [wording.button(offer, language) for offer in offers]
    return Bubble(_ISOLATES.sub("", plain(message)), (*words, home))

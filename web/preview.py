"""What a customer will read in Telegram, before it is sent: the bot's own words in its own templates."""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo

from shop.receipts.detail import ReceiptDetail
from shop.receipts.rules import RejectReason
from shop.texts.writing import fill, plain

OWN_WORDS = "{reason}"
"""Holds the place of what the reviewer will write."""
# The page isolates the whole bubble; marks of direction would only be copied along.
_ISOLATES = re.compile("[\u2066-\u2069]")


def rejections(item: ReceiptDetail) -> dict[str, str]:
    """For every reason, the message this receipt's customer would get, in his language."""
    return {
        reason.value: _ISOLATES.sub(
            "",
            plain(
                fill(
                    "receipt_rejected",
                    lang=item.customer_language,
                    timezone=ZoneInfo("UTC"),
                    calendar="jalali",
                    own={"receipt_rejected": item.own_rejection or {}},
                    tracking_number=item.tracking_number,
                    amount=item.amount,
                    plan=item.plan_name,
                    reason=reason.value,
                    text=OWN_WORDS if reason is RejectReason.OTHER else "",
                )
            ),
        )
        for reason in RejectReason
    }

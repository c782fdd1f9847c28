"""What may happen to a receipt. Pure: no database, no clock, no Telegram."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from enum import StrEnum

from shop.errors import BadInput
from shop.formatting import latin, normalise_text

DECIDABLE = ("receipt_submitted",)
"""The only state a reviewer may decide in: the guard of every decision."""
DECIDED = ("approved", "approved_other_amount", "rejected", "reversed")
TEXT_LIMIT = 1000
NOTE_LIMIT = 500
FAR_TOO_MUCH = 10
"""So many times what was asked for is Rial typed for Toman, and nobody's payment."""
REFERENCE = re.compile(r"(?<!\d)\d{6,20}(?!\d)")
"""A bank's tracking code, as people type it."""


class RejectReason(StrEnum):
    """Why a receipt was not accepted; each has its words and its next step for the customer."""

    DUPLICATE_IMAGE = "duplicate_image"
    AMOUNT_TOO_LOW = "amount_too_low"
    NOT_ARRIVED = "not_arrived"
    UNREADABLE = "unreadable"
    OTHER = "other"


def reference_in(text: str) -> str | None:
    """The tracking code in what a person wrote, in Latin digits; None when there is none."""
    found = REFERENCE.search(latin(text))
    return found.group() if found else None


def clean_text(text: str | None) -> str | None:
    """A caption or a typed receipt as we keep it: normalised, bounded; None when nothing is left."""
    cleaned = normalise_text(text or "").strip()[:TEXT_LIMIT]
    return cleaned or None


def own_words(reason: RejectReason, text: str) -> str:
    """The reviewer's words for the customer: bounded, and nothing for a reason that has its own.

    Raises BadInput for ``other`` without words.
    """
    if reason is not RejectReason.OTHER:
        return ""
    words = (clean_text(text) or "")[:NOTE_LIMIT]
    if not words:
        raise BadInput("reason_text", "required")
    return words


def arrived(amount: int, *, asked: int) -> int:
    """What somebody says has arrived in place of ``asked``, in minor units. Raises BadInput."""
    if amount < 1:
        raise BadInput("arrived", "too_small", 1)
    if amount >= asked * FAR_TOO_MUCH:
        raise BadInput("arrived", "far_too_much")
    return amount


def why_another(text: str) -> str:
    """The reviewer's words for his colleagues about an amount that differs. Raises BadInput without any."""
    words = (clean_text(text) or "")[:NOTE_LIMIT]
    if not words:
        raise BadInput("why", "required")
    return words


def decision_of(status: str) -> str:
    """``approve`` or ``reject``: what was decided about a receipt that is ``status`` now."""
    return "reject" if status == "rejected" else "approve"


def still_takes(status: str, *, closed_since: datetime, now: datetime, late_hours: int) -> bool:
    """Whether a payment may be given a (new) receipt; ``closed_since`` is its deadline or its rejection."""
    if status in ("created", "receipt_submitted"):
        return True
    return status in ("expired", "rejected") and now - closed_since <= timedelta(hours=late_hours)

"""What may happen to a payment by transfer. Pure: no database, no clock."""

from __future__ import annotations

import secrets

OPEN = ("created", "receipt_submitted")
"""One order has at most one payment in these (a partial unique index keeps it so)."""
TAKES_RECEIPT = ("created", "receipt_submitted", "expired", "rejected")
"""A person who paid may always show it: also late, also again."""
TRACKING_DIGITS = 8


def new_tracking_number() -> str:
    """Eight random digits, not starting with nought; unique in a shop by its constraint."""
    return str(secrets.randbelow(9 * 10 ** (TRACKING_DIGITS - 1)) + 10 ** (TRACKING_DIGITS - 1))

"""What may happen to an order. Pure: no database, no clock."""

from __future__ import annotations

from datetime import datetime, timedelta

PAYABLE = ("awaiting_payment", "partially_paid", "expired")
"""Money may still complete these: people pay late, and the money is real."""
CANCELLABLE = ("draft", "awaiting_payment", "partially_paid")
"""What came for one of them so far is in its customer's wallet, and stays there."""
OPEN = ("draft", "awaiting_payment", "partially_paid")
KEPT_AFTER_REJECTION = timedelta(hours=24)
KEPT_FOR_THE_REST = timedelta(hours=24)


def deadline(now: datetime, minutes: int) -> datetime:
    """Until when a fresh order waits for its payment."""
    return now + timedelta(minutes=minutes)

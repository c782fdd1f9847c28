"""Keys that must not be swapped for one another."""

from __future__ import annotations

from typing import NewType

BotId = NewType("BotId", int)
"""The shop's key (``bots.id``); not Telegram's id of the bot."""
UserId = NewType("UserId", int)
OrderId = NewType("OrderId", int)
PaymentId = NewType("PaymentId", int)
MediaId = NewType("MediaId", int)

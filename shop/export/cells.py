"""How a value reads in a CSV file. Pure."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, time

from shop.cards.rules import NUMBER_LENGTH, passes_luhn

DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins so is a formula to a spreadsheet; with an apostrophe before it, it is text."""
HIDDEN = "*" * 6
_CARD = re.compile(r"(?<!\d)\d(?:[ \-\u200c]?\d){15}(?!\d)")


def cell(value: object) -> str:
    """Times in ISO 8601 and UTC, true or false, nothing for nothing, card numbers masked, no formulas."""
    text = _text(value)
    return f"'{text}" if text.startswith(DANGEROUS) else text


def line_cell(value: object) -> str:
    """Like ``cell``, for an access line: whatever digits are in it belong there."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(DANGEROUS) else text


def _text(value: object) -> str:
    match value:
        case None:
            return ""
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case date() | time():
            return value.isoformat()
        case str():
            return mask_cards(value)
        case _:  # numbers, true and false read in JSON as they should here
            return mask_cards(json.dumps(value, ensure_ascii=False))


def mask_cards(text: str) -> str:
    """``text`` with the middle of every card number hidden, in whatever script it was typed."""
    return _CARD.sub(_mask, text)


def _mask(found: re.Match[str]) -> str:
    digits = "".join(character for character in found.group() if character.isdigit())
    if len(digits) != NUMBER_LENGTH or not passes_luhn(digits):
        return found.group()
    return digits[:6] + HIDDEN + digits[-4:]

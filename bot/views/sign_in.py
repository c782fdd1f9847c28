"""The question about a waiting browser, and what the tap did."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiogram.types import InlineKeyboardMarkup

from bot.callbacks import Tap
from bot.views.screen import Reader, Screen, keyboard, press
from bot.views.words import write
from shop import formatting
from shop.staff.challenges import Answered

NOT_ME = 0


def buttons(reader: Reader, payload: Mapping[str, Any]) -> InlineKeyboardMarkup | None:
    """One of the three numbers is the browser's; the last button is for whoever expects nobody."""
    ref = payload["ref"]
    numbers = [
        press(formatting.digits(number, reader.language), Tap(ref=ref, number=number))
        for number in payload["choices"]
    ]
    nobody = press(reader.gettext("🚫 It is not me"), Tap(ref=ref, number=NOT_ME), style="danger")
    return keyboard(numbers, [nobody])


def answered(reader: Reader, what: Answered) -> Screen:
    """In the place of the question: its buttons are gone."""
    return Screen(
        write(
            "sign_in_answered",
            reader,
            state=what.state,
            purpose=what.purpose,
            browser=what.browser,
            address=what.address,
        )
    )

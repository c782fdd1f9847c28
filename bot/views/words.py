"""Templates to Telegram's HTML, in the reader's language, digits and calendar, and in the shop's own words.

Telegram takes the direction of each line from its first letter, so templates begin every line with a word
of their own language, put numbers to copy on lines of their own and isolate names inside sentences.
"""

from __future__ import annotations

from typing import Any

from bot.views.screen import Reader
from shop.texts.writing import TEMPLATES, amount, fill, isolate, rial

__all__ = ("TEMPLATES", "amount", "exists", "isolate", "rial", "write")


def write(template: str, reader: Reader, /, **fields: Any) -> str:
    """The text of one screen, message or refusal.

    Raises TemplateNotFound for an unknown name and UndefinedError for a missing field.
    """
    return mark(reader) + fill(
        template,
        **fields,
        lang=reader.language,
        timezone=reader.timezone,
        calendar=reader.calendar,
        own=reader.texts.get(reader.language, {}),
        shop_name=reader.shop_name,
        support_username=reader.support_username,
    )


def mark(reader: Reader) -> str:
    """What stands above everything that is said to somebody who only tries the shop; nothing otherwise."""
    if not reader.is_test:
        return ""
    return reader.gettext("🧪 Test purchase: nothing here is real, and no money is to be sent.") + "\n\n"


def exists(template: str) -> bool:
    return (TEMPLATES / f"{template}.html").is_file()

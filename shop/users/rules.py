"""How we keep what Telegram says about a person, and what the shop says to him. Pure."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from shop.errors import BadInput
from shop.formatting import normalise_text
from shop.i18n import LANGUAGES, pick_language

NAME_LENGTH = 64
SEEN_GRAIN = timedelta(minutes=5)
"""``last_seen_at`` is not worth a write for every message."""

LONGEST_MESSAGE = 1000
LONGEST_REASON = 200
LONGEST_NOTE = 1000
_FORM = re.compile(r"[A-Za-z0-9_-]{16,64}", re.ASCII)


def clean_name(text: str | None) -> str:
    """One line, bounded, without marks that turn the direction of the text around them."""
    return " ".join(normalise_text(text or "").split())[:NAME_LENGTH].strip()


def first_language(telegram_language: str | None, shop_language: str) -> str:
    """What to speak with a stranger: what his Telegram speaks, where we do; else what the shop speaks."""
    return pick_language(telegram_language, shop_language)


def is_spoken(language: str) -> bool:
    return language in LANGUAGES


def seen_long_ago(last_seen_at: datetime | None, now: datetime) -> bool:
    """Whether it is time to write down again that the person was here."""
    return last_seen_at is None or now - last_seen_at >= SEEN_GRAIN


def form_key(text: str) -> str:
    """The random name of one form, so that sending it twice does once. Raises BadInput."""
    if _FORM.fullmatch(text) is None:
        raise BadInput("form", "unreadable")
    return text


def written(field: str, text: str, *, longest: int) -> str:
    """What a person wrote, as we keep it. Raises BadInput for nothing, and for too much."""
    words = normalise_text(text)
    if not words:
        raise BadInput(field, "required")
    if len(words) > longest:
        raise BadInput(field, "too_long", longest)
    return words

"""What may be said to many at once, and how fast. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from shop.errors import BadInput
from shop.formatting import normalise_text
from shop.i18n import LANGUAGES

FEATURE = "broadcasts"
PLACES = ("name", "shop")
"""What may stand in the words, in braces: the person's name and the shop's."""
AUDIENCES = ("everybody", "active", "expired", "never")
HOLD = timedelta(seconds=30)
"""For so long nothing is sent after somebody said start: it can be taken back."""
LATEST = timedelta(days=30)
"""How far ahead a start may be set."""
RATE, BURST = 20.0, 5.0
"""Messages a second to one bot's people; a fifth of what Telegram bears stays for receipts and answers."""
ROOM = 10
"""Messages of a broadcast that wait in a bot's outbox at once: nothing else there waits behind more."""
MOST_WITHOUT_SUCCESS = 20
"""So many failures without a single success: the words are wrong, not the people."""

LONGEST: Final = 4096
"""Characters of a message as Telegram counts them: units of UTF-16."""
_LONGEST_NAME, _LONGEST_SHOP = 129 * 2, 64 * 2
_PLACE = re.compile(r"\{([^{}]*)\}")


def field_of(language: str) -> str:
    """The field of a form that holds the words in ``language``."""
    return f"words_{language}"


def words(typed: Mapping[str, str], *, shop_language: str) -> dict[str, str]:
    """What was written by language, as we keep it; the shop's own language must be there.

    Raises BadInput, whose field is that of the language.
    """
    kept: dict[str, str] = {}
    for language in LANGUAGES:
        text = normalise_text(typed.get(language, ""))
        if text:
            kept[language] = _checked(field_of(language), text)
    if shop_language not in kept:
        raise BadInput(field_of(shop_language), "words_required")
    return kept


def _checked(field: str, text: str) -> str:
    for name in _PLACE.findall(text):
        if name not in PLACES:
            raise BadInput(field, "unknown_placeholder", f"{{{name[:40]}}}")
    longest = filled(text, name="x" * _LONGEST_NAME, shop="x" * _LONGEST_SHOP)
    if len(longest.encode("utf-16-le", "surrogatepass")) // 2 > LONGEST:
        raise BadInput(field, "message_too_long", LONGEST)
    return text


def filled(text: str, *, name: str, shop: str) -> str:
    """What one person reads. What stands in a name is never a place itself."""
    values = {"name": name, "shop": shop}
    return _PLACE.sub(lambda found: values.get(found[1], found[0]), text)


def spoken(kept: Mapping[str, str], language: str, *, shop_language: str) -> str:
    """The words for somebody who reads ``language``; the shop's own where none were written in it."""
    return kept.get(language) or kept[shop_language]


def audience(text: str) -> str:
    """Raises BadInput."""
    if text not in AUDIENCES:
        raise BadInput("audience", "not_a_choice")
    return text


def start(at: datetime | None, *, now: datetime) -> datetime:
    """When it begins: never before the hold is over. Raises BadInput for a time gone by or too far ahead."""
    earliest = now + HOLD
    if at is None:
        return earliest
    if at < now - timedelta(minutes=1):
        raise BadInput("clock", "gone_by")
    if at > now + LATEST:
        raise BadInput("clock", "too_far")
    return max(at, earliest)


def minutes(people: int) -> int:
    """How long it takes at the safe rate, rounded up; at least one."""
    return max(1, -(-people // int(RATE * 60)))

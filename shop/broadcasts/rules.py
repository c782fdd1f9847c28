"""What may be said to many at once, and how fast. Pure."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from shop.errors import BadInput
from shop.formatting import normalise_text
from shop.i18n import LANGUAGES

FEATURE = "broadcasts"
PLACES = ("name", "shop")
"""What may stand in the words, in braces: the person's name and the shop's."""
AUDIENCES = ("everybody", "active", "ending", "expired", "never", "named")
HOLD = timedelta(seconds=30)
"""For so long nothing is sent after somebody said start: it can be taken back."""
LATEST = timedelta(days=30)
"""How far ahead a start may be set."""
RATE, TICK = 20.0, 0.25
"""Messages a second to one bot's people, unless its shop says otherwise; the seconds from one handful to the
next. A fifth of what Telegram bears stays for receipts and answers."""
BURST = RATE * TICK
RATE_KEY = "broadcast_rate"
QUIET_KEYS = ("broadcast_quiet_from", "broadcast_quiet_until")
ROOM = 10
"""Messages of a broadcast that wait in a bot's outbox at once: nothing else there waits behind more."""
MOST_WITHOUT_SUCCESS = 20
"""So many failures without a single success: the words are wrong, not the people."""

LONGEST: Final = 4096
"""Characters of a message as Telegram counts them: units of UTF-16, without the markup."""
LONGEST_UNDER_PICTURE: Final = 1024
LONGEST_LABEL: Final = 40
LONGEST_URL: Final = 256
TAGS = ("b", "i", "u", "s", "code")
"""The markup that may stand in the words; whatever else looks like it is shown as it is written."""
_LONGEST_NAME, _LONGEST_SHOP = 129 * 2, 64 * 2
_PLACE = re.compile(r"\{([^{}]*)\}")
_TAG = re.compile(rf"<(/?)({'|'.join(TAGS)})>")
_ESCAPED_TAG = re.compile(rf"&lt;(/?)({'|'.join(TAGS)})&gt;")


def field_of(language: str) -> str:
    """The field of a form that holds the words in ``language``."""
    return f"words_{language}"


def words(typed: Mapping[str, str], *, shop_language: str, has_picture: bool = False) -> dict[str, str]:
    """What was written by language, as we keep it; the shop's own language must be there.

    Raises BadInput, whose field is that of the language.
    """
    kept: dict[str, str] = {}
    for language in LANGUAGES:
        text = normalise_text(typed.get(language, ""))
        if text:
            kept[language] = _checked(field_of(language), text, has_picture=has_picture)
    if shop_language not in kept:
        raise BadInput(field_of(shop_language), "words_required")
    return kept


def _checked(field: str, text: str, *, has_picture: bool) -> str:
    for name in _PLACE.findall(text):
        if name not in PLACES:
            raise BadInput(field, "unknown_placeholder", f"{{{name[:40]}}}")
    still_open: list[str] = []
    for closes, name in _TAG.findall(text):
        if not closes and name not in still_open:
            still_open.append(name)
        elif not closes or not still_open or still_open.pop() != name:
            raise BadInput(field, "markup", f"<{closes}{name}>")
    if still_open:
        raise BadInput(field, "markup", f"<{still_open[-1]}>")
    most = LONGEST_UNDER_PICTURE if has_picture else LONGEST
    if longest(text) > most:
        raise BadInput(field, "caption_too_long" if has_picture else "message_too_long", most)
    return text


def longest(text: str) -> int:
    """How long a message can become with the longest names, as Telegram counts."""
    full = filled(_TAG.sub("", text), name="x" * _LONGEST_NAME, shop="x" * _LONGEST_SHOP)
    return len(full.encode("utf-16-le", "surrogatepass")) // 2


def filled(text: str, *, name: str, shop: str) -> str:
    """``text`` with its places filled. What stands in a name is never a place itself."""
    values = {"name": name, "shop": shop}
    return _PLACE.sub(lambda found: values.get(found[1], found[0]), text)


def as_html(text: str, *, name: str, shop: str) -> str:
    """What one person reads, as Telegram's HTML: of what is written only TAGS mean anything."""
    marked = _ESCAPED_TAG.sub(r"<\1\2>", html.escape(text, quote=False))
    return filled(marked, name=html.escape(name, quote=False), shop=html.escape(shop, quote=False))


def button(
    kind: str, *, labels: Mapping[str, str], url: str = "", plan_id: int | None = None, shop_language: str
) -> dict[str, Any]:
    """The button under the message as it is kept; empty for none.

    ``kind``: ``url``, ``plan`` or ``plans``, or nothing. Raises BadInput beside its field.
    """
    if not kind:
        return {}
    kept = {language: " ".join(normalise_text(labels.get(language, "")).split()) for language in LANGUAGES}
    label = {language: text for language, text in kept.items() if text}
    for language, text in label.items():
        if len(text) > LONGEST_LABEL:
            raise BadInput(f"label_{language}", "too_long", LONGEST_LABEL)
    if shop_language not in label:
        raise BadInput(f"label_{shop_language}", "required")
    if kind == "url":
        return {"label": label, "url": _address(url)}
    if kind == "plans":
        return {"label": label, "place": "plans"}
    if kind == "plan" and plan_id is not None:
        return {"label": label, "plan_id": plan_id}
    raise BadInput("button", "not_a_choice")


def _address(text: str) -> str:
    """A whole address of the web, as Telegram takes it under a button."""
    url = text.strip()
    if len(url) > LONGEST_URL:
        raise BadInput("button_url", "too_long", LONGEST_URL)
    try:
        parts = urlsplit(url)
        is_good = parts.scheme in ("http", "https") and "." in (parts.hostname or "") and url.isprintable()
    except ValueError:
        is_good = False
    if not is_good or " " in url:
        raise BadInput("button_url", "not_an_address")
    return url


def button_for(kept: Mapping[str, Any], language: str, *, shop_language: str) -> dict[str, Any]:
    """The button as one reader sees it; empty for none."""
    if not kept:
        return {}
    label = kept["label"].get(language) or kept["label"][shop_language]
    return {**kept, "label": label}


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


def minutes(people: int, rate: float = RATE) -> int:
    """How long it takes at so many a second, rounded up; at least one."""
    return max(1, -(-people // int(rate * 60)))

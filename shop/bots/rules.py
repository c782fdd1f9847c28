"""What a shop's particulars must look like. Pure: no database, no clock."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from shop.errors import BadInput
from shop.formatting import latin, normalise_text
from shop.i18n import LANGUAGES
from shop.money import Currency

LONGEST_NAME = 64
CALENDARS = ("jalali", "gregorian")
OPEN = ("active", "past_due", "restricted")
"""Statuses of a shop that serves its customers."""
ANSWERS = (*OPEN, "suspended", "frozen")
"""Statuses of a shop whose bot runs: a closed one says so, and is not silent."""

_TOKEN = re.compile(r"([0-9]{6,12}):[A-Za-z0-9_-]{35}", re.ASCII)
_USERNAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{3,31}", re.ASCII)
_TOPIC = re.compile(r"[1-9][0-9]{0,9}", re.ASCII)
_PUBLIC_ID_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
_PUBLIC_ID_LENGTH = 16


@dataclass(frozen=True, slots=True, repr=False)
class TelegramToken:
    """A bot's token in Telegram's own form. ``repr`` never shows it."""

    text: str
    telegram_bot_id: int

    def __repr__(self) -> str:
        return f"TelegramToken({self.telegram_bot_id})"


def parse_telegram_token(typed: str) -> TelegramToken:
    """The token a person pasted, as @BotFather writes it. Raises BadInput."""
    match = _TOKEN.fullmatch(typed.strip())
    if match is None:
        raise BadInput("telegram_bot_token", "not_a_telegram_token")
    return TelegramToken(match[0], int(match[1]))


def new_public_id() -> str:
    """Sixteen letters and digits (79 random bits) that nobody confuses when reading them aloud."""
    return "".join(secrets.choice(_PUBLIC_ID_ALPHABET) for _ in range(_PUBLIC_ID_LENGTH))


def name(typed: str) -> str:
    """A shop's name as we keep it. Raises BadInput when empty or too long."""
    clean = normalise_text(typed).replace("\n", " ")
    if not clean:
        raise BadInput("name", "required")
    if len(clean) > LONGEST_NAME:
        raise BadInput("name", "too_long", LONGEST_NAME)
    return clean


def username(typed: str | None, *, field: str = "username") -> str | None:
    """A Telegram @name without the sign, or None for nothing. Raises BadInput."""
    clean = (typed or "").strip().removeprefix("https://t.me/").removeprefix("@")
    if not clean:
        return None
    if _USERNAME.fullmatch(clean) is None:
        raise BadInput(field, "not_a_telegram_name")
    return clean


def topic(typed: int | str | None, *, field: str) -> int | None:
    """The number of a topic of the group, or None for none. Raises BadInput."""
    clean = latin(str(typed or "")).strip()
    if not clean:
        return None
    if _TOPIC.fullmatch(clean) is None:
        raise BadInput(field, "not_a_number")
    return int(clean)


def timezone(typed: str) -> str:
    """An IANA time zone. Raises BadInput."""
    try:
        return ZoneInfo(typed).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadInput("timezone", "unknown_timezone") from None


def language(typed: str) -> str:
    """A language we speak. Raises BadInput."""
    return _one_of("default_language", typed, LANGUAGES)


def calendar(typed: str) -> str:
    """Raises BadInput for a calendar we do not know."""
    return _one_of("calendar", typed, CALENDARS)


def currency(typed: str) -> str:
    """Raises BadInput for a currency we do not keep books in."""
    return _one_of("currency", typed, tuple(Currency))


def _one_of(field: str, typed: str, known: tuple[str, ...]) -> str:
    if typed not in known:
        raise BadInput(field, "not_a_choice")
    return str(typed)

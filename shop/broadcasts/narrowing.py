"""Whom among an audience a broadcast is for: the further conditions, all of which must hold. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from shop.errors import BadInput
from shop.formatting import latin
from shop.i18n import LANGUAGES

MOST_DAYS: Final = 365
MOST_NAMED: Final = 300
"""People in a list that was typed."""
ENDING, NAMED = "ending", "named"
"""Audiences that need ``days`` and ``named``."""
_NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)
_NAME = re.compile(r"@?([A-Za-z][A-Za-z0-9_]{2,31})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Narrowing:
    """None, nought and nothing narrow nothing."""

    days: int | None = None
    """For ``ending``: within so many days."""
    plan_id: int | None = None
    language: str | None = None
    """What the customer reads."""
    spent_from: int = 0
    """At least so much spent on purchases, in minor units."""
    named: tuple[str, ...] = ()
    """For ``named``: numbers at Telegram, and usernames in small letters."""

    def as_kept(self) -> dict[str, Any]:
        """As it lies in the database: only what narrows."""
        return {key: value for key, value in asdict(self).items() if value}

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Narrowing:
        return cls(**{**kept, "named": tuple(kept.get("named", ()))})


EVERYONE = Narrowing()


def check(audience: str, typed: Narrowing) -> Narrowing:
    """``typed`` without what has no meaning for ``audience``. Raises BadInput beside its field."""
    if typed.language is not None and typed.language not in LANGUAGES:
        raise BadInput("reads", "not_a_choice")
    if typed.spent_from < 0:
        raise BadInput("spent_from", "too_small", 0)
    if audience == ENDING:
        if typed.days is None or typed.days < 1:
            raise BadInput("days", "too_small", 1)
        if typed.days > MOST_DAYS:
            raise BadInput("days", "too_large", MOST_DAYS)
    if audience == NAMED and not typed.named:
        raise BadInput("named", "required")
    return Narrowing(
        days=typed.days if audience == ENDING else None,
        plan_id=typed.plan_id,
        language=typed.language,
        spent_from=typed.spent_from,
        named=typed.named if audience == NAMED else (),
    )


def people_in(text: str) -> tuple[str, ...]:
    """The people a typed list names, each once: numbers at Telegram and @usernames, with anything between.

    Raises BadInput for what is neither, and for too many.
    """
    found: dict[str, None] = {}
    for word in re.split(r"[\s,;،؛]+", latin(text)):
        if not word:
            continue
        name = _NAME.fullmatch(word)
        if name is None and _NUMBER.fullmatch(word) is None:
            raise BadInput("named", "not_a_person", word[:40])
        found[word if name is None else name[1].lower()] = None
    if len(found) > MOST_NAMED:
        raise BadInput("named", "too_many", MOST_NAMED)
    return tuple(found)

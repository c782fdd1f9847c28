"""JSON as PostgreSQL can keep it: text from outside may hold two things that a ``jsonb`` refuses."""

from __future__ import annotations

import json
import re
from typing import Any

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
"""NUL, and halves of a surrogate pair: JSON can write them, no database of ours can."""


def to_json(value: Any) -> str:
    """``value`` as JSON, without what cannot be stored.

    Left in, one such character in one message would make every update fetched with it unstorable, again
    and again, and so silence a shop's bot for good.
    """
    text = json.dumps(value, ensure_ascii=False)
    if "\\u0000" in text or _UNSTORABLE.search(text):
        return json.dumps(_storable(value), ensure_ascii=False)
    return text


def _storable(value: Any) -> Any:
    match value:
        case str():
            return _UNSTORABLE.sub("", value)
        case dict():
            return {_storable(key): _storable(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_storable(inner) for inner in value]
        case _:
            return value

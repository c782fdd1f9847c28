"""What a shop's own sentence may be. Pure.

A sentence is kept in the form of the catalogues: ``%(name)s`` is a place, ``%%`` a per cent sign. A person
sees and types ``{name}`` and ``%``. Nothing else in it means anything: it is never a template.
"""

from __future__ import annotations

import re

from shop.errors import BadInput
from shop.formatting import normalise_text

TAGS = ("b", "i", "u", "s", "code")
"""Of what Telegram takes: those that are harmless in the middle of a line of ours."""
LONGEST = 4096
"""Characters of a message as Telegram counts them: in units of UTF-16, without the markup."""
_PLACE = re.compile(r"%\((\w+)\)s")
_TYPED_PLACE = re.compile(r"\{([^{}]*)\}")
_TAG = re.compile(r"<(/?)([a-z]+)>")


def places(sentence: str) -> tuple[str, ...]:
    """The names of what is put into a sentence, each once, in the order in which they come."""
    return tuple(dict.fromkeys(_PLACE.findall(sentence)))


def as_typed(sentence: str) -> str:
    """A sentence of the catalogues as a person reads and types it."""
    return _PLACE.sub(r"{\1}", sentence).replace("%%", "%")


def check(field: str, original: str, typed: str) -> str:
    """The sentence as it is kept; empty for none of one's own.

    It must have the places of ``original``, every one and no other, and of markup only TAGS, closed in
    their order. Raises BadInput, whose limit is the place or the tag that is wrong.
    """
    clean = normalise_text(typed)
    if not clean:
        return ""
    wanted, given = places(original), _TYPED_PLACE.findall(clean)
    for name in given:
        if name not in wanted:
            raise BadInput(field, "unknown_placeholder", f"{{{name[:40]}}}")
    for name in wanted:
        if name not in given:
            raise BadInput(field, "missing_placeholder", f"{{{name}}}")
    _check_markup(field, clean)
    return _TYPED_PLACE.sub(r"%(\1)s", clean.replace("%", "%%"))


def _check_markup(field: str, text: str) -> None:
    still_open: list[str] = []
    end = 0
    for found in _TAG.finditer(text):
        if "<" in text[end : found.start()]:
            break
        end = found.end()
        closes, name = found[1] == "/", found[2]
        if name not in TAGS or (not closes and (name in still_open or "code" in still_open)):
            raise BadInput(field, "markup", found[0])
        if not closes:
            still_open.append(name)
        elif not still_open or still_open.pop() != name:
            raise BadInput(field, "markup", found[0])
    if "<" in text[end:]:
        raise BadInput(field, "markup", "<")
    if still_open:
        raise BadInput(field, "markup", f"<{still_open[-1]}>")


def length(text: str) -> int:
    """Of a text without markup, as Telegram counts."""
    return len(text.encode("utf-16-le")) // 2

"""Reading pasted and uploaded stock, and how full a shelf is. Pure."""

from __future__ import annotations

import codecs
import re
from typing import Literal

LONGEST_LINE = 3_500
"""Characters: a line travels inside one Telegram message (4096) with words around it."""
LARGEST_TEXT = 2**20
"""Bytes of one file, characters of one paste."""
MOST_LINES = 10_000
"""Lines put on a shelf at once."""

ShelfState = Literal["enough", "low", "empty"]

_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
# Never part of a line: left behind by editors (also in the middle, where files were joined) and by copying.
_LEFT_BEHIND = str.maketrans("", "", "\x00\ufeff")


def split_lines(pasted: str) -> list[str]:
    """The access lines in what an owner pasted or uploaded: one a line, blanks left out.

    Raises ValueError, naming the line's number, for one that is too long to be sent.
    """
    lines = []
    for number, raw in enumerate(pasted.translate(_LEFT_BEHIND).splitlines(), start=1):
        line = raw.strip()
        if len(line) > LONGEST_LINE:
            raise ValueError(number)
        if line:
            lines.append(line)
    return lines


def decode(content: bytes) -> str:
    """What stands in an uploaded file: UTF-8, with its mark or without, or what Windows calls Unicode.

    Raises ValueError for what is no text.
    """
    is_utf16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    text = content.decode("utf-16" if is_utf16 else "utf-8-sig")
    if _CONTROL.search(text):
        raise ValueError("control characters")
    return text


def shelf_state(free: int, low_at: int) -> ShelfState:
    """``low_at``: the number of lines at which the owner wants to be warned."""
    if free == 0:
        return "empty"
    return "low" if free <= low_at else "enough"

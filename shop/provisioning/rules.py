"""Reading pasted stock. Pure."""

from __future__ import annotations

LONGEST_LINE = 3_500
"""Characters: a line travels inside one Telegram message (4096) with words around it."""


def split_lines(pasted: str) -> list[str]:
    """The access lines in what an owner pasted or uploaded: one a line, blanks left out.

    Raises ValueError, naming the line's number, for one that is too long to be sent.
    """
    lines = []
    for number, raw in enumerate(pasted.replace("\x00", "").splitlines(), start=1):
        line = raw.strip()
        if len(line) > LONGEST_LINE:
            raise ValueError(number)
        if line:
            lines.append(line)
    return lines

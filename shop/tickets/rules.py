"""What a ticket may hold and how it stands. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from shop.errors import BadInput
from shop.formatting import normalise_text

Sender = Literal["customer", "staff", "note"]
WAITING, ANSWERED, CLOSED = "waiting_staff", "waiting_user", "closed"

LONGEST_QUESTION = 4096
"""Characters a customer can send at once: Telegram's own bound."""
LONGEST_ANSWER = 1500
"""Characters of an answer: with its heading, and emoji counted twice, below Telegram's bound."""
LONGEST_CAPTION = 400
"""Characters of an answer that goes below a picture, counted likewise."""
LONGEST_SUBJECT = 80
LONGEST_TITLE = 60
MOST_UNANSWERED = 30
"""Messages a customer can send before somebody answers: nobody can fill the shelf by himself."""
MOST_REPLIES = 100
"""Canned replies of one shop."""


NOT_YET, HALF, WHOLE = 0, 1, 2
"""How much of the time that the shop set itself was brought to mind."""
Urgency = Literal["calm", "soon", "late"]


def urgency(since: datetime, now: datetime, *, within_hours: int) -> Urgency:
    """How long somebody waits beside what the shop has set itself: soon too late from half of it on."""
    waited, within = now - since, timedelta(hours=within_hours)
    if waited >= within:
        return "late"
    return "soon" if waited * 2 >= within else "calm"


def reminder(since: datetime, now: datetime, *, within_hours: int) -> int:
    """Of which part of its time the team should have been told by now: 0 nothing, 1 half of it, 2 all."""
    return {"calm": NOT_YET, "soon": HALF, "late": WHOLE}[urgency(since, now, within_hours=within_hours)]


def subject_of(words: str) -> str:
    """How a ticket is called in lists: the beginning of its first line."""
    line = words.partition("\n")[0].strip()
    return line if len(line) <= LONGEST_SUBJECT else f"{line[: LONGEST_SUBJECT - 1].rstrip()}…"


def asked(text: str | None, *, has_picture: bool) -> str:
    """A customer's words as we keep them; a picture needs none. Raises BadInput."""
    words = normalise_text(text or "")[:LONGEST_QUESTION]
    if not words and not has_picture:
        raise BadInput("words", "required")
    return words


def drafted(text: str) -> str:
    """Words that are not finished, as the box holds them; empty where there are none. Raises BadInput."""
    # A browser sends two signs for the end of a line and counts one; PostgreSQL keeps no NUL.
    words = text.replace("\r\n", "\n").replace("\0", "")
    if len(words) > LONGEST_ANSWER:
        raise BadInput("words", "too_long", LONGEST_ANSWER)
    return words if words.strip() else ""


def answered(text: str, *, has_picture: bool) -> str:
    """The shop's words as we keep them; a picture needs none, and leaves less room. Raises BadInput."""
    words = normalise_text(text)
    if not words and not has_picture:
        raise BadInput("words", "required")
    longest = LONGEST_CAPTION if has_picture else LONGEST_ANSWER
    if len(words) > longest:
        raise BadInput("words", "too_long", longest)
    return words

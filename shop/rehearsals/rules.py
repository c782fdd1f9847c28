"""What a rehearsal takes over from its shop, and how long it lasts. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

LASTS = timedelta(hours=1)
LINES = 20
"""What lies on each of its shelves: more than anybody tries."""
LEFT_OUT = ("support_tickets",)
"""Switches that are off in it: nobody would read what is asked there."""

Missing = Literal["telegram", "bot", "card", "plan"]


def line(number: int, plan: str) -> str:
    """What is handed over: nothing that opens anything, and it says so."""
    return f"TEST-{number:02d} · {plan} · آزمایشی، چیزی فعال نشد · a test, nothing was activated"

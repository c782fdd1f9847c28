"""Plans to begin with: what most shops sell, all but the price. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Example:
    """One plan as its form is filled in. Volume in GB, 0 without bound; devices at the same time."""

    key: str
    names: Mapping[str, str]
    period_days: int
    traffic_limit_gb: int
    device_limit: int


EXAMPLES: tuple[Example, ...] = (
    Example("month", {"fa": "یک‌ماهه ۵۰ گیگ", "en": "1 month, 50 GB"}, 30, 50, 2),
    Example("quarter", {"fa": "سه‌ماهه ۱۲۰ گیگ", "en": "3 months, 120 GB"}, 90, 120, 2),
    Example("unlimited", {"fa": "یک‌ماهه نامحدود", "en": "1 month, unlimited"}, 30, 0, 1),
)
"""The usual one first. What a plan costs only its owner knows."""


def example_of(key: str | None) -> Example | None:
    """The one an address asks for; None for anything else."""
    return next((one for one in EXAMPLES if one.key == key), None)

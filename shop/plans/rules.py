"""What a plan must look like, how it reads in a language, how it is frozen when sold. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from shop.errors import BadInput
from shop.formatting import normalise_text
from shop.i18n import LANGUAGES

LONGEST_NAME = 64
LONGEST_DESCRIPTION = 1_000
LARGEST_PRICE = 10**12
"""Minor units."""
LONGEST_PERIOD = 3_650
"""Days."""
LARGEST_TRAFFIC = 1_000_000
"""Gigabytes."""
MOST_DEVICES = 1_000
MOST_PER_PERSON = 1_000
RENEWAL_POLICIES = ("extend", "reset", "reset_volume_keep_time")
STEPS = (1, 100, 500, 1_000)
"""What prices may be rounded to when many change at once."""
MOST_UP = 1_000
MOST_DOWN = 99
"""Per cent."""
TRANSLATED = {"name": LONGEST_NAME, "description": LONGEST_DESCRIPTION}


class Named(Protocol):
    """What has a name in the shop's own words, and perhaps in other languages."""

    @property
    def name(self) -> str: ...

    @property
    def translations(self) -> Mapping[str, Any]: ...


class Plan(Protocol):
    """What the rules need to know of a plan, wherever it is kept."""

    id: Any
    name: Any
    description: Any
    translations: Any
    period_days: Any
    price: Any
    traffic_limit_gb: Any
    device_limit: Any
    provisioner: Any
    renewal_policy: Any


def snapshot(plan: Plan) -> dict[str, Any]:
    """Everything an order is sold with, as plain JSON: no later edit of the plan changes it."""
    return {
        "plan_id": plan.id,
        "name": plan.name,
        "description": plan.description,
        "translations": dict(plan.translations),
        "period_days": plan.period_days,
        "traffic_limit_gb": plan.traffic_limit_gb,
        "device_limit": plan.device_limit,
        "list_price": plan.price,
        "provisioner": plan.provisioner,
        "renewal_policy": plan.renewal_policy,
    }


def localised(plan: Plan, language: str) -> tuple[str, str]:
    """Name and description in ``language``; the shop's own words where it wrote none."""
    words = plan.translations.get(language, {})
    return words.get("name") or plan.name, words.get("description") or plan.description


def named(thing: Named, language: str) -> str:
    """The name in ``language``; the shop's own where it wrote none."""
    return str(thing.translations.get(language, {}).get("name") or thing.name)


def name(typed: str) -> str:
    """Raises BadInput when empty or too long."""
    clean = normalise_text(typed).replace("\n", " ")
    if not clean:
        raise BadInput("name", "required")
    return _not_longer("name", clean, LONGEST_NAME)


def description(typed: str) -> str:
    """Raises BadInput when too long."""
    return _not_longer("description", normalise_text(typed), LONGEST_DESCRIPTION)


def _not_longer(field: str, text: str, limit: int) -> str:
    if len(text) > limit:
        raise BadInput(field, "too_long", limit)
    return text


def translations(typed: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """Words per language as we keep them; empty ones are left out. Raises BadInput."""
    kept: dict[str, dict[str, str]] = {}
    for language, words in typed.items():
        if language not in LANGUAGES:
            raise BadInput("translations", "unknown_language", language)
        for field in words:
            if field not in TRANSLATED:
                raise BadInput("translations", "unknown_field", field)
        clean = {
            field: _not_longer(f"{field}_{language}", normalise_text(words[field]), limit)
            for field, limit in TRANSLATED.items()
            if words.get(field)
        }
        if any(clean.values()):
            kept[language] = {field: text for field, text in clean.items() if text}
    return kept


def price(value: int) -> int:
    """At least one minor unit: what costs nothing is a trial. Raises BadInput."""
    return between("price", value, least=1, most=LARGEST_PRICE)


def old_price(value: int | None) -> int | None:
    """None and 0 are none. Whether it is above the price, ``above`` knows. Raises BadInput."""
    return between("old_price", value, least=1, most=LARGEST_PRICE) if value else None


def above(old: int | None, price: int) -> None:
    """What is shown struck through beside ``price`` is more than it. Raises BadInput."""
    if old is not None:
        between("old_price", old, least=price + 1, most=LARGEST_PRICE)


def still_above(old: int | None, price: int) -> int | None:
    """``old`` where it is more than a new ``price``; else none: that price is no reduction any more."""
    return old if old is not None and old > price else None


@dataclass(frozen=True, slots=True)
class Repricing:
    """One change of many prices: ``percent`` up, or down when negative; prices are rounded to ``step``."""

    percent: int
    step: int
    """Minor units."""

    def __post_init__(self) -> None:
        """Raises BadInput."""
        if self.percent == 0:
            raise BadInput("percent", "too_small", 1)
        most = MOST_UP if self.percent > 0 else MOST_DOWN
        between("percent", abs(self.percent), least=1, most=most)
        if self.step not in STEPS:
            raise BadInput("step", "not_a_choice")

    def of(self, before: int) -> int:
        """What ``before`` becomes: to the nearest step, a half upwards, and never less than one step.

        Raises BadInput when that is more than a plan may cost.
        """
        exact = before * (100 + self.percent)
        nearest = (2 * exact + 100 * self.step) // (200 * self.step) * self.step
        return between("percent", max(nearest, self.step), least=1, most=LARGEST_PRICE)


def period_days(value: int) -> int:
    """Raises BadInput."""
    return between("period_days", value, least=1, most=LONGEST_PERIOD)


def traffic_limit_gb(value: int) -> int:
    """0 is unlimited. Raises BadInput."""
    return between("traffic_limit_gb", value, least=0, most=LARGEST_TRAFFIC)


def device_limit(value: int) -> int:
    """0 is unlimited. Raises BadInput."""
    return between("device_limit", value, least=0, most=MOST_DEVICES)


def most_per_person(value: int) -> int:
    """0 is any number of times. Raises BadInput."""
    return between("most_per_person", value, least=0, most=MOST_PER_PERSON)


def group_id(value: int | None) -> int | None:
    """As it is: whether the shop has such a group only the database knows."""
    return value


def low_stock_at(value: int) -> int:
    """Raises BadInput."""
    return between("low_stock_at", value, least=0, most=10_000)


def sort_order(value: int) -> int:
    """Raises BadInput."""
    return between("sort_order", value, least=0, most=10_000)


def renewal_policy(value: str) -> str:
    """Raises BadInput."""
    if value not in RENEWAL_POLICIES:
        raise BadInput("renewal_policy", "not_a_choice")
    return value


def between(field: str, value: int, *, least: int, most: int) -> int:
    """``value`` itself when it lies in its bounds. Raises BadInput."""
    if value < least:
        raise BadInput(field, "too_small", least)
    if value > most:
        raise BadInput(field, "too_large", most)
    return value

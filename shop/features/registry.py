"""Every switch, declared once, and the rule that says whether it is on. Pure.

Effective = granted (by the platform) and enabled (by the owner) and not killed (by the master) and
everything it needs is on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from shop.errors import NotFound
from shop.features.catalogue import FEATURES, Feature

__all__ = ("BUILT", "BY_KEY", "FEATURES", "Feature", "FeatureState", "Flag", "Reason", "find")

Reason = Literal["not_granted", "grant_ended", "disabled", "killed", "needs"]
"""The first layer that says no, in the order in which they are asked."""

BY_KEY: Mapping[str, Feature] = {feature.key: feature for feature in FEATURES}

BUILT = ("broadcasts", "card_to_card", "support_contact", "support_tickets", "ticket_sla")
"""Those that something asks before it acts: a switch is shown to an owner only where it turns something."""


def find(key: str) -> Feature:
    """The declaration of ``key``. Raises NotFound for a key that nobody declared."""
    feature = BY_KEY.get(key)
    if feature is None:
        raise NotFound("feature", key)
    return feature


@dataclass(frozen=True, slots=True)
class Flag:
    """What one shop's row says about one switch; an absent row says what the defaults here say."""

    enabled: bool | None = None
    """The owner's choice; None where he made none and the registry decides."""
    granted: bool = True
    granted_until: datetime | None = None
    killed: bool = False


@dataclass(frozen=True, slots=True)
class FeatureState:
    """One shop's answer for every switch at one instant: what the bot obeys."""

    now: datetime
    flags: Mapping[str, Flag] = field(default_factory=dict)

    def is_on(self, key: str, now: datetime | None = None) -> bool:
        """Whether the shop offers ``key``, at the instant of loading unless told another."""
        return self.why_off(key, now) is None

    def why_off(self, key: str, now: datetime | None = None) -> Reason | None:
        """The first condition that fails, or None when the switch is on. Raises NotFound."""
        feature, flag = find(key), self.flags.get(key, Flag())
        if not flag.granted:
            return "not_granted"
        if flag.granted_until is not None and flag.granted_until <= (now or self.now):
            return "grant_ended"
        if not (feature.default if flag.enabled is None else flag.enabled):
            return "disabled"
        if flag.killed:
            return "killed"
        if not all(self.is_on(need, now) for need in feature.needs):
            return "needs"
        return None

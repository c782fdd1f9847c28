"""Read a plan as it was sold: the snapshot in an order, which no later edit touches. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def name(snapshot: Mapping[str, Any], language: str) -> str:
    """The name the plan was sold under, in ``language`` where the shop wrote one."""
    translated = snapshot.get("translations", {}).get(language, {})
    return str(translated.get("name") or snapshot["name"])

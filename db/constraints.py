"""The few constraints every table of a shop repeats, written once."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import CheckConstraint, ForeignKeyConstraint


def one_of(column: str, values: Iterable[str]) -> CheckConstraint:
    """A status is text with a CHECK: readable in psql, and a new value is one migration away."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_known")


def belongs(column: str, target: str) -> ForeignKeyConstraint:
    """A link inside one shop: the key carries ``bot_id``, so it cannot point into another shop."""
    return ForeignKeyConstraint(["bot_id", column], [f"{target}.bot_id", f"{target}.id"], ondelete="RESTRICT")

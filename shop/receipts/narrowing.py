"""Part of the queue alone: what a reviewer narrowed it to, as conditions of the desk's statements."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, bindparam

from db.models import CardToCardPayment


@dataclass(frozen=True, slots=True)
class Narrowed:
    """Which of the receipts that wait; None is all of them. Amounts in minor units, both ends included."""

    card: int | None = None
    least: int | None = None
    most: int | None = None
    customer: int | None = None

    def __bool__(self) -> bool:
        return bool(self.given)

    @property
    def given(self) -> Mapping[str, int]:
        """What was asked for, by the names an address has for it."""
        found = ((one.name, getattr(self, one.name)) for one in fields(self))
        return {name: value for name, value in found if value is not None}


ALL = Narrowed()
FIELDS = tuple(one.name for one in fields(Narrowed))
_PREFIX = "narrowed_"
_Condition = Callable[[Any, ColumnElement[int]], ColumnElement[bool]]
_CONDITIONS: Mapping[str, _Condition] = {
    "card": lambda payment, value: payment.card_id == value,
    "least": lambda payment, value: payment.expected_amount >= value,
    "most": lambda payment, value: payment.expected_amount <= value,
    "customer": lambda payment, value: payment.user_id == value,
}


def conditions(names: Sequence[str]) -> list[ColumnElement[bool]]:
    """For a statement that is compiled once; the values are told to it when it runs."""
    return [
        _CONDITIONS[name](CardToCardPayment, bindparam(_PREFIX + name, type_=BigInteger)) for name in names
    ]


def values(narrowed: Narrowed) -> dict[str, int]:
    """The parameters of such a statement."""
    return {_PREFIX + name: value for name, value in narrowed.given.items()}

"""Long lists in pieces, by key: the hundredth page costs what the first does. Pure but for the statement."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar

from sqlalchemy import Select, literal, tuple_
from sqlalchemy.orm import InstrumentedAttribute

PAGE_ROWS = 50
PIECE_ROWS = 1_000
"""Rows that a file of a list is read by."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PLACE = re.compile(r"([0-9]{1,17})-([1-9][0-9]{0,18})", re.ASCII)
_LARGEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Place:
    """The last row somebody has seen: when it happened and its number, to tell two of an instant apart."""

    moment: datetime
    id: int

    def __str__(self) -> str:
        return f"{(self.moment - _EPOCH) // timedelta(microseconds=1)}-{self.id}"

    @classmethod
    def parse(cls, text: str) -> Place | None:
        """The place that an address names; None for what names none, which is the beginning."""
        found = _PLACE.fullmatch(text)
        if found is None or int(found[2]) > _LARGEST:
            return None
        return cls(_EPOCH + timedelta(microseconds=int(found[1])), int(found[2]))


Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Some rows in their order, and where the next ones begin; None after the last."""

    rows: Sequence[Row]
    following: Place | None


def piece(
    statement: Select[Any],
    moment: InstrumentedAttribute[datetime],
    key: InstrumentedAttribute[int],
    *,
    after: Place | None,
    newest_first: bool,
    rows: int,
) -> Select[Any]:
    """``rows`` rows behind ``after`` in their order, and one more: it tells whether there is a next page."""
    if after is not None:
        here, seen = tuple_(moment, key), tuple_(literal(after.moment), literal(after.id))
        statement = statement.where(here < seen if newest_first else here > seen)
    order = (moment.desc(), key.desc()) if newest_first else (moment, key)
    return statement.order_by(*order).limit(rows + 1)

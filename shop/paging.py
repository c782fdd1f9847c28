"""Long lists in pieces, by key: the hundredth page costs what the first does. Pure but for the statement."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar

from sqlalchemy import BigInteger, ColumnElement, DateTime, Select, bindparam, literal, tuple_
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


Asked = tuple[ColumnElement[datetime], ColumnElement[int]]
ASKED: Asked = (
    bindparam("after_moment", type_=DateTime(timezone=True)),
    bindparam("after_id", type_=BigInteger),
)
"""A place that a statement compiled once is given with each execution, by ``place_values``."""


def place_values(after: Place | None) -> dict[str, Any]:
    return {} if after is None else {"after_moment": after.moment, "after_id": after.id}


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
    after: Place | Asked | None,
    newest_first: bool,
    rows: int,
) -> Select[Any]:
    """``rows`` rows behind ``after`` in their order, and one more: it tells whether there is a next page."""
    if after is not None:
        last = (literal(after.moment), literal(after.id)) if isinstance(after, Place) else after
        here, seen = tuple_(moment, key), tuple_(*last)
        statement = statement.where(here < seen if newest_first else here > seen)
    return statement.order_by(*_order(moment, key, newest_first=newest_first)).limit(rows + 1)


def filled(
    statement: Select[Any],
    chosen: Select[Any],
    moment: InstrumentedAttribute[datetime],
    key: InstrumentedAttribute[int],
    *,
    after: Place | Asked | None,
    newest_first: bool,
    rows: int,
) -> Select[Any]:
    """A ``piece`` of what is ``chosen``, which selects keys alone, with whatever ``statement`` shows of it.

    The keys are found before anything is joined: the wall's condition does not tell PostgreSQL how many rows
    pass it, so it expects hardly any, and would read every row of the shop to show fifty of them.
    """
    page = piece(chosen, moment, key, after=after, newest_first=newest_first, rows=rows).subquery("page")
    return statement.join(page, page.c.id == key).order_by(*_order(moment, key, newest_first=newest_first))


def _order(
    moment: InstrumentedAttribute[datetime], key: InstrumentedAttribute[int], *, newest_first: bool
) -> tuple[ColumnElement[Any], ...]:
    return (moment.desc(), key.desc()) if newest_first else (moment.asc(), key.asc())

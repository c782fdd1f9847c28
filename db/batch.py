"""Many rows of many tables in one statement, and with them the signals to other processes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import TextClause, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import JSONB

from db.base import Base
from db.json_text import to_json

_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy left it untyped
_SIGNALS = """SELECT pg_notify(s.channel, s.payload)
FROM unnest(CAST(:channels AS TEXT[]), CAST(:payloads AS TEXT[])) AS s(channel, payload)"""


class Into(NamedTuple):
    """Where rows go. A row whose values of ``unless_there`` (a unique key) exist already is left out."""

    model: type[Base]
    columns: tuple[str, ...]
    unless_there: tuple[str, ...] = ()


def one_statement(
    rows: Mapping[Into, Sequence[tuple[Any, ...]]], signals: Sequence[tuple[str, str]]
) -> tuple[TextClause, dict[str, Any]]:
    """The statement that inserts ``rows`` (in their order) and sends ``signals`` (channel, payload).

    Its text depends on the tables alone, not on how many rows there are, so that it is prepared once.
    """
    values: dict[str, Any] = {
        "channels": [channel for channel, _ in signals],
        "payloads": [payload for _, payload in signals],
    }
    for place, (into, given) in enumerate(rows.items()):
        for column, column_values in zip(into.columns, zip(*given, strict=True), strict=True):
            values[f"{column}_{place}"] = _as_given(into, column, column_values)
    return _text(tuple(rows)), values


def _as_given(into: Into, column: str, values: tuple[Any, ...]) -> list[Any]:
    if isinstance(into.model.__table__.c[column].type, JSONB):
        return [to_json(value) for value in values]
    return list(values)


@lru_cache(maxsize=64)
def _text(places: tuple[Into, ...]) -> TextClause:
    inserts = ", ".join(f"rows_{place} AS ({_insert(into, place)})" for place, into in enumerate(places))
    return text(f"WITH {inserts} {_SIGNALS}" if inserts else _SIGNALS)


def _insert(into: Into, place: int) -> str:
    table = into.model.__table__
    arrays = ", ".join(
        f"CAST(:{column}_{place} AS {table.c[column].type.compile(_DIALECT)}[])" for column in into.columns
    )
    statement = (
        f"INSERT INTO {table.fullname} ({', '.join(into.columns)}) "  # type: ignore[attr-defined]  # noqa: S608
        f"SELECT given.* FROM unnest({arrays}) AS given"
    )
    if into.unless_there:
        statement += f" ON CONFLICT ({', '.join(into.unless_there)}) DO NOTHING"
    return statement

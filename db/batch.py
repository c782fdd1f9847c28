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


class Upon(NamedTuple):
    """Which rows are changed: those of ``where`` (a unique key); the other ``columns`` are what is set."""

    model: type[Base]
    columns: tuple[str, ...]
    where: tuple[str, ...]


Place = Into | Upon


def one_statement(
    rows: Mapping[Place, Sequence[tuple[Any, ...]]], signals: Sequence[tuple[str, str]]
) -> tuple[TextClause, dict[str, Any]]:
    """The statement that writes ``rows`` (in their order) and sends ``signals`` (channel, payload).

    Its parts do not see each other: a row that is inserted or changed here must not be changed a second time.

    Its text depends on the tables alone, not on how many rows there are, so that it is prepared once.
    """
    values: dict[str, Any] = {
        "channels": [channel for channel, _ in signals],
        "payloads": [payload for _, payload in signals],
    }
    for number, (place, given) in enumerate(rows.items()):
        for column, column_values in zip(place.columns, zip(*given, strict=True), strict=True):
            values[f"{column}_{number}"] = _as_given(place, column, column_values)
    return _text(tuple(rows)), values


def _as_given(place: Place, column: str, values: tuple[Any, ...]) -> list[Any]:
    if isinstance(place.model.__table__.c[column].type, JSONB):
        return [to_json(value) for value in values]
    return list(values)


@lru_cache(maxsize=64)
def _text(places: tuple[Place, ...]) -> TextClause:
    parts = ", ".join(
        f"rows_{number} AS ({_insert(place, number) if isinstance(place, Into) else _update(place, number)})"
        for number, place in enumerate(places)
    )
    return text(f"WITH {parts} {_SIGNALS}" if parts else _SIGNALS)


def _insert(into: Into, number: int) -> str:
    statement = (
        f"INSERT INTO {_name(into)} ({', '.join(into.columns)}) "  # noqa: S608  (names of ours)
        f"SELECT given.* FROM {_given(into, number)}"
    )
    if into.unless_there:
        statement += f" ON CONFLICT ({', '.join(into.unless_there)}) DO NOTHING"
    return statement


def _update(upon: Upon, number: int) -> str:
    changes = ", ".join(f"{column} = given.{column}" for column in upon.columns if column not in upon.where)
    key = " AND ".join(f"changed.{column} = given.{column}" for column in upon.where)
    return (
        f"UPDATE {_name(upon)} AS changed SET {changes} "  # noqa: S608  (names of ours)
        f"FROM {_given(upon, number)} WHERE {key}"
    )


def _given(place: Place, number: int) -> str:
    columns = place.model.__table__.c
    arrays = ", ".join(
        f"CAST(:{name}_{number} AS {columns[name].type.compile(_DIALECT)}[])" for name in place.columns
    )
    return f"unnest({arrays}) AS given({', '.join(place.columns)})"


def _name(place: Place) -> str:
    return str(place.model.__tablename__)

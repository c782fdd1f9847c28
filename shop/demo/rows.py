"""Put thousands of rows into a table of the unit's shop with one statement, past the ORM, not past the wall.

COPY would be quicker still, but PostgreSQL refuses it on tables with row-level security.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import TextClause, text
from sqlalchemy.dialects import postgresql

from db.base import BotOwned
from shop.unit_of_work import UnitOfWork

_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy left it untyped


async def reserve(uow: UnitOfWork, model: type[BotOwned], count: int) -> list[int]:
    """``count`` keys of a table, ascending, for rows that must know each other before they are there."""
    statement = text("SELECT nextval(pg_get_serial_sequence(:of, 'id')) FROM generate_series(1, :count)")
    return sorted(await uow.session.scalars(statement, {"of": model.__tablename__, "count": count}))


async def put(
    uow: UnitOfWork,
    model: type[BotOwned],
    columns: tuple[str, ...],
    rows: Sequence[tuple[object, ...]],
    **same: object,
) -> None:
    """Insert ``rows`` (values in the order of ``columns``); ``same`` holds what is alike in all of them.

    The shop is the unit's. A JSON value is given as its text.
    """
    if not rows:
        return
    values: dict[str, Any] = dict(zip(columns, map(list, zip(*rows, strict=True)), strict=True))
    same["bot_id"] = uow.bot_id
    await uow.session.execute(_insert(model, columns, tuple(same)), values | same)


@lru_cache
def _insert(model: type[BotOwned], columns: tuple[str, ...], same: tuple[str, ...]) -> TextClause:
    types = {column.key: column.type.compile(_DIALECT) for column in model.__table__.columns}
    arrays = ", ".join(f"CAST(:{name} AS {types[name]}[])" for name in columns)
    alike = "".join(f", CAST(:{name} AS {types[name]})" for name in same)
    statement = (
        f"INSERT INTO {model.__tablename__} ({', '.join(columns + same)}) "  # noqa: S608  (names of ours)
        f"SELECT given.*{alike} FROM unnest({arrays}) AS given"
    )
    return text(statement)

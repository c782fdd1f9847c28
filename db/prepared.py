"""A statement compiled once, for what runs with every update and every decision.

SQLAlchemy 2.0 keeps the SQL of a SELECT or UPDATE in a cache, but never that of PostgreSQL's own INSERT
(``postgresql.dml.Insert.inherit_cache`` is False), nor of a statement that has one inside: it is compiled
anew for every execution, which takes half a millisecond to six. And of what it does keep, finding it in the
cache is a good part of what a small statement costs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    SQLColumnExpression,
    TextClause,
    bindparam,
    column,
    literal,
    text,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.sql.selectable import TextualSelect

_DIALECT = postgresql.dialect(paramstyle="named")  # type: ignore[no-untyped-call]  # SQLAlchemy left it untyped
_BEFORE_CAST = re.compile(r"(?<!:)(:\w+)(?=::)")


def among(values: SQLColumnExpression[Any], known: Iterable[str]) -> ColumnElement[bool]:
    """``values.in_(known)`` for such a statement; plainly said, ``in_`` is spelled out at each execution."""
    return values.in_([literal(one) for one in known])


def compiled_once(statement: UpdateBase | Select[Any]) -> TextClause | TextualSelect:
    """The same statement as text, with the same parameters and the same columns in its answer.

    For the constants of a module: what differs from call to call must be a ``bindparam``. ``db.tenancy`` does
    not see the tables in it and adds no shop: the statement has to name it (row-level security stands).
    Raises ValueError for a column that Python's side would fill at each execution: name its value.
    """
    compiled = statement.compile(dialect=_DIALECT)
    if compiled.insert_prefetch or compiled.update_prefetch:
        names = ", ".join(column.name for column in (*compiled.insert_prefetch, *compiled.update_prefetch))
        raise ValueError(f"no value for {names}")
    parameters = [
        bindparam(name, type_=bind.type) if bind.required else bindparam(name, bind.value, type_=bind.type)
        for bind, name in compiled.bind_names.items()
    ]
    # ``text`` takes the name in ":name::TYPE" for no parameter.
    written = text(_BEFORE_CAST.sub(r"\1 ", compiled.string)).bindparams(*parameters)
    answered = [column(one.name, one.type) for one in statement.exported_columns]
    return written.columns(*answered) if answered else written

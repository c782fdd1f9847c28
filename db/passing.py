"""Which failures of the database pass by themselves, so that a second try is worth making."""

from __future__ import annotations

from typing import Any

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

BROKEN = asyncpg.InterfaceError | asyncpg.InternalClientError
"""The driver's own words about a connection that was cut in the middle of something."""
_PASSING = ("08", "25", "40", "53", "55", "57", "58")
"""SQLSTATE classes of a database that is down, full, busy or in recovery; a second try may go through."""
_AWAY = ("08", "57P")
"""Those of a database that is down, starting or going down."""


def is_passing(error: BaseException) -> bool:
    """Whether the database could not be reached, or was too busy, rather than we wrong."""
    if isinstance(error, PoolTimeout | OSError | BROKEN):
        return True
    if isinstance(error, DBAPIError):
        if error.connection_invalidated:
            return True
        return error.orig is not None and is_passing(_driver_error(error.orig))
    return isinstance(error, asyncpg.PostgresError) and _state(error).startswith(_PASSING)


def is_away(error: BaseException) -> bool:
    """Whether nobody answered at all; narrower than ``is_passing``: what took too long was heard."""
    if isinstance(error, PoolTimeout | ConnectionError | BROKEN):
        return True
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or (error.orig is not None and is_away(_driver_error(error.orig)))
    return isinstance(error, asyncpg.PostgresError) and _state(error).startswith(_AWAY)


def is_locked_out(error: DBAPIError) -> bool:
    """Whether a statement waited for a lock as long as it was told to, in vain."""
    return error.orig is not None and isinstance(_driver_error(error.orig), asyncpg.LockNotAvailableError)


def _driver_error(error: BaseException) -> BaseException:
    """asyncpg's own error below the wrapping that SQLAlchemy's dialect gives it."""
    return error.__cause__ if isinstance(error.__cause__, asyncpg.PostgresError | OSError) else error


def _state(error: Any) -> str:
    return str(getattr(error, "sqlstate", None) or "")

"""The wall between tenants: a statement on a shop's rows without a shop is an error, not a leak.

Two layers. This module speaks early and in Python: it scopes every ORM statement and refuses the
ones that name no shop. Row-level security (see the migrations) is the wall itself: it also covers
raw SQL, Core tables and whatever this module fails to see.

The scope travels with the session (``session.info``) and reaches PostgreSQL in the very message
that begins the transaction, so it can neither be forgotten nor outlive the transaction.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import asyncpg
from sqlalchemy import Table, TextClause, event
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import (
    LoaderCriteriaOption,
    ORMExecuteState,
    Session,
    UOWTransaction,
    with_loader_criteria,
)
from sqlalchemy.sql import visitors
from sqlalchemy.sql.selectable import TextualSelect

from db.base import BotOwned

SCOPE = "scope"
"""Key of ``session.info`` that holds the ``Scope``."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose rows a transaction may touch: one shop's, or (reading) the whole platform's.

    Both together is how a shop is opened: the platform's rights on ``bots``, and the new shop's own
    rows to write.
    """

    bot_id: int | None = None
    platform: bool = False
    may_be_lost: bool = False
    """The commit does not wait for the disk: a server that crashes in the next instants forgets it."""

    def as_sql(self) -> str:
        """``SET LOCAL`` of the settings; the values are ours (an int, a literal), so nothing to escape.

        Shop and platform are always said, also when they are nothing: whatever somebody left on the pooled
        connection with a plain ``SET`` does not count in our transactions (a ``RESET ALL`` for each would).
        """
        shop = "" if self.bot_id is None else int(self.bot_id)
        platform = "on" if self.platform else ""
        hurry = " SET LOCAL synchronous_commit = off;" if self.may_be_lost else ""
        return f"SET LOCAL app.bot_id = '{shop}'; SET LOCAL app.platform = '{platform}';" + hurry


NOBODY = Scope()
"""What a transaction without a unit of work may see: no shop's rows."""


class TenantNotSet(RuntimeError):
    """A bug: a shop's rows were touched outside a unit of work."""


GOODBYE_SECONDS = 0.5


class ScopedConnection(asyncpg.Connection):  # type: ignore[misc]  # asyncpg has no types
    """Sends ``BEGIN`` and ``SET LOCAL`` in one message: the shop's context costs no round trip."""

    __slots__ = ("scope",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.scope: Scope | None = None

    async def execute(self, query: str, *args: Any, timeout: float | None = None) -> str:  # noqa: ASYNC109  (asyncpg's own signature)
        if not args and query.startswith("BEGIN"):
            query = f"{query.rstrip(';')}; {(self.scope or NOBODY).as_sql()}"
        status: str = await super().execute(query, *args, timeout=timeout)
        return status

    async def close(self, *, timeout: float | None = None) -> None:  # noqa: ASYNC109  (asyncpg's own signature)
        """Say goodbye quickly: whoever waits for the pool has waited for a dead connection already."""
        await super().close(timeout=GOODBYE_SECONDS if timeout is None else min(timeout, GOODBYE_SECONDS))


@asynccontextmanager
async def scoped(session: AsyncSession, scope: Scope) -> AsyncIterator[None]:
    """Whatever transaction ``session`` begins inside the block is ``scope``'s.

    The scope hangs on the driver's connection for just as long: the pool's next user starts bare.
    """
    session.info[SCOPE] = scope
    pooled = await (await session.connection()).get_raw_connection()
    driver = pooled.driver_connection
    if not isinstance(driver, ScopedConnection):
        raise TypeError("the engine must be built by db.engine")
    driver.scope = scope
    try:
        yield
    finally:
        driver.scope = None


@event.listens_for(Session, "do_orm_execute")
def _scope_every_statement(state: ORMExecuteState) -> None:
    if state.is_column_load or state.is_relationship_load:
        return
    scope: Scope | None = state.session.info.get(SCOPE)
    if scope is not None and scope.platform and scope.bot_id is None:
        return
    if scope is None or scope.bot_id is None:
        owned = _owned_tables(state.statement)
        if owned:
            raise TenantNotSet(", ".join(sorted(owned)))
        return
    if isinstance(state.statement, TextClause | TextualSelect):
        return
    # Unconditional on purpose: select_from(), joins and subqueries are not in all_mappers.
    state.statement = state.statement.options(_rows_of(scope.bot_id))


@lru_cache(maxsize=1024)
def _rows_of(bot_id: int) -> LoaderCriteriaOption:
    """Kept, because building it costs as much as sending a small statement."""
    return with_loader_criteria(BotOwned, lambda cls: cls.bot_id == bot_id, include_aliases=True)


def _owned_tables(statement: Any) -> set[str]:
    return {
        element.name
        for element in visitors.iterate(statement)
        if isinstance(element, Table) and "bot_id" in element.c
    }


@event.listens_for(Session, "before_flush")
def _stamp_and_check(session: Session, _ctx: UOWTransaction, _instances: Any) -> None:
    scope: Scope | None = session.info.get(SCOPE)
    bot_id = scope.bot_id if scope is not None else None
    for row in session.new:
        if not isinstance(row, BotOwned):
            continue
        given: int | None = row.__dict__.get("bot_id")
        if given is None and bot_id is None:
            raise TenantNotSet(type(row).__name__)
        if given is None:
            row.bot_id = bot_id
        elif bot_id is not None and given != bot_id:
            raise TenantNotSet(f"{type(row).__name__} of another shop")

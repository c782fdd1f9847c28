"""One transaction, one shop, one actor, one instant: the first argument of every use case."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from db.batch import Into, Place, Upon, one_statement
from db.crypto import Vault
from db.tenancy import NOBODY, SCOPE, Scope, TenantNotSet, scoped
from shop import security
from shop.actors import Actor

_open: ContextVar[bool] = ContextVar("unit_of_work_open", default=False)


def is_open() -> bool:
    """True inside a unit of work; the bot's HTTP session refuses to call Telegram then."""
    return _open.get()


@dataclass(frozen=True, slots=True)
class Last:
    """What nobody reads before the commit (history, promises, signals): one statement at the end."""

    rows: dict[Place, list[tuple[Any, ...]]] = field(default_factory=dict)
    signals: dict[tuple[str, str], None] = field(default_factory=dict)

    def insert(self, into: Into, *row: Any) -> None:
        """One more row, its values in the order of ``into.columns``; rows of a table keep their order."""
        self.rows.setdefault(into, []).append(row)

    def update(self, upon: Upon, *row: Any) -> None:
        """One row to change, its values in the order of ``upon.columns``; each row once, by one caller."""
        self.rows.setdefault(upon, []).append(row)

    def notify(self, channel: str, payload: str) -> None:
        """NOTIFY as part of the transaction; the same one twice is one."""
        self.signals[channel, payload] = None

    async def write(self, session: AsyncSession) -> None:
        """Write what has gathered. A second call writes what came since."""
        if self.rows or self.signals:
            await session.execute(*one_statement(self.rows, list(self.signals)))
            self.rows.clear()
            self.signals.clear()


@dataclass(frozen=True, slots=True)
class UnitOfWork:
    """What a use case needs besides its own arguments."""

    session: AsyncSession
    scope: Scope
    actor: Actor
    now: datetime
    """UTC, fixed for the whole unit: rules never read the clock themselves."""
    channel: str
    """The door: ``web``, ``bot``, ``cli`` or ``job``."""
    vault: Vault
    last: Last = field(default_factory=Last)

    @property
    def bot_id(self) -> int:
        """The shop. Raises TenantNotSet in a unit that spans the platform."""
        if self.scope.bot_id is None:
            raise TenantNotSet("this unit of work spans the platform")
        return self.scope.bot_id

    async def enter(self, bot_id: int) -> UnitOfWork:
        """The same transaction, now writing in the name of ``bot_id``; for opening a shop.

        The platform's reading stays. Raises TenantNotSet outside a platform unit.
        """
        if not self.scope.platform:
            raise TenantNotSet("only a platform unit of work may enter a shop")
        scope = Scope(bot_id=bot_id, platform=True)
        await self.last.write(self.session)  # in the name of the shop it was said in
        await self.session.execute(text(f"SET LOCAL app.bot_id = '{int(bot_id)}'"))
        self.session.info[SCOPE] = scope
        return replace(self, scope=scope)


@dataclass(frozen=True, slots=True)
class UnitsOfWork:
    """Opens units of work; the only thing in the process that commits."""

    sessions: async_sessionmaker[AsyncSession]
    vault: Vault
    channel: str
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)  # noqa: TID251  (the clock itself)

    @asynccontextmanager
    async def begin(self, bot_id: int, actor: Actor) -> AsyncIterator[UnitOfWork]:
        """One shop's unit: commit on a clean exit, roll back on any exception."""
        async with self._unit(Scope(bot_id=bot_id), actor) as uow:
            yield uow

    @asynccontextmanager
    async def platform(self, actor: Actor, *, may_be_lost: bool = False) -> AsyncIterator[UnitOfWork]:
        """The platform's unit: reads every shop; writes only ``bots`` and what the fleet claims.

        ``may_be_lost``: a crash of the server may undo it although it was committed; for what is only said
        among ourselves, as a lease, never for what somebody else was told of.
        """
        async with self._unit(Scope(platform=True, may_be_lost=may_be_lost), actor) as uow:
            yield uow

    @asynccontextmanager
    async def glance(self, actor: Actor) -> AsyncIterator[UnitOfWork]:
        """For one question that brings its own scope: no transaction around it, so one round trip.

        Nobody's unit: it sees no shop's rows and writes none, and nothing in it is undone together.
        """
        async with self.sessions() as session:
            await session.connection(execution_options={"isolation_level": "AUTOCOMMIT"})
            session.info[SCOPE] = NOBODY
            _open.set(True)
            try:
                yield UnitOfWork(session, NOBODY, actor, self.clock(), self.channel, self.vault)
            finally:
                _open.set(False)

    @asynccontextmanager
    async def _unit(self, scope: Scope, actor: Actor) -> AsyncIterator[UnitOfWork]:
        async with self.sessions() as session:
            async with session.begin(), scoped(session, scope):
                _open.set(True)
                try:
                    uow = UnitOfWork(session, scope, actor, self.clock(), self.channel, self.vault)
                    yield uow
                    await session.flush()
                    await uow.last.write(session)
                finally:
                    _open.set(False)
            security.tell_committed(session.info)

"""Where people are in their conversations, kept in PostgreSQL: a restart does not lose the thread."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any

from aiogram.fsm.state import State
from aiogram.fsm.storage.base import BaseStorage, StateType, StorageKey
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from bot.registry import Registry
from db.models import FsmState
from shop.actors import System
from shop.unit_of_work import UnitOfWork, UnitsOfWork

ACTOR = System("conversation")
_KEY = ("bot_id", "chat_id", "user_id", "thread_id", "business_connection_id", "destiny")


class PostgresStorage(BaseStorage):
    """One row for each conversation with one shop's bot; the same chat with two bots is two rows."""

    def __init__(self, units: UnitsOfWork, registry: Registry) -> None:
        self._units = units
        self._registry = registry

    async def set_state(self, key: StorageKey, state: StateType = None) -> None:
        name = state.state if isinstance(state, State) else state
        async with self._unit(key) as uow:
            await self._write(uow, key, state=name)
            await self._forget_if_empty(uow, key)

    async def get_state(self, key: StorageKey) -> str | None:
        async with self._unit(key) as uow:
            return await uow.session.scalar(select(FsmState.state).where(*_conditions(key)))

    async def set_data(self, key: StorageKey, data: Mapping[str, Any]) -> None:
        async with self._unit(key) as uow:
            await self._write(uow, key, data=dict(data))
            await self._forget_if_empty(uow, key)

    async def get_data(self, key: StorageKey) -> dict[str, Any]:
        async with self._unit(key) as uow:
            return await uow.session.scalar(select(FsmState.data).where(*_conditions(key))) or {}

    async def update_data(self, key: StorageKey, data: Mapping[str, Any]) -> dict[str, Any]:
        """Merge in the database, so that two updates at once do not undo each other."""
        async with self._unit(key) as uow:
            statement = insert(FsmState).values(**_row(uow, key), data=dict(data))
            merged: dict[str, Any] = (
                await uow.session.execute(
                    statement.on_conflict_do_update(
                        index_elements=_KEY,
                        set_={
                            "data": FsmState.data.op("||")(statement.excluded.data),
                            "updated_at": uow.now,
                        },
                    ).returning(FsmState.data)
                )
            ).scalar_one()
            return merged

    async def close(self) -> None:
        """Nothing of ours to close: the engine belongs to the composition root."""

    def _unit(self, key: StorageKey) -> AbstractAsyncContextManager[UnitOfWork]:
        return self._units.begin(self._registry.shop_of(key.bot_id), ACTOR)

    async def _write(self, uow: UnitOfWork, key: StorageKey, **values: Any) -> None:
        await uow.session.execute(
            insert(FsmState)
            .values(**_row(uow, key), **values)
            .on_conflict_do_update(index_elements=_KEY, set_={**values, "updated_at": uow.now})
        )

    async def _forget_if_empty(self, uow: UnitOfWork, key: StorageKey) -> None:
        await uow.session.execute(
            delete(FsmState)
            .where(*_conditions(key), FsmState.state.is_(None), FsmState.data == {})
            .execution_options(synchronize_session=False)
        )


def _conditions(key: StorageKey) -> tuple[Any, ...]:
    return (
        FsmState.chat_id == key.chat_id,
        FsmState.user_id == key.user_id,
        FsmState.thread_id == (key.thread_id or 0),
        FsmState.business_connection_id == (key.business_connection_id or ""),
        FsmState.destiny == key.destiny,
    )


def _row(uow: UnitOfWork, key: StorageKey) -> dict[str, Any]:
    return {
        "bot_id": uow.bot_id,
        "chat_id": key.chat_id,
        "user_id": key.user_id,
        "thread_id": key.thread_id or 0,
        "business_connection_id": key.business_connection_id or "",
        "destiny": key.destiny,
        "updated_at": uow.now,
    }

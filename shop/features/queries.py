"""Frozen rows of one shop's switches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from db.models import BotFeatureFlag
from shop.features import registry
from shop.features.registry import FeatureState, Flag, Reason
from shop.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class FlagRow:
    """One switch as a screen shows it."""

    key: str
    enabled: bool
    """The owner's choice, or the registry's default."""
    is_on: bool
    """What the bot obeys."""
    why_off: Reason | None
    granted: bool
    granted_by: str | None
    granted_until: datetime | None
    killed: bool
    config: dict[str, Any]


_CHOICES = select(
    BotFeatureFlag.feature_key,
    BotFeatureFlag.enabled,
    BotFeatureFlag.granted,
    BotFeatureFlag.granted_until,
    BotFeatureFlag.killed,
)


async def load_state(uow: UnitOfWork) -> FeatureState:
    """Every choice of the shop, in one indexed query: cheap enough to read per update."""
    rows = await uow.session.execute(_CHOICES)
    return FeatureState(uow.now, {row.feature_key: _flag(row) for row in rows})


def state_of(now: datetime, switches: Mapping[str, Mapping[str, Any]]) -> FeatureState:
    """The same from rows that came as JSON: their columns by name, by the switch's key."""
    return FeatureState(
        now,
        {
            key: Flag(
                row["enabled"],
                row["granted"],
                None if row["granted_until"] is None else datetime.fromisoformat(row["granted_until"]),
                row["killed"],
            )
            for key, row in switches.items()
        },
    )


async def _rows(uow: UnitOfWork) -> dict[str, BotFeatureFlag]:
    rows = await uow.session.scalars(select(BotFeatureFlag).execution_options(populate_existing=True))
    return {row.feature_key: row for row in rows}


def _flag(row: Any) -> Flag:
    return Flag(row.enabled, row.granted, row.granted_until, row.killed)


async def get_feature_flag(uow: UnitOfWork, key: str) -> FlagRow:
    """One switch. Raises NotFound for an unknown key."""
    registry.find(key)
    rows = await _rows(uow)
    return _row(key, rows, FeatureState(uow.now, {name: _flag(row) for name, row in rows.items()}))


async def is_feature_enabled(uow: UnitOfWork, key: str) -> bool:
    """Whether the shop offers ``key`` now, all conditions counted. Raises NotFound for an unknown key."""
    return (await load_state(uow)).is_on(key)


async def get_feature_config(uow: UnitOfWork, key: str) -> dict[str, Any]:
    """What was kept with the switch; empty when nothing was. Raises NotFound for an unknown key."""
    return (await get_feature_flag(uow, key)).config


async def get_all_feature_flags(uow: UnitOfWork, *, enabled_only: bool = False) -> list[FlagRow]:
    """Every switch in the registry's order; ``enabled_only`` leaves those that are really on."""
    rows = await _rows(uow)
    state = FeatureState(uow.now, {key: _flag(row) for key, row in rows.items()})
    flags = [_row(feature.key, rows, state) for feature in registry.FEATURES]
    return [flag for flag in flags if flag.is_on or not enabled_only]


def _row(key: str, rows: dict[str, BotFeatureFlag], state: FeatureState) -> FlagRow:
    row, why = rows.get(key), state.why_off(key)
    chosen = None if row is None else row.enabled
    return FlagRow(
        key=key,
        enabled=registry.find(key).default if chosen is None else chosen,
        is_on=why is None,
        why_off=why,
        granted=row is None or row.granted,
        granted_by=None if row is None else row.granted_by,
        granted_until=None if row is None else row.granted_until,
        killed=row is not None and row.killed,
        config={} if row is None else dict(row.config),
    )

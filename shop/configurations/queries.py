"""Frozen rows of settings, and their values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from advanced_alchemy.repository import SQLAlchemyAsyncRepository
from sqlalchemy import BigInteger, Text, any_, bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY

from db.models import BotConfiguration
from db.prepared import compiled_once
from shop.configurations import registry
from shop.configurations.registry import Setting, Value
from shop.seen import mark
from shop.unit_of_work import UnitOfWork


class Overrides(SQLAlchemyAsyncRepository[BotConfiguration]):
    """What the unit's shop set differently from the registry."""

    model_type = BotConfiguration


@dataclass(frozen=True, slots=True)
class ConfigurationRow:
    key: str
    value: Value
    """What counts now: the shop's own, or the registry's default."""
    default: Value
    is_set: bool
    """Whether the shop chose it."""
    updated_at: datetime | None


async def get_configuration(uow: UnitOfWork, key: str) -> ConfigurationRow:
    """One setting with its origin. Raises NotFound for an unknown key."""
    setting = registry.find(key)
    own = await Overrides(session=uow.session).get_one_or_none(BotConfiguration.config_key == key)
    return _row(setting, own)


async def get_all_configurations(uow: UnitOfWork) -> list[ConfigurationRow]:
    """Every setting there is, in the registry's order."""
    own = {row.config_key: row for row in await Overrides(session=uow.session).get_many()}
    return [_row(setting, own.get(setting.key)) for setting in registry.SETTINGS]


async def get_all_configurations_dict(uow: UnitOfWork) -> dict[str, Value]:
    """Every setting there is with the value that counts now."""
    return await get_config_values(uow, registry.BY_KEY)


async def get_config_value(uow: UnitOfWork, key: str) -> Any:
    """The value that counts now, of the type its declaration names. Raises NotFound for an unknown key."""
    return (await get_config_values(uow, (key,)))[key]


_OWN = compiled_once(
    select(BotConfiguration.config_key, BotConfiguration.config_value).where(
        BotConfiguration.bot_id == bindparam("shop", type_=BigInteger),
        BotConfiguration.config_key == any_(bindparam("keys", type_=ARRAY(Text))),
    )
)


async def get_config_values(uow: UnitOfWork, keys: Iterable[str]) -> dict[str, Any]:
    """Several values in one query. Raises NotFound for an unknown key."""
    wanted = [registry.find(key) for key in keys]
    rows = await uow.session.execute(_OWN, {"shop": uow.bot_id, "keys": [setting.key for setting in wanted]})
    own: dict[str, Value] = dict(rows.tuples().all())
    return {setting.key: own.get(setting.key, setting.default) for setting in wanted}


def values_of(own: Mapping[str, Value]) -> dict[str, Value]:
    """Every setting there is with the value that counts where the shop set ``own``."""
    return {setting.key: own.get(setting.key, setting.default) for setting in registry.SETTINGS}


def mark_of(values: Mapping[str, Value]) -> str:
    """What somebody has before him who begins to change these settings; see ``shop.seen``."""
    return mark(*sorted(values.items()))


def _row(setting: Setting, own: BotConfiguration | None) -> ConfigurationRow:
    if own is None:
        return ConfigurationRow(setting.key, setting.default, setting.default, is_set=False, updated_at=None)
    return ConfigurationRow(
        setting.key, own.config_value, setting.default, is_set=True, updated_at=own.updated_at
    )

"""Change one shop's settings. Reading is next door; the two everybody needs are passed on here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from db.models import Bot, BotConfiguration
from shop.actors import SETTINGS_MANAGE, require
from shop.audit import service as audit
from shop.configurations import registry
from shop.configurations.queries import get_config_value, get_config_values, mark_of
from shop.configurations.registry import Setting, Value
from shop.seen import require_same
from shop.signals import shop_changed
from shop.unit_of_work import UnitOfWork

__all__ = (
    "delete_all_configurations",
    "delete_configuration",
    "get_config_value",
    "get_config_values",
    "lock_settings",
    "set_configuration",
    "update_configuration_partial",
)


async def set_configuration(uow: UnitOfWork, key: str, *, value: object) -> Value:
    """Choose ``value`` for ``key``; the registry's default is kept as no choice at all.

    Raises NotAllowed, NotFound (unknown key), BadInput (wrong type or out of bounds).
    """
    return (await update_configuration_partial(uow, {key: value}))[key]


async def update_configuration_partial(
    uow: UnitOfWork, changes: Mapping[str, object], *, seen: str = ""
) -> dict[str, Value]:
    """Merge ``changes`` into the shop's settings: the others stay, and one bad value refuses them all.

    ``seen``: the mark of the same settings as they were when somebody began to change them. Answers the
    values as they count now. Raises NotAllowed, NotFound, BadInput and ChangedMeanwhile.
    """
    require(uow.actor, SETTINGS_MANAGE)
    checked = [(registry.find(key), registry.find(key).check(value)) for key, value in changes.items()]
    await lock_settings(uow)
    before = await get_config_values(uow, changes)
    require_same("settings", seen, mark_of(before))
    for setting, value in checked:
        await _keep(uow, setting, value)
        if before[setting.key] != value:
            await audit.record(
                uow,
                "configuration.set",
                "configuration",
                None,
                key=setting.key,
                before=before[setting.key],
                after=value,
            )
    await uow.session.flush()
    await shop_changed(uow, uow.bot_id)
    return {setting.key: value for setting, value in checked}


async def lock_settings(uow: UnitOfWork) -> None:
    """One change of a shop's settings at a time: what nobody chose has no row that could be locked."""
    await uow.session.execute(select(Bot.id).where(Bot.id == uow.bot_id).with_for_update(key_share=True))


async def _keep(uow: UnitOfWork, setting: Setting, value: Value) -> None:
    if value == setting.default:
        await _forget(uow, setting.key)
        return
    await uow.session.execute(
        insert(BotConfiguration)
        .values(
            bot_id=uow.bot_id,
            config_key=setting.key,
            config_value=value,
            created_at=uow.now,
            updated_at=uow.now,
        )
        .on_conflict_do_update(
            index_elements=["bot_id", "config_key"], set_={"config_value": value, "updated_at": uow.now}
        )
    )


async def delete_configuration(uow: UnitOfWork, key: str) -> bool:
    """Go back to the default; False when the shop had chosen nothing. Raises NotAllowed and NotFound."""
    require(uow.actor, SETTINGS_MANAGE)
    registry.find(key)
    forgotten = await _forget(uow, key)
    if forgotten:
        await audit.record(uow, "configuration.deleted", "configuration", None, key=key)
        await uow.session.flush()
        await shop_changed(uow, uow.bot_id)
    return bool(forgotten)


async def delete_all_configurations(uow: UnitOfWork) -> int:
    """Go back to every default; how many the shop had chosen. Raises NotAllowed."""
    require(uow.actor, SETTINGS_MANAGE)
    forgotten = await _forget(uow)
    if forgotten:
        await audit.record(uow, "configuration.deleted_all", "configuration", None, keys=forgotten)
        await uow.session.flush()
        await shop_changed(uow, uow.bot_id)
    return len(forgotten)


async def _forget(uow: UnitOfWork, key: str | None = None) -> list[str]:
    statement = delete(BotConfiguration).returning(BotConfiguration.config_key)
    if key is not None:
        statement = statement.where(BotConfiguration.config_key == key)
    # Loaded rows must not outlive the deletion in this unit.
    gone: Any = await uow.session.scalars(statement.execution_options(synchronize_session="fetch"))
    return sorted(gone)

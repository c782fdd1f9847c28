"""Switch one shop's features. The owner enables, the platform grants, the master can kill."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert

from db.models import BotFeatureFlag
from shop.actors import FEATURES_MANAGE, PLATFORM_MANAGE, require
from shop.audit import service as audit
from shop.errors import BadInput, FeatureOff
from shop.features import registry
from shop.features.queries import FlagRow, get_feature_flag, is_feature_enabled, load_state
from shop.features.registry import FeatureState
from shop.signals import shop_changed
from shop.unit_of_work import UnitOfWork

__all__ = (
    "delete_feature_flag",
    "disable_feature",
    "enable_feature",
    "is_feature_enabled",
    "load_state",
    "require_on",
    "set_feature_flag",
    "set_grant",
    "set_kill",
    "toggle_feature",
)

LARGEST_CONFIG = 8_192
"""Characters of JSON."""


def require_on(state: FeatureState, key: str) -> None:
    """Raise FeatureOff, naming the first layer that says no, unless the shop offers ``key``."""
    why = state.why_off(key)
    if why is not None:
        raise FeatureOff(key, why)


async def set_feature_flag(
    uow: UnitOfWork, key: str, *, enabled: bool, config: dict[str, Any] | None = None
) -> FlagRow:
    """Switch ``key`` on or off; the bot obeys from the first update it reads after the commit.

    ``config`` replaces what was kept with the switch; None leaves it. Raises NotAllowed (also for a
    switch that only the master turns), NotFound (unknown key), BadInput.
    """
    may = FEATURES_MANAGE if registry.find(key).tenant_may_switch else PLATFORM_MANAGE
    require(uow.actor, may)
    before = (await get_feature_flag(uow, key)).enabled
    values: dict[str, Any] = {"enabled": enabled}
    if config is not None:
        values["config"] = _checked(config)
    await _write(uow, key, values)
    await _changed(uow, "feature.switched", key, before=before, enabled=enabled)
    return await get_feature_flag(uow, key)


def _checked(config: dict[str, Any]) -> dict[str, Any]:
    try:
        written = json.dumps(config, allow_nan=False)
    except (TypeError, ValueError):
        raise BadInput("config", "not_json") from None
    if len(written) > LARGEST_CONFIG:
        raise BadInput("config", "too_long", LARGEST_CONFIG)
    if "\\u0000" in written:
        # PostgreSQL keeps no NUL in JSONB.
        raise BadInput("config", "not_json")
    return config


async def enable_feature(uow: UnitOfWork, key: str) -> FlagRow:
    """Switch on. Idempotent. Raises NotAllowed and NotFound."""
    return await set_feature_flag(uow, key, enabled=True)


async def disable_feature(uow: UnitOfWork, key: str) -> FlagRow:
    """Switch off. Idempotent. Raises NotAllowed and NotFound."""
    return await set_feature_flag(uow, key, enabled=False)


async def toggle_feature(uow: UnitOfWork, key: str) -> FlagRow:
    """Turn the owner's switch to the other side. Raises NotAllowed and NotFound."""
    # For the screen's one button; two people at once may cancel each other out, as on a wall.
    flag = await get_feature_flag(uow, key)
    return await set_feature_flag(uow, key, enabled=not flag.enabled)


async def delete_feature_flag(uow: UnitOfWork, key: str) -> bool:
    """Forget the owner's choice and go back to the default; False when there was none.

    What the platform said about the switch (grant, kill) stays. Raises NotAllowed and NotFound.
    """
    may = FEATURES_MANAGE if registry.find(key).tenant_may_switch else PLATFORM_MANAGE
    require(uow.actor, may)
    of_owner_only = (
        BotFeatureFlag.granted
        & BotFeatureFlag.granted_by.is_(None)
        & BotFeatureFlag.granted_until.is_(None)
        & BotFeatureFlag.killed.is_(False)
    )
    gone = await uow.session.scalar(
        delete(BotFeatureFlag)
        .where(BotFeatureFlag.feature_key == key, of_owner_only)
        .returning(BotFeatureFlag.feature_key)
        .execution_options(synchronize_session="fetch")
    )
    if gone is None:
        flag = await get_feature_flag(uow, key)
        if flag.granted and not flag.killed and flag.granted_by is None and flag.granted_until is None:
            return False
        await _write(uow, key, {"enabled": None, "config": {}})
    await _changed(uow, "feature.reset", key)
    return True


async def set_grant(uow: UnitOfWork, key: str, *, granted: bool, until: datetime | None = None) -> FlagRow:
    """The platform's word: whether the shop may have ``key``, and until when. The owner's choice stays.

    Raises NotAllowed and NotFound.
    """
    require(uow.actor, PLATFORM_MANAGE)
    registry.find(key)
    await _write(uow, key, {"granted": granted, "granted_by": uow.actor.label, "granted_until": until})
    await _changed(
        uow, "feature.granted", key, granted=granted, until=None if until is None else until.isoformat()
    )
    return await get_feature_flag(uow, key)


async def set_kill(uow: UnitOfWork, key: str, *, killed: bool) -> FlagRow:
    """The master's emergency brake for one shop, and its release. Raises NotAllowed and NotFound."""
    require(uow.actor, PLATFORM_MANAGE)
    registry.find(key)
    await _write(uow, key, {"killed": killed})
    await _changed(uow, "feature.killed", key, killed=killed)
    return await get_feature_flag(uow, key)


async def _write(uow: UnitOfWork, key: str, values: dict[str, Any]) -> None:
    await uow.session.execute(
        insert(BotFeatureFlag)
        .values(bot_id=uow.bot_id, feature_key=key, created_at=uow.now, updated_at=uow.now, **values)
        .on_conflict_do_update(
            index_elements=["bot_id", "feature_key"], set_={**values, "updated_at": uow.now}
        )
    )


async def _changed(uow: UnitOfWork, action: str, key: str, **data: object) -> None:
    await audit.record(uow, action, "feature", None, key=key, **data)
    await uow.session.flush()
    await shop_changed(uow, uow.bot_id)

"""Begin a rehearsal, and clear it away.

A rehearsal is a row of ``bots`` like any shop: what is ordered, paid and handed over in it is walled off from
the shop it rehearses as one tenant's rows are from another's, so no figure of the shop can count it. It takes
over plans, cards, settings and switches as they are when it begins. The shop's bot speaks for it to one
account, until a time; all else is what every customer goes through.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import inspect, select

from db.models import (
    Bot,
    BotConfiguration,
    BotFeatureFlag,
    BotPlan,
    PlanGroup,
    Staff,
    TenantPaymentCard,
)
from shop.actors import RECEIPTS_APPROVE, SETTINGS_MANAGE, require, staff_id
from shop.audit import service as audit
from shop.bots.rules import new_public_id
from shop.bots.telegram_token import keep_none
from shop.cards.keeping import keep_number, unseal_number
from shop.cards.rotation import ensure_rotation
from shop.errors import NotFound, RehearsalNotReady
from shop.provisioning.stock import put_on_shelf
from shop.rehearsals import rules
from shop.rehearsals.rules import Missing
from shop.signals import shop_changed
from shop.unit_of_work import UnitOfWork

Copied = TypeVar("Copied", BotPlan, PlanGroup, TenantPaymentCard, BotConfiguration, BotFeatureFlag)
_ALIKE = (
    *("name", "username", "is_active", "status", "default_language", "currency", "timezone", "calendar"),
    "support_username",
)
"""What a rehearsal has of its shop. Not its chats: the desk alone has its receipts."""
_OF_ITS_OWN = ("id", "bot_id", "created_at", "updated_at")
_COUNTED = ("success_count", "failure_count", "current_usage_count", "last_used_at")


@dataclass(frozen=True, slots=True)
class _Original:
    """What a shop has now that its rehearsal takes over."""

    groups: Sequence[PlanGroup]
    plans: Sequence[BotPlan]
    cards: Sequence[tuple[TenantPaymentCard, str]]
    """Each with its number in the clear."""
    settings: Sequence[BotConfiguration]
    switches: Sequence[BotFeatureFlag]


async def begin(uow: UnitOfWork, shop_id: int) -> int:
    """Let the person who acts try ``shop_id`` in its bot for an hour, in a platform unit; its key.

    His own Telegram account, and no other, is a customer of the rehearsal then. Pressed again while it lasts,
    it is the same one for another hour. Raises NotAllowed, NotFound and RehearsalNotReady.
    """
    require(uow.actor, SETTINGS_MANAGE)
    require(uow.actor, RECEIPTS_APPROVE)
    shop = await _lock(uow, shop_id)
    home = await uow.enter(shop_id)
    me = await home.session.scalar(select(Staff.telegram_id).where(Staff.id == staff_id(uow.actor)))
    if me is None:
        raise RehearsalNotReady("telegram")
    going_on = await _current(home, shop)
    if going_on is not None and going_on.rehearsal_for == me and _lasts(going_on, uow.now):
        going_on.rehearsal_until, going_on.updated_at = uow.now + rules.LASTS, uow.now
        await uow.session.flush()
        return going_on.id
    original = await _original(home)
    missing = _missing(shop, original)
    if missing is not None:
        raise RehearsalNotReady(missing)
    stage = await _open(uow, shop, telegram_id=me)
    await _put_away(uow, going_on)
    shop.rehearsal_id, shop.updated_at = stage.id, uow.now
    await uow.session.flush()
    home = await uow.enter(shop_id)
    await audit.record(home, "rehearsal.begun", "bot", shop_id)
    await shop_changed(home, shop_id)
    await _furnish(await uow.enter(stage.id), original)
    return stage.id


async def clear(uow: UnitOfWork, shop_id: int) -> None:
    """Put the rehearsal and all that was tried in it away, in a platform unit. Idempotent.

    Nothing of it is shown any more, and its person is an ordinary one to the bot again. Raises NotAllowed and
    NotFound.
    """
    require(uow.actor, SETTINGS_MANAGE)
    shop = await _lock(uow, shop_id)
    home = await uow.enter(shop_id)
    stage = await _current(home, shop)
    if stage is None:
        return
    await _put_away(uow, stage)
    shop.rehearsal_id, shop.updated_at = None, uow.now
    await uow.session.flush()
    await audit.record(home, "rehearsal.cleared", "bot", shop_id)
    await shop_changed(home, shop_id)


async def _lock(uow: UnitOfWork, shop_id: int) -> Bot:
    shop = await uow.session.scalar(
        select(Bot)
        .where(Bot.id == shop_id, Bot.deleted_at.is_(None), Bot.rehearsal_of.is_(None))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if shop is None:
        raise NotFound("bot", shop_id)
    return shop


async def _current(uow: UnitOfWork, shop: Bot) -> Bot | None:
    if shop.rehearsal_id is None:
        return None
    return await uow.session.get_one(Bot, shop.rehearsal_id)


def _lasts(stage: Bot, now: datetime) -> bool:
    return stage.rehearsal_until is not None and stage.rehearsal_until > now


async def _put_away(uow: UnitOfWork, stage: Bot | None) -> None:
    """Its rows stay, as all rows about money do; nobody looks at them again."""
    if stage is not None:
        stage.status, stage.is_active, stage.deleted_at = "deleted", False, uow.now
        stage.rehearsal_until = stage.updated_at = uow.now


async def _original(home: UnitOfWork) -> _Original:
    plans = await home.session.scalars(
        select(BotPlan).where(BotPlan.is_active, BotPlan.archived_at.is_(None)).order_by(BotPlan.id)
    )
    cards = await home.session.scalars(
        select(TenantPaymentCard)
        .where(TenantPaymentCard.is_active, TenantPaymentCard.archived_at.is_(None))
        .order_by(TenantPaymentCard.id)
    )
    groups = await home.session.scalars(select(PlanGroup).where(PlanGroup.archived_at.is_(None)))
    return _Original(
        groups.all(),
        plans.all(),
        [(card, unseal_number(home, card.card_number, card.number_fingerprint)) for card in cards.all()],
        (await home.session.scalars(select(BotConfiguration))).all(),
        (await home.session.scalars(select(BotFeatureFlag))).all(),
    )


def _missing(shop: Bot, original: _Original) -> Missing | None:
    if not shop.is_active or shop.token_state != "live":  # noqa: S105  (a state, not a secret)
        return "bot"
    if not original.cards:
        return "card"
    return None if original.plans else "plan"


async def _open(uow: UnitOfWork, shop: Bot, *, telegram_id: int) -> Bot:
    stage = Bot(
        **{name: getattr(shop, name) for name in _ALIKE},
        public_id=new_public_id(),
        rehearsal_of=shop.id,
        rehearsal_for=telegram_id,
        rehearsal_until=uow.now + rules.LASTS,
        created_by=uow.actor.label,
        created_at=uow.now,
        updated_at=uow.now,
    )
    keep_none(uow.vault, stage)
    uow.session.add(stage)
    await uow.session.flush()
    return stage


async def _furnish(stage: UnitOfWork, original: _Original) -> None:
    """Everything a customer meets, as the shop has it; its counters begin at nought."""
    groups = {group.id: _copy(group, stage) for group in original.groups}
    stage.session.add_all(groups.values())
    await stage.session.flush()
    plans = [_copy(plan, stage) for plan in original.plans]
    for plan in plans:
        group = groups.get(plan.group_id) if plan.group_id is not None else None
        plan.group_id = None if group is None else group.id
    cards = []
    for card, number in original.cards:
        cards.append(_copy(card, stage, but=_COUNTED))
        keep_number(stage, cards[-1], number)
    settings = [_copy(setting, stage) for setting in original.settings]
    kept = [switch for switch in original.switches if switch.feature_key not in rules.LEFT_OUT]
    switches = [_copy(switch, stage) for switch in kept]
    off = [
        BotFeatureFlag(feature_key=key, enabled=False, created_at=stage.now, updated_at=stage.now)
        for key in rules.LEFT_OUT
    ]
    stage.session.add_all([*plans, *cards, *settings, *switches, *off])
    await stage.session.flush()
    for plan in plans:
        await put_on_shelf(stage, plan.id, [rules.line(n, plan.name) for n in range(1, rules.LINES + 1)])
    await ensure_rotation(stage)


def _copy(row: Copied, stage: UnitOfWork, *, but: Sequence[str] = ()) -> Copied:
    """The same in the unit's shop, without ``but``."""
    kept: dict[str, Any] = {
        column.key: getattr(row, column.key)
        for column in inspect(type(row)).column_attrs
        if column.key not in (*_OF_ITS_OWN, *but)
    }
    return type(row)(**kept, created_at=stage.now, updated_at=stage.now)

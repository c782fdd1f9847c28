"""Frozen rows of plans: what customers are offered, and what the owner keeps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from advanced_alchemy.repository import SQLAlchemyAsyncRepository
from sqlalchemy import ColumnElement, Select, UnaryExpression, select

from db.models import Bot, BotPlan, PlanGroup
from shop.actors import SHOP_SEE, require
from shop.errors import NotFound, PlanUnavailable
from shop.money import Currency, Money
from shop.plans import rules
from shop.seen import mark
from shop.unit_of_work import UnitOfWork


class Plans(SQLAlchemyAsyncRepository[BotPlan]):
    """The price list of the unit's shop."""

    model_type = BotPlan


IN_ORDER: list[UnaryExpression[Any]] = [
    *(PlanGroup.sort_order.asc().nulls_last(), PlanGroup.id.asc()),
    *(BotPlan.sort_order.asc(), BotPlan.id.asc()),
]
"""Group by group, then the plans without one; for what is joined with ITS_GROUP."""
ITS_GROUP: ColumnElement[bool] = (PlanGroup.id == BotPlan.group_id) & PlanGroup.archived_at.is_(None)
"""An archived group holds nothing: its plans stand without one."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A plan as a customer sees it, in one language."""

    plan_id: int
    name: str
    description: str
    price: Money
    period_days: int
    traffic_gb: int
    """0 is unlimited."""
    device_limit: int
    """0 is unlimited."""
    old_price: Money | None = None
    """What it cost before; always above the price."""
    most_per_person: int = 0
    """0 is any number of times."""
    group_id: int | None = None
    group_name: str = ""


@dataclass(frozen=True, slots=True)
class PlanRow:
    """A plan as its owner keeps it. Prices are in minor units of the shop's currency."""

    plan_id: int
    name: str
    description: str
    translations: dict[str, Any]
    period_days: int
    price: int
    old_price: int | None
    traffic_limit_gb: int
    device_limit: int
    most_per_person: int
    group_id: int | None
    """May be that of an archived group: the plan stands without one then."""
    is_active: bool
    sort_order: int
    renewal_policy: str
    provisioner: str
    low_stock_at: int
    archived_at: datetime | None


def row_of(plan: BotPlan) -> PlanRow:
    return PlanRow(
        plan_id=plan.id,
        name=plan.name,
        description=plan.description,
        translations=dict(plan.translations),
        period_days=plan.period_days,
        price=plan.price,
        old_price=plan.old_price,
        traffic_limit_gb=plan.traffic_limit_gb,
        device_limit=plan.device_limit,
        most_per_person=plan.most_per_person,
        group_id=plan.group_id,
        is_active=plan.is_active,
        sort_order=plan.sort_order,
        renewal_policy=plan.renewal_policy,
        provisioner=plan.provisioner,
        low_stock_at=plan.low_stock_at,
        archived_at=plan.archived_at,
    )


def mark_of(plan: PlanRow) -> str:
    """Of what the form of a plan holds; its place and its switch are no part of it."""
    return mark(
        *(plan.name, plan.description, sorted(plan.translations.items()), plan.period_days, plan.price),
        *(plan.traffic_limit_gb, plan.device_limit, plan.low_stock_at, plan.renewal_policy),
        *(plan.old_price, plan.most_per_person, plan.group_id),
    )


async def list_offers(uow: UnitOfWork, language: str) -> list[Offer]:
    """What the shop sells now, in the owner's order, in the customer's language."""
    rows = await uow.session.execute(_offered().order_by(*IN_ORDER))
    return [_offer(*row, language) for row in rows.tuples()]


async def get_offer(uow: UnitOfWork, plan_id: int, language: str) -> Offer:
    """One plan that is sold now. Raises PlanUnavailable for every other, another shop's included."""
    row = (await uow.session.execute(_offered().where(BotPlan.id == plan_id))).one_or_none()
    if row is None:
        raise PlanUnavailable(plan_id)
    plan, currency, group = row
    return _offer(plan, currency, group, language)


def _offered() -> Select[tuple[BotPlan, str, PlanGroup]]:
    """Each with its group, which is None for a plan that has none."""
    return (
        select(BotPlan, Bot.currency, PlanGroup)
        .join(Bot, Bot.id == BotPlan.bot_id)
        .outerjoin(PlanGroup, ITS_GROUP)
        .where(BotPlan.is_active, BotPlan.archived_at.is_(None))
    )


def _offer(plan: BotPlan, currency: str, group: PlanGroup | None, language: str) -> Offer:
    name, description = rules.localised(plan, language)
    return Offer(
        plan_id=plan.id,
        name=name,
        description=description,
        price=Money(plan.price, Currency(currency)),
        old_price=None if plan.old_price is None else Money(plan.old_price, Currency(currency)),
        most_per_person=plan.most_per_person,
        group_id=None if group is None else group.id,
        group_name="" if group is None else rules.named(group, language),
        period_days=plan.period_days,
        traffic_gb=plan.traffic_limit_gb,
        device_limit=plan.device_limit,
    )


async def get_plan(uow: UnitOfWork, plan_id: int) -> PlanRow:
    """One plan, an archived one too. Raises NotFound."""
    plan = await Plans(session=uow.session).get_one_or_none(BotPlan.id == plan_id)
    if plan is None:
        raise NotFound("plan", plan_id)
    return row_of(plan)


async def list_all(uow: UnitOfWork) -> list[PlanRow]:
    """The price list in the owner's order, the archived plans after it, newest in the archive first.

    Raises NotAllowed.
    """
    require(uow.actor, SHOP_SEE)
    return await _in_order(uow, first=(BotPlan.archived_at.desc().nulls_first(),))


async def get_plans(uow: UnitOfWork, *, active_only: bool = False) -> list[PlanRow]:
    """The price list in the owner's order, without the archived plans."""
    conditions: list[ColumnElement[bool]] = [BotPlan.archived_at.is_(None)]
    if active_only:
        conditions.append(BotPlan.is_active.is_(True))
    return await _in_order(uow, *conditions)


async def get_plan_by_price_range(
    uow: UnitOfWork, *, least: int | None = None, most: int | None = None
) -> list[PlanRow]:
    """The plans on sale from ``least`` to ``most`` (minor units, both included), cheapest first."""
    conditions: list[ColumnElement[bool]] = [BotPlan.archived_at.is_(None), BotPlan.is_active.is_(True)]
    if least is not None:
        conditions.append(BotPlan.price >= least)
    if most is not None:
        conditions.append(BotPlan.price <= most)
    return await _in_order(uow, *conditions, first=(BotPlan.price.asc(),))


async def _in_order(
    uow: UnitOfWork, *conditions: ColumnElement[bool], first: Sequence[UnaryExpression[Any]] = ()
) -> list[PlanRow]:
    asked = select(BotPlan).outerjoin(PlanGroup, ITS_GROUP).where(*conditions).order_by(*first, *IN_ORDER)
    return [row_of(plan) for plan in await uow.session.scalars(asked)]

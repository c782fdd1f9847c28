"""The owner's verbs on the price list."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypedDict, Unpack

from sqlalchemy import exists, func, or_, select

from db.models import BotPlan, Order, StockItem
from shop.actors import PLANS_MANAGE, require
from shop.audit import service as audit
from shop.errors import ListChanged, NotFound, StillInUse
from shop.plans import groups, rules
from shop.plans.queries import PlanRow, Plans, mark_of, row_of
from shop.seen import require_same
from shop.unit_of_work import UnitOfWork


class PlanParticulars(TypedDict, total=False):
    """What a plan may leave to its defaults."""

    description: str
    translations: Mapping[str, Mapping[str, str]]
    traffic_limit_gb: int
    device_limit: int
    old_price: int | None
    most_per_person: int
    group_id: int | None
    renewal_policy: str
    low_stock_at: int
    sort_order: int


class PlanChanges(PlanParticulars, total=False):
    """What an owner may change in a plan. Orders keep what they were sold with."""

    name: str
    period_days: int
    price: int


CLEAN: Mapping[str, Callable[[Any], Any]] = {
    "name": rules.name,
    "description": rules.description,
    "translations": rules.translations,
    "period_days": rules.period_days,
    "price": rules.price,
    "traffic_limit_gb": rules.traffic_limit_gb,
    "device_limit": rules.device_limit,
    "old_price": rules.old_price,
    "group_id": rules.group_id,
    "most_per_person": rules.most_per_person,
    "renewal_policy": rules.renewal_policy,
    "low_stock_at": rules.low_stock_at,
    "sort_order": rules.sort_order,
}


async def create_plan(
    uow: UnitOfWork,
    *,
    name: str,
    period_days: int,
    price: int,
    is_active: bool = True,
    **particulars: Unpack[PlanParticulars],
) -> PlanRow:
    """Put a plan on the list, at its end unless ``sort_order`` says otherwise.

    ``price`` in minor units of the shop's currency, at least 1. Raises NotAllowed and BadInput.
    """
    require(uow.actor, PLANS_MANAGE)
    await groups.require_choice(uow, particulars.get("group_id"))
    if "sort_order" not in particulars:
        particulars["sort_order"] = await _next_place(uow)
    plan = BotPlan(is_active=is_active, created_at=uow.now, updated_at=uow.now)
    _apply(plan, {"name": name, "period_days": period_days, "price": price, **particulars})
    plan = await Plans(session=uow.session).add(plan)
    await audit.record(uow, "plan.created", "plan", plan.id, name=plan.name, price=plan.price)
    return row_of(plan)


async def _next_place(uow: UnitOfWork) -> int:
    last = await uow.session.scalar(select(func.max(BotPlan.sort_order)).where(BotPlan.archived_at.is_(None)))
    return 0 if last is None else last + 1


def _apply(plan: BotPlan, changes: PlanChanges) -> None:
    # All of them first: whoever catches the refusal may go on in the same unit, and half a change would stay.
    clean = {field: CLEAN[field](value) for field, value in changes.items()}
    rules.above(clean.get("old_price", plan.old_price), clean.get("price", plan.price))
    for field, value in clean.items():
        setattr(plan, field, value)


async def update_plan(
    uow: UnitOfWork, plan_id: int, *, seen: str = "", **changes: Unpack[PlanChanges]
) -> PlanRow:
    """Change what is given, leave the rest.

    ``seen``: the mark of the plan as it was when somebody began to change it. Raises NotAllowed, NotFound
    (also when archived), BadInput and ChangedMeanwhile. In another group it stands at the end.
    """
    plan = await _lock(uow, plan_id)
    require_same("plan", seen, mark_of(row_of(plan)))
    before = {field: getattr(plan, field) for field in changes}
    if "group_id" in changes:
        changes["group_id"] = await groups.choose(uow, changes["group_id"], now=plan.group_id)
        if changes["group_id"] != plan.group_id:
            changes.setdefault("sort_order", await _next_place(uow))
    price, old_price, group_id = plan.price, plan.old_price, plan.group_id
    _apply(plan, changes)
    fields = sorted(field for field, value in before.items() if getattr(plan, field) != value)
    told: dict[str, object] = {} if plan.price == price else {"price_before": price, "price": plan.price}
    if plan.old_price != old_price:
        told |= {"old_price_before": old_price, "old_price": plan.old_price}
    if plan.group_id != group_id:
        names = [await groups.name_of(uow, one) for one in (group_id, plan.group_id)]
        told |= {"group_before": names[0], "group": names[1]}
    if fields:
        await _changed(uow, plan, "plan.updated", fields=fields, **told)
    return row_of(plan)


async def activate_plan(uow: UnitOfWork, plan_id: int) -> PlanRow:
    """Sell it. Idempotent. Raises NotAllowed and NotFound (also when archived)."""
    return await _switch(uow, plan_id, is_active=True)


async def deactivate_plan(uow: UnitOfWork, plan_id: int) -> PlanRow:
    """Sell it no more; orders that were placed go on. Idempotent. Raises NotAllowed and NotFound."""
    return await _switch(uow, plan_id, is_active=False)


async def _switch(uow: UnitOfWork, plan_id: int, *, is_active: bool) -> PlanRow:
    plan = await _lock(uow, plan_id)
    if plan.is_active is not is_active:
        plan.is_active = is_active
        await _changed(uow, plan, "plan.activated" if is_active else "plan.deactivated")
    return row_of(plan)


async def archive_plan(uow: UnitOfWork, plan_id: int) -> bool:
    """Take it off the list for good; what was sold stays. Whether it was on sale until now.

    Raises NotAllowed and NotFound (also when it is archived).
    """
    plan = await _lock(uow, plan_id)
    was_on_sale = plan.is_active
    plan.archived_at, plan.is_active = uow.now, False
    await _changed(uow, plan, "plan.archived")
    return was_on_sale


async def restore_plan(uow: UnitOfWork, plan_id: int, *, in_its_place: bool = False) -> PlanRow:
    """Put an archived plan back at the end of the list, off sale until somebody switches it on.

    ``in_its_place``: where it stood, for whoever archived it by mistake a moment ago. Raises NotAllowed, and
    NotFound when it is not in the archive.
    """
    require(uow.actor, PLANS_MANAGE)
    plan = await uow.session.scalar(
        select(BotPlan)
        .where(BotPlan.id == plan_id, BotPlan.archived_at.is_not(None))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if plan is None:
        raise NotFound("plan", plan_id)
    if not in_its_place:
        plan.sort_order = await _next_place(uow)
    plan.archived_at = None
    await _changed(uow, plan, "plan.restored")
    return row_of(plan)


async def delete_plan(uow: UnitOfWork, plan_id: int) -> None:
    """Remove a plan that was never ordered and has no lines on its shelf.

    Raises NotAllowed, NotFound, and StillInUse for one with a history: archive it instead.
    """
    plan = await _lock(uow, plan_id)
    in_use = or_(
        exists().where(Order.plan_id == plan_id, Order.bot_id == uow.bot_id),
        exists().where(StockItem.plan_id == plan_id, StockItem.bot_id == uow.bot_id),
    )
    if await uow.session.scalar(select(in_use)):
        raise StillInUse("plan", plan_id)
    await audit.record(uow, "plan.deleted", "plan", plan_id, name=plan.name)
    await uow.session.delete(plan)
    await uow.session.flush()


async def update_plan_sort_order(uow: UnitOfWork, plan_id: int, *, sort_order: int) -> PlanRow:
    """Give one plan its place; equal places stand in the order of their making.

    Raises NotAllowed, NotFound, BadInput.
    """
    return await update_plan(uow, plan_id, sort_order=sort_order)


async def reorder_plans(uow: UnitOfWork, plan_ids: Sequence[int]) -> list[PlanRow]:
    """Put the price list in this order.

    ``plan_ids`` names every plan that is not archived, exactly once, those off sale too: whoever sorts
    sees them all, and a list that misses one was made from a page grown old (ListChanged). Answers the
    list in its new order. Raises NotAllowed and ListChanged.
    """
    require(uow.actor, PLANS_MANAGE)
    plans = await lock_list(uow)
    if sorted(plan_ids) != sorted(plans):
        raise ListChanged("plan")
    for place, plan_id in enumerate(plan_ids):
        plans[plan_id].sort_order, plans[plan_id].updated_at = place, uow.now
    await uow.session.flush()
    await audit.record(uow, "plan.reordered", "plan", None, plan_ids=list(plan_ids))
    return [row_of(plans[plan_id]) for plan_id in plan_ids]


async def lock_list(uow: UnitOfWork) -> dict[int, BotPlan]:
    """Every plan that is not archived, held until the unit ends; always locked in one order."""
    locked = await uow.session.scalars(
        select(BotPlan)
        .where(BotPlan.archived_at.is_(None))
        .order_by(BotPlan.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {plan.id: plan for plan in locked}


async def _lock(uow: UnitOfWork, plan_id: int) -> BotPlan:
    require(uow.actor, PLANS_MANAGE)
    plan = await uow.session.scalar(
        select(BotPlan)
        .where(BotPlan.id == plan_id, BotPlan.archived_at.is_(None))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if plan is None:
        raise NotFound("plan", plan_id)
    return plan


async def _changed(uow: UnitOfWork, plan: BotPlan, action: str, **data: object) -> None:
    plan.updated_at = uow.now
    await uow.session.flush()
    await audit.record(uow, action, "plan", plan.id, name=plan.name, **data)

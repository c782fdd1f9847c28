"""The price list put in order by its owner: which group where, and which plan where in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from db.models import BotPlan, PlanGroup
from shop.actors import PLANS_MANAGE, require
from shop.audit import service as audit
from shop.errors import ListChanged
from shop.plans.groups import lock_groups
from shop.plans.service import lock_list
from shop.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Section:
    """Plans that stand together, in their order."""

    group_id: int | None
    """None: those without a group."""
    plan_ids: Sequence[int]


async def arrange(uow: UnitOfWork, sections: Sequence[Section]) -> None:
    """Put groups and plans in this order, each plan into the group it is named under.

    ``sections`` names every group and every plan that is not archived, exactly once, those off sale and those
    that are empty too: whoever sorts sees them all, and a list that misses one was made from a page grown old
    (ListChanged). Raises NotAllowed and ListChanged.
    """
    require(uow.actor, PLANS_MANAGE)
    groups, plans = await lock_groups(uow), await lock_list(uow)
    group_ids = [one.group_id for one in sections if one.group_id is not None]
    plan_ids = [plan_id for one in sections for plan_id in one.plan_ids]
    if sorted(group_ids) != sorted(groups) or sorted(plan_ids) != sorted(plans):
        raise ListChanged("plan")
    were_so = [group_id for group_id, _ in sorted(groups.items(), key=_place)] == group_ids
    for place, group_id in enumerate(group_ids):
        groups[group_id].sort_order, groups[group_id].updated_at = place, uow.now
    for place, plan_id in enumerate(plan_ids):
        plans[plan_id].sort_order, plans[plan_id].updated_at = place, uow.now
    moved = [move for one in sections for move in _moves(one, groups, plans)]
    await uow.session.flush()
    await audit.record(uow, "plan.reordered", "plan", None, plan_ids=plan_ids)
    if not were_so:
        await audit.record(uow, "plan_group.reordered", "plan_group", None, group_ids=group_ids)
    for plan, before, after in moved:
        await audit.record(
            uow, "plan.regrouped", "plan", plan.id, name=plan.name, group_before=before, group=after
        )


def _place(item: tuple[int, PlanGroup]) -> tuple[int, int]:
    return item[1].sort_order, item[0]


def _moves(
    section: Section, groups: Mapping[int, PlanGroup], plans: Mapping[int, BotPlan]
) -> list[tuple[BotPlan, str | None, str | None]]:
    """Each plan that comes into this section from another, with the names of the two groups."""
    moved = []
    for plan in (plans[plan_id] for plan_id in section.plan_ids):
        # One whose group is archived stands without one already, and comes back into it with it.
        was = plan.group_id if plan.group_id in groups else None
        if was != section.group_id:
            moved.append((plan, _name(groups, was), _name(groups, section.group_id)))
            plan.group_id = section.group_id
    return moved


def _name(groups: Mapping[int, PlanGroup], group_id: int | None) -> str | None:
    return None if group_id is None else groups[group_id].name

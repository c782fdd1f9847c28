"""Groups of plans: what an owner sorts the price list by, and a customer finds behind one button."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from db.models import PlanGroup
from shop.actors import PLANS_MANAGE, require
from shop.audit import service as audit
from shop.errors import BadInput, NotFound
from shop.plans import rules
from shop.seen import mark, require_same
from shop.unit_of_work import UnitOfWork

IN_ORDER = (PlanGroup.archived_at.desc().nulls_first(), PlanGroup.sort_order.asc(), PlanGroup.id.asc())


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A group as its owner keeps it."""

    group_id: int
    name: str
    translations: dict[str, Any]
    archived_at: datetime | None


def row_of(group: PlanGroup) -> GroupRow:
    return GroupRow(group.id, group.name, dict(group.translations), group.archived_at)


def mark_of(group: GroupRow) -> str:
    """Of what the form of a group holds."""
    return mark(group.name, sorted(group.translations.items()))


async def list_groups(uow: UnitOfWork) -> list[GroupRow]:
    """In the owner's order, the archived ones after them, newest in the archive first."""
    return [row_of(group) for group in await uow.session.scalars(select(PlanGroup).order_by(*IN_ORDER))]


async def get_group(uow: UnitOfWork, group_id: int) -> GroupRow:
    """One group, an archived one too. Raises NotFound."""
    group = await uow.session.scalar(select(PlanGroup).where(PlanGroup.id == group_id))
    if group is None:
        raise NotFound("plan_group", group_id)
    return row_of(group)


async def create_group(
    uow: UnitOfWork, *, name: str, translations: Mapping[str, Mapping[str, str]]
) -> GroupRow:
    """Put an empty group behind the others. Raises NotAllowed and BadInput."""
    require(uow.actor, PLANS_MANAGE)
    group = PlanGroup(
        name=rules.name(name),
        translations=rules.translations(translations),
        sort_order=await _next_place(uow),
        created_at=uow.now,
        updated_at=uow.now,
    )
    uow.session.add(group)
    await _changed(uow, group, "plan_group.created")
    return row_of(group)


async def rename_group(
    uow: UnitOfWork,
    group_id: int,
    *,
    name: str,
    translations: Mapping[str, Mapping[str, str]],
    seen: str = "",
) -> GroupRow:
    """Call it otherwise, in every language at once.

    ``seen``: the mark of the group as it was when somebody began to change it. Raises NotAllowed, NotFound
    (also when archived), BadInput and ChangedMeanwhile.
    """
    group = await _lock(uow, group_id)
    require_same("plan_group", seen, mark_of(row_of(group)))
    before, words = group.name, rules.translations(translations)
    clean = rules.name(name)
    if (clean, words) != (before, group.translations):
        group.name, group.translations = clean, words
        await _changed(uow, group, "plan_group.renamed", name_before=before)
    return row_of(group)


async def archive_group(uow: UnitOfWork, group_id: int) -> None:
    """Put it away; its plans stay on sale and stand without a group, until it is restored.

    Raises NotAllowed and NotFound (also when it is archived).
    """
    group = await _lock(uow, group_id)
    group.archived_at = uow.now
    await _changed(uow, group, "plan_group.archived")


async def restore_group(uow: UnitOfWork, group_id: int, *, in_its_place: bool = False) -> None:
    """Take it out of the archive, behind the others; plans that were in it, and in no other since, are again.

    ``in_its_place``: where it stood, for whoever archived it by mistake a moment ago. Raises NotAllowed, and
    NotFound when it is not in the archive.
    """
    group = await _lock(uow, group_id, is_archived=True)
    if not in_its_place:
        group.sort_order = await _next_place(uow)
    group.archived_at = None
    await _changed(uow, group, "plan_group.restored")


async def require_choice(uow: UnitOfWork, group_id: int | None) -> None:
    """Refuse with BadInput a group for a plan that is not on the list: archived, another shop's, or none."""
    if group_id is None:
        return
    on_list = select(PlanGroup.id).where(PlanGroup.id == group_id, PlanGroup.archived_at.is_(None))
    if await uow.session.scalar(on_list) is None:
        raise BadInput("group", "not_a_choice")


async def choose(uow: UnitOfWork, wish: int | None, *, now: int | None) -> int | None:
    """The group of a plan that has ``now`` and is to have ``wish``.

    To want none changes nothing where that of now is archived: the plan has none already, and comes back into
    it with it. Raises BadInput.
    """
    if wish == now:
        return now
    await require_choice(uow, wish)
    if wish is None and now is not None and (await get_group(uow, now)).archived_at is not None:
        return now
    return wish


async def name_of(uow: UnitOfWork, group_id: int | None) -> str | None:
    """In the shop's own words; None without a group."""
    return None if group_id is None else (await get_group(uow, group_id)).name


async def lock_groups(uow: UnitOfWork) -> dict[int, PlanGroup]:
    """Every group that is not archived, held until the unit ends; always locked in one order.

    Not against a plan that is put into one meanwhile: whoever does that holds the plan already, and the two
    would wait for each other.
    """
    locked = await uow.session.scalars(
        select(PlanGroup)
        .where(PlanGroup.archived_at.is_(None))
        .order_by(PlanGroup.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return {group.id: group for group in locked}


async def _next_place(uow: UnitOfWork) -> int:
    last = await uow.session.scalar(
        select(func.max(PlanGroup.sort_order)).where(PlanGroup.archived_at.is_(None))
    )
    return 0 if last is None else last + 1


async def _lock(uow: UnitOfWork, group_id: int, *, is_archived: bool = False) -> PlanGroup:
    require(uow.actor, PLANS_MANAGE)
    group = await uow.session.scalar(
        select(PlanGroup)
        .where(PlanGroup.id == group_id, PlanGroup.archived_at.is_not(None) == is_archived)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    if group is None:
        raise NotFound("plan_group", group_id)
    return group


async def _changed(uow: UnitOfWork, group: PlanGroup, action: str, **data: object) -> None:
    group.updated_at = uow.now
    await uow.session.flush()
    await audit.record(uow, action, "plan_group", group.id, name=group.name, **data)

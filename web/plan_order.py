"""The order of the price list as a form carries it: ``g12,5,6,g0,7``.

A group's head stands before its plans, ``g0`` before those without one; a shop without groups names its plans
alone. So one flat list is dragged and moved, and a plan that passes a head comes into another group. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from shop.errors import BadInput
from shop.plans.arranging import Section
from shop.plans.groups import GroupRow
from shop.plans.queries import PlanRow

LOOSE = "g0"
_ITEM = r"g?[0-9]{1,19}"
_ORDER = re.compile(rf"{_ITEM}(?:,{_ITEM}){{0,2000}}", re.ASCII)
_MOVE = re.compile(rf"(up|down)\.({_ITEM})", re.ASCII)


def head(group_id: int | None) -> str:
    return LOOSE if group_id is None else f"g{group_id}"


def grouped(
    groups: Sequence[GroupRow], plans: Sequence[PlanRow]
) -> list[tuple[GroupRow | None, list[PlanRow]]]:
    """Every group with its plans, the empty ones too, and last the plans without one; no archived group."""
    inside: dict[int | None, list[PlanRow]] = {
        group.group_id: [] for group in groups if group.archived_at is None
    }
    loose: list[PlanRow] = []
    for plan in plans:
        inside.get(plan.group_id, loose).append(plan)
    return [*((group, inside[group.group_id]) for group in groups if group.group_id in inside), (None, loose)]


def write(groups: Sequence[GroupRow], plans: Sequence[PlanRow]) -> str:
    """The order as it is, for a form to come back with."""
    sections = grouped(groups, plans)
    heads = len(sections) > 1
    return ",".join(
        item
        for group, inside in sections
        for item in (
            *([head(None if group is None else group.group_id)] if heads else []),
            *(str(plan.plan_id) for plan in inside),
        )
    )


def read(text: str) -> list[str]:
    """The items of an order. What was dragged above the first head is meant to be the first below it.

    Raises BadInput.
    """
    if _ORDER.fullmatch(text) is None:
        raise BadInput("order", "unreadable")
    items = text.split(",")
    first = next((item for item in items if _is_head(item)), None)
    if first is not None:
        items.remove(first)
        items.insert(0, first)
    return items


def moved(items: list[str], move: str) -> list[str]:
    """The order with one plan a place up or down, past a head too, or one group past the next.

    As it is where no button was pressed. Raises BadInput.
    """
    if not move:
        return items
    found = _MOVE.fullmatch(move)
    if found is None or found[2] not in items or found[2] == LOOSE:
        raise BadInput("move", "not_a_choice")
    step = -1 if found[1] == "up" else 1
    if _is_head(found[2]):
        return _group_moved(items, found[2], step)
    at = items.index(found[2])
    to = at + step
    if 0 <= to < len(items) and not (to == 0 and _is_head(items[0])):
        items[at], items[to] = items[to], items[at]
    return items


def _group_moved(items: Sequence[str], item: str, step: int) -> list[str]:
    blocks = list(_blocks(items))
    at = next(place for place, block in enumerate(blocks) if block[0] == item)
    to = at + step
    if 0 <= to < len(blocks) and blocks[to][0] != LOOSE:
        blocks[at], blocks[to] = blocks[to], blocks[at]
    return [one for block in blocks for one in block]


def sections(items: Sequence[str]) -> list[Section]:
    """What the items say, for ``arrange``."""
    return [
        Section(
            int(block[0][1:]) or None if _is_head(block[0]) else None,
            [int(item) for item in block if not _is_head(item)],
        )
        for block in _blocks(items)
    ]


def _blocks(items: Sequence[str]) -> Iterator[list[str]]:
    """Each head with what follows it; without heads all of it at once."""
    block: list[str] = []
    for item in items:
        if _is_head(item) and block:
            yield block
            block = []
        block.append(item)
    yield block


def _is_head(item: str) -> bool:
    return item.startswith("g")

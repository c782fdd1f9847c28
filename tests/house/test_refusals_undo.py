"""A refusal must leave nothing behind: it is caught outside the unit of work, never inside.

Whoever catches it inside ends the unit as if all were well, and what the verb had written before it
refused is kept.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOORS = [ROOT / "web/acting.py", *ROOT.glob("web/routes/*.py"), *ROOT.glob("bot/handlers/*.py")]


def opens_a_unit(node: ast.AST) -> bool:
    return isinstance(node, ast.AsyncWith) and any(
        isinstance(item.context_expr, ast.Call)
        and ast.unparse(item.context_expr.func).endswith("units.begin")
        for item in node.items
    )


def caught_inside(source: str) -> Iterator[str]:
    for unit in filter(opens_a_unit, ast.walk(ast.parse(source))):
        for inner in ast.walk(unit):
            if isinstance(inner, ast.Try):
                yield from (f"line {one.lineno}" for one in inner.handlers)


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.stem)
def test_no_door_catches_inside_the_unit_what_ought_to_undo_it(door):
    assert list(caught_inside(door.read_text())) == []


def test_a_refusal_that_is_caught_inside_is_noticed():
    bad = """
async def save():
    async with parts.units.begin(1, who) as uow:
        try:
            await verb(uow)
        except BadInput:
            return await show(uow)
"""

    assert list(caught_inside(bad)) == ["line 6"]

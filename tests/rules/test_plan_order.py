"""One flat list says which group stands where, and which plan where in it."""

from __future__ import annotations

import pytest

from shop.errors import BadInput
from shop.plans.arranging import Section
from web import plan_order

WHOLE = "g1,5,6,g2,g0,7"


def arranged(order: str, move: str = "") -> str:
    return ",".join(plan_order.moved(plan_order.read(order), move))


@pytest.mark.parametrize(
    ("move", "order"),
    [
        ("up.6", "g1,6,5,g2,g0,7"),
        ("down.6", "g1,5,g2,6,g0,7"),
        ("up.7", "g1,5,6,g2,7,g0"),
        ("up.5", WHOLE),
        ("down.7", WHOLE),
        ("down.g1", "g2,g1,5,6,g0,7"),
        ("up.g2", "g2,g1,5,6,g0,7"),
        ("up.g1", WHOLE),
        ("down.g2", WHOLE),
        ("", WHOLE),
    ],
)
def test_an_arrow_moves_a_plan_past_a_head_and_a_group_with_all_that_is_in_it(move, order):
    assert arranged(WHOLE, move) == order


def test_without_groups_a_list_is_its_plans_alone():
    assert arranged("5,6,7", "up.7") == "5,7,6"
    assert plan_order.sections(["5", "6"]) == [Section(None, [5, 6])]


def test_what_was_dropped_above_the_first_head_is_first_below_it():
    assert arranged("7,g1,5,g0,6") == "g1,7,5,g0,6"


def test_a_section_is_a_head_with_what_follows_it():
    assert plan_order.sections(plan_order.read(WHOLE)) == [
        Section(1, [5, 6]),
        Section(2, []),
        Section(None, [7]),
    ]


@pytest.mark.parametrize("order", ["", "g", "1,,2", "1,x", "g-1", "9" * 20, "G1,2"])
def test_what_is_no_order_is_refused(order):
    with pytest.raises(BadInput):
        plan_order.read(order)


@pytest.mark.parametrize("move", ["up.9", "up.g9", "up.g0", "down.", "left.5", "up.5,6"])
def test_a_move_of_what_is_not_there_is_refused(move):
    with pytest.raises(BadInput):
        arranged(WHOLE, move)

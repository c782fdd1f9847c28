"""The programs of `make bench` start and do their work; how quick they are is nobody's business here."""

from __future__ import annotations

import pytest

from tests.bench.__main__ import MEASURES
from tests.bench.figures import Figure, Goal, Series, as_json, as_markdown
from tests.bench.ground import prepared

# P2 and P12 want programs that are not installed here (tests/bench/peers.py, tests/lighthouse).
# The others run the same programs, with two of them or with a fleet, and take their time.
TINY = {
    "P1": {"rounds": 1, "requests": 2},
    "P3": {"rounds": 1, "requests": 2, "times": 2, "shops": 1, "each": 20, "long": 110, "page": 2},
    "P4": {"rounds": 1, "decisions": 2, "counted": 1},
    "P5": {"rounds": 1, "seconds": 0.2},
    "P6": {"rounds": 1, "updates": 5},
    "P7": {"rounds": 1, "messages": 20},
    "P8": {"times": 2},
    "P11": {"rounds": 1, "probes": 2, "updates": 20, "sends": 10},
    "S1": {"people": 20, "rounds": 1, "searches": 1},
    "L1": {"each": 3, "times": 2, "stored": (20, 70)},
}


@pytest.fixture(scope="module")
async def ground(tmp_path_factory: pytest.TempPathFactory):
    async with prepared(tmp_path_factory.mktemp("bench"), shops=2, rows=200, durable=False) as made:
        yield made


@pytest.mark.parametrize("number", TINY)
async def test_a_measure_does_its_work_and_fills_its_rows(ground, number: str) -> None:
    figures = await MEASURES[number](ground, **TINY[number])

    assert figures
    assert all(figure.number == number for figure in figures)
    assert as_markdown(figures).count(f"| {number} |") == len(figures)
    assert as_json(figures, {})


def test_a_figure_says_whether_its_goal_is_met() -> None:
    met = Figure("P0", "", Series([9.0], ""), goal=Goal("at most", 3), compared=Series([1.0, 2.0, 9.0], ""))
    missed = Figure("P0", "", Series([9.0], "%"), goal=Goal("at least", 60, "%"))

    assert (met.verdict, missed.verdict) == ("met", "**missed**")

"""Charts: honest, mirrored for Persian, and safe to put in a page."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web import charts
from web.charts import Bar


def xs(svg: str, selector: str) -> list[float]:
    return [float(x) for x in re.findall(rf'<rect class="{selector}" x="([\d.]+)"', svg)]


def draw(columns: list[Bar], *, rtl: bool = True) -> str:
    return str(charts.bars(columns, tick=str, label="Sales", rtl=rtl))


@pytest.mark.parametrize(("value", "top"), [(0, 1), (1, 1.2), (4_850_000, 6_000_000), (10, 12), (999, 1000)])
def test_an_axis_ends_at_a_round_number_above_the_highest_column(value, top):
    assert charts.nice_top(value) == pytest.approx(top)


@given(st.integers(min_value=1, max_value=10**15))
def test_the_highest_column_always_fits(value):
    assert charts.nice_top(value) >= value * 0.999999


def test_time_runs_with_the_reading_direction():
    columns = [Bar((1, 0), "old"), Bar((1, 0), "new")]

    persian, english = xs(draw(columns), "s1"), xs(draw(columns, rtl=False), "s1")

    assert persian == sorted(persian, reverse=True)
    assert english == sorted(english)


def test_a_column_is_as_high_as_its_share_and_nothing_is_drawn_for_zero():
    svg = draw([Bar((0, 0), "none"), Bar((600, 600), "both")])
    heights = [float(h) for h in re.findall(r'class="s\d" .*?height="([\d.]+)"', svg)]

    assert len(heights) == 2
    # 1200 of 1200: the two segments and the gap between them fill the plot.
    assert sum(heights) + 1.5 == pytest.approx(240 - charts.TOP - charts.BOTTOM, abs=0.2)


def test_words_from_outside_cannot_leave_their_place():
    svg = draw([Bar((1, 0), '"><script>alert(1)</script>', "<b>")])

    assert "<script>" not in svg
    ET.fromstring(svg)  # noqa: S314  (our own drawing)


def test_an_empty_chart_is_still_a_chart():
    ET.fromstring(draw([]))  # noqa: S314  (our own drawing)


@pytest.mark.parametrize("values", [[], [3]])
def test_a_line_needs_two_ends(values):
    assert charts.spark(values, rtl=True, label="Trend") == ""


def test_a_flat_line_is_drawn_and_not_divided_by_zero():
    ET.fromstring(charts.spark([5, 5, 5], rtl=False, label="Trend"))  # noqa: S314  (our own)


@pytest.mark.parametrize(("value", "total", "width"), [(1, 2, "50.0%"), (3, 2, "100.0%"), (1, 0, "0.0%")])
def test_a_meter_is_never_fuller_than_full(value, total, width):
    assert f'class="val" width="{width}"' in charts.meter(value, total)

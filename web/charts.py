"""Charts as SVG drawn by the server: no script, no inline style, themed by the stylesheet.

Time runs with the reading direction: right to left in Persian, so the newest is on the left. Numbers inside
are never mirrored.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from markupsafe import Markup

AXIS, TOP, BOTTOM, EDGE = 74, 12, 26, 6
STEPS = 4
NICE = (1.2, 1.6, 2, 2.4, 3.2, 4, 6, 8, 10)
"""Ends of an axis whose quarters still read well with one decimal."""


class Bar(NamedTuple):
    """One column: stacked ``values`` from the bottom up, the ``tip`` shown on hover, perhaps a label."""

    values: tuple[int, ...]
    tip: str
    label: str = ""


def nice_top(value: float) -> float:
    """The round number at which an axis ends, never under ``value``: 4.85 million gives 6 million."""
    if value <= 0:
        return 1
    power: float = 10 ** math.floor(math.log10(value))
    return next(step * power for step in NICE if step * power >= value)


def bars(
    columns: Sequence[Bar],
    *,
    tick: Callable[[float], str],
    label: str,
    rtl: bool,
    width: int = 760,
    height: int = 240,
) -> Markup:
    """Stacked columns, oldest first in ``columns``; the last is lighter because it is unfinished."""
    inner_width, inner_height = width - AXIS - EDGE, height - TOP - BOTTOM
    top_value = nice_top(max((sum(c.values) for c in columns), default=0))
    step = inner_width / max(len(columns), 1)
    parts = [_grid(tick, top_value, rtl=rtl, width=width, inner_height=inner_height)]
    for i, column in enumerate(columns):
        centre = step * (i + 0.5)
        x = (width - AXIS - centre) if rtl else (AXIS + centre)
        parts.append(
            _column(
                column,
                x=x,
                step=step,
                scale=inner_height / top_value,
                height=height,
                is_last=i == len(columns) - 1,
            )
        )
    return Markup('<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        width, height, label, Markup("").join(parts)
    )


def _grid(
    tick: Callable[[float], str], top_value: float, *, rtl: bool, width: int, inner_height: int
) -> Markup:
    left, right = (EDGE, width - AXIS) if rtl else (AXIS, width - EDGE)
    lines = []
    for k in range(STEPS + 1):
        y = TOP + inner_height - inner_height * k / STEPS
        lines.append(
            # text-anchor follows the text's direction, so "start" is the outer edge in both languages.
            Markup(
                '<line class="grid{}" x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/>'
                '<text class="tick" x="{}" y="{:.1f}" text-anchor="start">{}</text>'
            ).format(
                *(" base" if k == 0 else "", left, right, y, y),
                *(width - 4 if rtl else 4, y + 4, tick(top_value * k / STEPS)),
            )
        )
    return Markup("").join(lines)


def _column(column: Bar, *, x: float, step: float, scale: float, height: int, is_last: bool) -> Markup:
    bar_width = max(2.5, min(18, step * 0.62))
    bottom = height - BOTTOM
    parts = [
        Markup('<rect class="hit" x="{:.1f}" y="{}" width="{:.1f}" height="{}"/>').format(
            x - step / 2, TOP, step, bottom - TOP
        )
    ]
    y: float = bottom
    for series, value in enumerate(column.values, start=1):
        if value <= 0:
            continue
        y -= value * scale
        # A gap of the surface's colour keeps neighbours apart without relying on their contrast.
        gap = 1.5 if y + value * scale < bottom else 0
        parts.append(
            Markup('<rect class="s{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" rx="2"/>').format(
                series, x - bar_width / 2, y, bar_width, max(value * scale - gap, 0.8)
            )
        )
    if column.label:
        parts.append(
            Markup('<text class="tick{}" x="{:.1f}" y="{}" text-anchor="middle">{}</text>').format(
                " strong" if is_last else "", x, height - 6, column.label
            )
        )
    return Markup('<g class="bar{}" data-tip="{}">{}</g>').format(
        " now" if is_last else "", column.tip, Markup("").join(parts)
    )


def spark(values: Sequence[float], *, rtl: bool, label: str, width: int = 96, height: int = 28) -> Markup:
    """A line the size of a word; fewer than two values make none."""
    if len(values) < 2:  # noqa: PLR2004  (a line needs two ends)
        return Markup("")
    low, span = min(values), (max(values) - min(values)) or 1
    points = []
    for i, value in enumerate(values):
        x = 3 + (width - 6) * i / (len(values) - 1)
        points.append((width - x if rtl else x, height - 4 - (height - 8) * (value - low) / span))
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    (first_x, _), (last_x, last_y) = points[0], points[-1]
    return Markup(
        '<svg class="spark" viewBox="0 0 {w} {h}" width="{w}" height="{h}" role="img" aria-label="{label}">'
        '<polygon class="spark-area" points="{fx:.1f},{h} {line} {lx:.1f},{h}"/>'
        '<polyline class="spark-line" points="{line}"/>'
        '<circle class="spark-dot" cx="{lx:.1f}" cy="{ly:.1f}" r="2.6"/></svg>'
    ).format(w=width, h=height, label=label, line=line, fx=first_x, lx=last_x, ly=last_y)


def meter(value: float, total: float) -> Markup:
    """How full something is, beside the number that says it, hence hidden from screen readers."""
    share = max(0.0, min(100.0, 100 * value / total)) if total else 0.0
    return Markup(
        '<svg class="meter" height="6" aria-hidden="true"><rect class="trk" width="100%" height="6" rx="3"/>'
        '<rect class="val" width="{:.1f}%" height="6" rx="3"/></svg>'
    ).format(share)


def shares(values: Sequence[int]) -> Markup:
    """One bar cut by the share of each value, in the order of a column; numbers beside it say the same."""
    total, x = sum(values), 0.0
    parts = []
    for series, value in enumerate(values, start=1):
        if value > 0:
            width = 100 * value / total
            # The same gap as in a column: neighbours need no contrast between them.
            parts.append(
                Markup('<rect class="s{}" x="{:.2f}%" width="{:.2f}%" height="8"/>').format(
                    series, x, max(width - 0.4, 0.3)
                )
            )
            x += width
    return Markup('<svg class="meter" height="8" aria-hidden="true">{}</svg>').format(Markup("").join(parts))

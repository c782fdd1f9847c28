"""Figures, their spread, and the table they are printed in."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class Goal:
    """A bound of performance.md: the median ratio shall be at most, or at least, so much."""

    side: Literal["at most", "at least"]
    value: float
    unit: str = "times"

    def is_met(self, measured: float) -> bool:
        return measured <= self.value if self.side == "at most" else measured >= self.value

    def __str__(self) -> str:
        return f"{self.side} {self.value:g} {self.unit}".rstrip()


@dataclass(frozen=True, slots=True)
class Series:
    """One thing measured several times; printed as the median and the two ends."""

    values: Sequence[float]
    unit: str

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    def __str__(self) -> str:
        middle, low, high = (_short(value) for value in (self.median, min(self.values), max(self.values)))
        spread = "" if len(self.values) == 1 else f" ({low} to {high})"
        return f"{middle}{spread} {self.unit}".rstrip()


@dataclass(frozen=True, slots=True)
class Figure:
    """One row of the table: ours, the baseline's, and how they compare, round by round."""

    number: str
    what: str
    ours: Series
    baseline: Series | None = None
    goal: Goal | None = None
    compared: Series | None = None
    """What the goal speaks of; without it, ``ours`` itself."""
    note: str = ""
    machine: dict[str, float] = field(default_factory=dict)
    """Beside it: figures of this run that explain the row."""

    @property
    def verdict(self) -> str:
        if self.goal is None:
            return "printed"
        return "met" if self.goal.is_met((self.compared or self.ours).median) else "**missed**"


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> Series:
    """Ours through theirs, each pair from the same round."""
    return Series([a / b for a, b in zip(ours, theirs, strict=True)], "")


def share(ours: Sequence[float], theirs: Sequence[float]) -> Series:
    """Ours in per cent of theirs, each pair from the same round."""
    return Series([100 * a / b for a, b in zip(ours, theirs, strict=True)], "%")


def as_markdown(figures: Sequence[Figure]) -> str:
    lines = [
        "| # | Measure | Ours | Baseline | Compared | Goal | |",
        "|--|--|--|--|--|--|--|",
    ]
    for figure in figures:
        cells = (
            figure.number,
            figure.what + (f"<br>{figure.note}" if figure.note else ""),
            str(figure.ours),
            str(figure.baseline or "–"),
            str(figure.compared or "–"),
            str(figure.goal or "–"),
            figure.verdict,
        )
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def as_json(figures: Sequence[Figure], about: dict[str, object]) -> str:
    rows = [asdict(figure) | {"verdict": figure.verdict.strip("*")} for figure in figures]
    return json.dumps({"about": about, "figures": rows}, ensure_ascii=False, indent=2) + "\n"


def percentile(values: Sequence[float], part: float) -> float:
    """``part`` between 0 and 1, by the nearest rank."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def _short(value: float) -> str:
    steps: tuple[tuple[float, Callable[[float], str]], ...] = (
        (100, lambda v: f"{v:,.0f}"),
        (10, lambda v: f"{v:.1f}"),
        (0, lambda v: f"{v:.2f}"),
    )
    return next(write(value) for floor, write in steps if abs(value) >= floor)

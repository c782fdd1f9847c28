"""docs/proof/attack.md."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from tests.attack import tools
from tests.attack.findings import Allowed, Finding, Part

KEPT = Path(__file__).parents[2] / "docs" / "proof" / "attack.md"
_HEAD = """# Attacked

By `make attack`: the product as `make run` starts it, with the demo shop and two shops of the cast, told
that it is reached by https. Only 127.0.0.1 is asked. wapiti is signed in as the owner of the demo shop and as
the master and sends the forms it finds; sqlmap tries every parameter of every route that is read, in its path
and in its query; the other parts are our own questions. `/events`, which never ends, is asked by ours alone.
What is scanned, left out and allowed is said in `tests/attack/`.
"""


def page(
    parts: Sequence[Part],
    wrong: Sequence[Finding],
    explained: Sequence[tuple[Finding, Allowed]],
    *,
    seconds: float,
    at: datetime,
) -> str:
    used = ", ".join(f"{name} {version}" for name, version in tools.versions().items())
    lines = [
        _HEAD,
        f"On {at:%Y-%m-%d %H:%M} UTC, in {seconds:.0f} s, on {os.cpu_count()} processors; {used}.",
        "",
        f"Findings: **{len(wrong)}**, and {len(explained)} that are explained below.",
        "",
        "| Part | | Findings | Seconds |",
        "|--|--|--|--|",
    ]
    for part in parts:
        told = "; ".join(f"{name}: {count}" for name, count in part.counts.items())
        lines.append(f"| {part.title} | {told} | {len(part.findings)} | {part.seconds:.0f} |")
    lines += ["", "## Findings", "", *([_row(one) for one in wrong] or ["None."])]
    lines += ["", "## Explained", ""]
    # The same complaint about the same thing is told once, with how often it came.
    grouped: dict[tuple[str, str], int] = {}
    for finding, allowed in explained:
        key = (_row(finding), allowed.because)
        grouped[key] = grouped.get(key, 0) + 1
    lines += [f"{row} ({times} ×): {because}." for (row, because), times in grouped.items()] or ["None."]
    return "\n".join(lines) + "\n"


def _row(finding: Finding) -> str:
    return f"- {finding.by}, {finding.kind}, `{finding.where}`: {finding.said}"

"""What was found, and what of it is known and why it may stay."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that somebody complained about."""

    by: str
    """``wapiti``, ``sqlmap`` or ``ours``."""
    kind: str
    where: str
    said: str = ""

    def __str__(self) -> str:
        return f"{self.by}: {self.kind}: {self.where} {self.said}".strip()


@dataclass(frozen=True, slots=True)
class Allowed:
    """Findings of one kind that are no fault, looked at one by one; the patterns must match whole."""

    by: str
    kind: str
    where: str
    said: str
    because: str

    def covers(self, finding: Finding) -> bool:
        return (
            (self.by, self.kind) == (finding.by, finding.kind)
            and re.fullmatch(self.where, finding.where) is not None
            and re.fullmatch(self.said, finding.said) is not None
        )


ALLOWED = (
    Allowed(
        by="wapiti",
        kind="Clickjacking Protection",
        where="GET /",
        said="X-Frame-Options is not set",
        because="`frame-ancestors 'none'` in the policy says it, on every answer; our own check asks for it",
    ),
    Allowed(
        by="wapiti",
        kind="HttpOnly Flag cookie",
        where="GET /",
        said=r"HttpOnly flag is not set in the cookie : (lang|theme|density|keys)",
        because="a choice and no secret, which counts only where its value is a known one; a key on the page"
        " changes it. Our own check asks for the flag of every other cookie",
    ),
)


@dataclass(slots=True)
class Part:
    """What one tool did: how much, and what came of it. ``counts`` are told in the report as they stand."""

    title: str
    counts: Mapping[str, object]
    findings: list[Finding] = field(default_factory=list)
    seconds: float = 0.0


def sorted_out(findings: Iterable[Finding]) -> tuple[list[Finding], list[tuple[Finding, Allowed]]]:
    """Those that make the run fail, and those that are explained, with the explanation."""
    wrong, explained = [], []
    for finding in findings:
        known = next((one for one in ALLOWED if one.covers(finding)), None)
        if known is None:
            wrong.append(finding)
        else:
            explained.append((finding, known))
    return wrong, explained

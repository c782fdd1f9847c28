"""Lighthouse in a folder of its own, as `tests/lighthouse` pins it; and what it says of pages.

Wants Node. Installed once, and again only when the lock says something else.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.bench.processes import ROOT
from tests.browser.find import find_chromium

PLACE = ROOT / ".lighthouse"
PINNED = ROOT / "tests" / "lighthouse"
LOCK = ("package.json", "package-lock.json")
SECONDS_A_PAGE = 90


class NoLighthouse(RuntimeError):
    """It cannot be had, or said nothing."""


@dataclass(frozen=True, slots=True)
class Wanted:
    name: str
    url: str
    cookies: str


@dataclass(frozen=True, slots=True)
class Verdict:
    name: str
    scores: Mapping[str, float]
    """From 0 to 100, by category."""
    figures: Mapping[str, float]
    faults: Mapping[str, str]
    """What costs points, and where: of accessibility and best practices."""


def install() -> None:
    """Raises NoLighthouse."""
    wanted = "".join((PINNED / name).read_text(encoding="utf-8") for name in LOCK)
    stamp = PLACE / ".installed"
    if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return
    if not shutil.which("npm"):
        raise NoLighthouse("Lighthouse wants Node and npm, and there are none")
    PLACE.mkdir(exist_ok=True)
    for name in LOCK:
        shutil.copy(PINNED / name, PLACE / name)
    done = subprocess.run(
        ("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"), cwd=PLACE, check=False
    )
    if done.returncode:
        raise NoLighthouse("Lighthouse could not be installed; the reason stands above")
    stamp.write_text(wanted, encoding="utf-8")


def judge(pages: Sequence[Wanted]) -> list[Verdict]:
    """One after the other, as on a slow phone. Raises NoLighthouse."""
    install()
    asked = {
        "chrome": find_chromium(),
        "pages": [
            {"name": one.name, "url": one.url, "headers": {"Cookie": one.cookies} if one.cookies else {}}
            for one in pages
        ],
    }
    done = subprocess.run(
        ("node", str(PINNED / "judge.mjs")),
        cwd=PLACE,
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        timeout=SECONDS_A_PAGE * len(pages),
        check=False,
    )
    told = [json.loads(line) for line in done.stdout.splitlines()]
    if done.returncode or len(told) != len(pages):
        raise NoLighthouse(f"Lighthouse judged {len(told)} of {len(pages)} pages:\n{done.stderr[-2000:]}")
    return [_verdict(one, wanted) for one, wanted in zip(told, pages, strict=True)]


def _verdict(told: Mapping[str, object], wanted: Wanted) -> Verdict:
    if told.get("error") or told["landed"] != wanted.url:
        raise NoLighthouse(f"{wanted.url}: {told.get('error') or told['landed']}")
    scores = {name: round(100 * score) for name, score in told["scores"].items()}
    return Verdict(wanted.name, scores, told["figures"], told["faults"])


def version() -> str:
    return json.loads((PINNED / "package.json").read_text(encoding="utf-8"))["dependencies"]["lighthouse"]

"""What came of the mutants, as docs/proof/sabotage.md keeps it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.sabotage.lists import LISTS
from tests.sabotage.mutant import Mutant
from tests.sabotage.traps import DECIDED_AGAINST

PROOF = Path(__file__).parents[2] / "docs" / "proof" / "sabotage.md"

HEAD = """# Sabotage

`make sabotage` takes each cure out, in a copy of the tree, and runs the tests that must notice; before that
they have to pass with nothing taken out. The lists are in `tests/sabotage/`; a mutant that nothing can notice
says why. `python -m tests.sabotage --list traps` tries one list, `python -m tests.sabotage A13` what meets a
demand. Each line says what became of the mutant when it was last tried. The last list needs the whole product
for each of its tests, and is tried only by its name: `--list browser`.
"""
TITLES: Mapping[str, str] = {
    "money": "The money path",
    "late": "The money of a late receipt",
    "traps": "The twenty traps",
    "entry": "Sign-in",
    "rights": "Who may do what, and whose it is",
    "walls": "The wall between shops",
    "secrets": "Keys, logs, the chained history, bodies and files",
    "replacing": "A shop's bot gets another token",
    "outside": "What browsers are sent and strangers send",
    "recovery": "Coming back after kills and faults",
    "desk": "Around the decision",
    "claims": "Whose a receipt is, and why one is refused",
    "tickets": "Questions and answers",
    "drafts": "Drafts, the next one that waits, reminders",
    "rehearsals": "Test purchases",
    "finding": "Search",
    "broadcasts": "Messages to many",
    "pages": "Every page, list and right by construction",
    "plans": "The price list in groups",
    "browser": "What only a browser shows",
}
COLUMNS = ("| Without the cure | For | Where | Noticed |", "|--|--|--|--|")
_ROW = re.compile(r"^\| (?P<name>[^|]+) \|[^|]*\| `[^|]*` \| (?P<told>[^|]+) \|$")
NOT_TRIED = "not tried yet"


def keep(verdicts: Mapping[str, str], mutants: Sequence[Mutant]) -> None:
    """Write the page: what was tried now, and of the others what the page had before."""
    before = kept()
    told = {
        mutant.name: _told(mutant, verdicts[mutant.name])
        if mutant.name in verdicts
        else before.get(mutant.name, NOT_TRIED)
        for mutant in mutants
    }
    PROOF.parent.mkdir(parents=True, exist_ok=True)
    PROOF.write_text("\n".join([HEAD, *_sections(told)]), encoding="utf-8")


def kept() -> dict[str, str]:
    """What the page says of each mutant it names."""
    lines = PROOF.read_text(encoding="utf-8").splitlines() if PROOF.exists() else []
    return {found["name"]: found["told"] for line in lines if (found := _ROW.match(line))}


def _sections(told: Mapping[str, str]) -> list[str]:
    lines: list[str] = []
    for name, mutants in LISTS.items():
        lines += [f"## {TITLES[name]}", "", *COLUMNS]
        lines += [f"| {one.name} | {one.meets} | `{one.file}` | {told[one.name]} |" for one in mutants]
        if name == "traps":
            lines += ["", *(f"Decided against: {mark}. {reason}" for mark, reason in DECIDED_AGAINST.items())]
            lines += ["Trap 19 is among the guards of the money path."]
        lines.append("")
    return lines


def _told(mutant: Mutant, verdict: str) -> str:
    return f"no: {mutant.unnoticed_because}" if verdict == "explained" else verdict

"""Apply each mutant to a copy of the tree and run the suites that must notice it."""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.sabotage.mutants import MUTANTS, Mutant

ROOT = Path(__file__).parents[2]
PROOF = ROOT / "docs" / "proof" / "sabotage.md"
TOO_LONG_SECONDS = 900
SOME_FAILED = 1
"""pytest's exit status for tests that failed; any other is no answer (a tree that does not load, say)."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="make sabotage", description=__doc__)
    parser.add_argument("words", nargs="*", help="only the mutants whose names have all of these words")
    parser.add_argument("--keep", action="store_true", help=f"write the result to {PROOF.relative_to(ROOT)}")
    asked = parser.parse_args()
    chosen = [mutant for mutant in MUTANTS if all(word in mutant.name for word in asked.words)]
    rows, wrong = [], 0
    with tempfile.TemporaryDirectory() as folder:
        tree = _copy(Path(folder) / "tree")
        for mutant in chosen:
            began = time.monotonic()
            verdict = _try(tree, mutant)
            is_right = verdict == ("explained" if mutant.unnoticed_because else "noticed")
            wrong += not is_right
            line = f"{verdict:10} {time.monotonic() - began:5.0f} s  {mutant.name}"
            sys.stdout.write(line + ("" if is_right else "   <-- WRONG") + "\n")
            sys.stdout.flush()
            rows.append(f"| {mutant.name} | `{mutant.file}` | {_told(mutant, verdict)} |")
    sys.stdout.write(f"{len(chosen) - wrong} as they should be, {wrong} not\n")
    if asked.keep:
        PROOF.parent.mkdir(parents=True, exist_ok=True)
        PROOF.write_text("\n".join([*_HEAD, *rows, ""]), encoding="utf-8")
    return 1 if wrong else 0


_HEAD = (
    "# Sabotage",
    "",
    "`make sabotage` takes each guard of the money path out, in a copy of the tree, and runs the suites that",
    "must notice. The list is `tests/sabotage/mutants.py`; a mutant that nothing can notice says why.",
    "",
    "| Without the guard | Where | Noticed |",
    "|--|--|--|",
)


def _told(mutant: Mutant, verdict: str) -> str:
    return f"no: {mutant.unnoticed_because}" if verdict == "explained" else verdict


def _copy(tree: Path) -> Path:
    """What git tracks, as it is on the disk now."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True)
    for name in listed.stdout.splitlines():
        if (source := ROOT / name).is_file():
            target = tree / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
    return tree


def _try(tree: Path, mutant: Mutant) -> str:
    file = tree / mutant.file
    sound = file.read_text(encoding="utf-8")
    file.write_text(sound.replace(mutant.before, mutant.after, 1), encoding="utf-8")
    try:
        ran = subprocess.run(
            [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *mutant.suites],
            cwd=tree,
            check=False,
            capture_output=True,
            text=True,
            timeout=TOO_LONG_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return "no answer"
    finally:
        file.write_text(sound, encoding="utf-8")
    if ran.returncode == SOME_FAILED:
        return "noticed"
    if ran.returncode == 0:
        return "explained" if mutant.unnoticed_because else "UNNOTICED"
    return f"exit {ran.returncode}"


if __name__ == "__main__":
    sys.exit(main())

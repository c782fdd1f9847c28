"""Apply each mutant to a copy of the tree and run the tests that must notice it; two copies, two at once."""

from __future__ import annotations

import argparse
import queue
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.sabotage.lists import ASKED_FOR, EVERY, LISTS
from tests.sabotage.mutant import Mutant
from tests.sabotage.report import keep

ROOT = Path(__file__).parents[2]
TOO_LONG_SECONDS = 900
AT_ONCE = 2
"""Each has a tree and a database server of its own, and waits for them as often as it works."""
SOME_FAILED = 1
"""pytest's exit status for tests that failed; any other is no answer (a tree that does not load, say)."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="make sabotage", description=__doc__)
    parser.add_argument(
        "words", nargs="*", help="only the mutants whose names, or what they meet, have all of these words"
    )
    parser.add_argument("--list", choices=LISTS, action="append", help="only this list; may be given again")
    parser.add_argument("--names", action="store_true", help="say which those are, and try none")
    parser.add_argument(
        "--keep", action="store_true", help="write what came of them to docs/proof/sabotage.md"
    )
    asked = parser.parse_args()
    names = asked.list or [name for name in LISTS if name not in ASKED_FOR]
    of_lists = [mutant for name in names for mutant in LISTS[name]]
    chosen = [mutant for mutant in of_lists if all(word in _told(mutant) for word in asked.words)]
    if asked.names:
        sys.stdout.writelines(f"{_told(mutant)}\n" for mutant in chosen)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        trees: queue.SimpleQueue[Path] = queue.SimpleQueue()
        for number in range(AT_ONCE):
            trees.put(tree := _copy(Path(folder) / f"tree{number}"))
        if not _is_sound(tree, chosen):
            sys.stdout.write("the tests fail with nothing taken out, so they can notice nothing\n")
            return 1
        with ThreadPoolExecutor(AT_ONCE) as hands:
            told = hands.map(lambda mutant: _try_in_one_of(trees, mutant), chosen)
            verdicts = {mutant.name: verdict for mutant, verdict in zip(chosen, told, strict=True)}
    wrong = sum(verdicts[mutant.name] != expected(mutant) for mutant in chosen)
    sys.stdout.write(f"{len(chosen) - wrong} as they should be, {wrong} not\n")
    if asked.keep:
        keep(verdicts, EVERY)
    return 1 if wrong else 0


def expected(mutant: Mutant) -> str:
    return "explained" if mutant.unnoticed_because else "noticed"


def _told(mutant: Mutant) -> str:
    return f"{mutant.name} ({mutant.meets})" if mutant.meets else mutant.name


def _copy(tree: Path) -> Path:
    """What git tracks, as it is on the disk now."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True)
    for name in listed.stdout.splitlines():
        if (source := ROOT / name).is_file():
            target = tree / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
    return tree


def _is_sound(tree: Path, mutants: Sequence[Mutant]) -> bool:
    """The control: with nothing taken out, every test that is to notice something passes."""
    suites = sorted({suite for mutant in mutants for suite in mutant.suites})
    began = time.monotonic()
    ran = _run(tree, suites, "-n", str(AT_ONCE), "--dist", "loadfile")
    sys.stdout.write(
        f"{'sound' if ran == 0 else 'NOT SOUND':10} {time.monotonic() - began:5.0f} s  as it is\n"
    )
    sys.stdout.flush()
    return ran == 0


def _try_in_one_of(trees: queue.SimpleQueue[Path], mutant: Mutant) -> str:
    tree = trees.get()
    try:
        return _try(tree, mutant)
    finally:
        trees.put(tree)


def _try(tree: Path, mutant: Mutant) -> str:
    file, began = tree / mutant.file, time.monotonic()
    sound = mutilated = file.read_text(encoding="utf-8")
    for before, after in mutant.edits:
        mutilated = mutilated.replace(before, after, 1)
    file.write_text(mutilated, encoding="utf-8")
    try:
        verdict = _verdict(mutant, _run(tree, mutant.suites))
    finally:
        file.write_text(sound, encoding="utf-8")
    line = f"{verdict:10} {time.monotonic() - began:5.0f} s  {_told(mutant)}"
    sys.stdout.write(line + ("" if verdict == expected(mutant) else "   <-- WRONG") + "\n")
    sys.stdout.flush()
    return verdict


def _run(tree: Path, suites: Sequence[str], *options: str) -> int | None:
    """pytest's exit status; None when it took too long."""
    try:
        ran = subprocess.run(
            [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *options, *suites],
            cwd=tree,
            check=False,
            capture_output=True,
            timeout=TOO_LONG_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return None
    return ran.returncode


def _verdict(mutant: Mutant, status: int | None) -> str:
    match status:
        case None:
            return "no answer"
        case 0:
            return "explained" if mutant.unnoticed_because else "UNNOTICED"
        case code if code == SOME_FAILED:
            return "noticed"
        case code:
            return f"exit {code}"


if __name__ == "__main__":
    sys.exit(main())

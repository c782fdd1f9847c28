"""The lists of the saboteur fit the code: a guard that moved takes its mutant along."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sabotage.lists import EVERY
from tests.sabotage.mutant import Mutant
from tests.sabotage.report import kept
from tests.sabotage.traps import DECIDED_AGAINST

ROOT = Path(__file__).parents[2]
MIGRATIONS = "db/migrations/versions"


@pytest.mark.parametrize("mutant", EVERY, ids=lambda mutant: mutant.name)
def test_the_guard_stands_where_the_saboteur_looks_for_it(mutant: Mutant):
    source = (ROOT / mutant.file).read_text(encoding="utf-8")

    for before, after in mutant.edits:
        assert source.count(before) == 1, before
        assert before != after
    assert mutant.suites
    for suite in mutant.suites:
        file, _, test = suite.partition("::")
        assert f"def {test.partition('[')[0]}" in (ROOT / file).read_text(encoding="utf-8"), suite


@pytest.mark.parametrize(
    "mutant", [one for one in EVERY if one.file.startswith(MIGRATIONS)], ids=lambda mutant: mutant.name
)
def test_a_guard_in_a_migration_is_taken_out_where_it_was_written_last(mutant: Mutant):
    """A newer migration that writes the same function anew would put it back, and nothing would be tried."""
    newer = [one for one in (ROOT / MIGRATIONS).glob("*.py") if one.name > Path(mutant.file).name]

    assert [one.name for one in newer if mutant.before in one.read_text(encoding="utf-8")] == []


def test_every_mutant_has_a_name_of_its_own():
    names = [mutant.name for mutant in EVERY]

    assert len(set(names)) == len(names)


@pytest.mark.parametrize("number", range(1, 21))
def test_every_trap_has_its_cure_taken_out_or_a_sentence(number: int):
    trap = f"trap {number}"

    marks = [mark.strip() for mutant in EVERY for mark in mutant.meets.split(",")]

    assert trap in marks or DECIDED_AGAINST[trap]


def test_the_page_tells_of_every_mutant_and_of_none_that_it_went_unnoticed():
    """``python -m tests.sabotage --keep`` writes it."""
    told = kept()

    assert told.keys() == {mutant.name for mutant in EVERY}
    for mutant in EVERY:
        expected = f"no: {mutant.unnoticed_because}" if mutant.unnoticed_because else "noticed"
        assert told[mutant.name] == expected, mutant.name

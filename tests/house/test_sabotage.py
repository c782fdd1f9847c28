"""The list of the saboteur fits the code: a guard that moved takes its mutant along."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sabotage.mutants import MUTANTS, Mutant

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_the_guard_stands_where_the_saboteur_looks_for_it(mutant: Mutant):
    source = (ROOT / mutant.file).read_text(encoding="utf-8")

    assert source.count(mutant.before) == 1
    assert mutant.before != mutant.after
    for suite in mutant.suites:
        assert (ROOT / suite).is_file(), suite


def test_every_mutant_has_a_name_of_its_own():
    names = [mutant.name for mutant in MUTANTS]

    assert len(set(names)) == len(names)

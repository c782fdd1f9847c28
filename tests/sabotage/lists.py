"""Every list of mutants, by the name it is asked for."""

from __future__ import annotations

from collections.abc import Mapping

from tests.sabotage import broadcasts, demands, desk, money, outside, recovery, traps
from tests.sabotage.mutant import Mutant

LISTS: Mapping[str, tuple[Mutant, ...]] = {
    "money": money.MUTANTS,
    "traps": traps.MUTANTS,
    "demands": demands.MUTANTS,
    "outside": outside.MUTANTS,
    "recovery": recovery.MUTANTS,
    "desk": desk.MUTANTS,
    "broadcasts": broadcasts.MUTANTS,
}
EVERY = tuple(mutant for mutants in LISTS.values() for mutant in mutants)

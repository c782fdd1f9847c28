"""Every list of mutants, by the name it is asked for."""

from __future__ import annotations

from collections.abc import Mapping

from tests.sabotage import (
    broadcasts,
    browser,
    claims,
    desk,
    drafts,
    entry,
    finding,
    late,
    money,
    outside,
    pages,
    plans,
    recovery,
    rehearsals,
    replacing,
    rights,
    secrets,
    tickets,
    traps,
    walls,
)
from tests.sabotage.mutant import Mutant

LISTS: Mapping[str, tuple[Mutant, ...]] = {
    "money": money.MUTANTS,
    "late": late.MUTANTS,
    "traps": traps.MUTANTS,
    "entry": entry.MUTANTS,
    "rights": rights.MUTANTS,
    "walls": walls.MUTANTS,
    "secrets": secrets.MUTANTS,
    "replacing": replacing.MUTANTS,
    "outside": outside.MUTANTS,
    "recovery": recovery.MUTANTS,
    "desk": desk.MUTANTS,
    "claims": claims.MUTANTS,
    "tickets": tickets.MUTANTS,
    "drafts": drafts.MUTANTS,
    "rehearsals": rehearsals.MUTANTS,
    "finding": finding.MUTANTS,
    "broadcasts": broadcasts.MUTANTS,
    "pages": pages.MUTANTS,
    "plans": plans.MUTANTS,
    "browser": browser.MUTANTS,
}
ASKED_FOR = frozenset({"browser"})
"""Lists that are tried only by their names: each of their mutants starts the whole product."""
EVERY = tuple(mutant for mutants in LISTS.values() for mutant in mutants)

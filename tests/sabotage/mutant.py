"""What a mutant is: a guard taken out, and the tests that must notice."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mutant:
    """``before`` stands once in ``file``; ``after`` takes its place. One of ``suites`` must fail."""

    name: str
    file: str
    before: str
    after: str
    suites: tuple[str, ...]
    """Files, or tests in them, as pytest names them."""
    unnoticed_because: str = ""
    """One sentence where nothing can notice it: what it would take away is not there to be lost."""
    meets: str = ""
    """The traps and requirements of docs/proof/security.md that the guard is for."""
    also: tuple[tuple[str, str], ...] = ()
    """More of the same file that goes with it, where a guard stands in two places."""

    @property
    def edits(self) -> tuple[tuple[str, str], ...]:
        return ((self.before, self.after), *self.also)


def tests_of(file: str, *names: str) -> tuple[str, ...]:
    """Those tests of ``file``, or all of them."""
    return tuple(f"{file}::{name}" for name in names) or (file,)

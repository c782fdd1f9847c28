"""Sits in the sandbox during a test and holds all that passes against the Bot API's description."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.methods import find_method
from tests.sandbox.spec import problems_of_answer, problems_of_request, problems_of_update


@dataclass
class Judge:
    """Notes what is wrong; a test's fixture demands in the end that nothing is."""

    requests: bool = True
    """False where the test itself asks for nonsense, to see it refused."""
    problems: list[str] = field(default_factory=list)
    heard: Counter[str] = field(default_factory=Counter)
    """How often a method was answered well."""
    kinds: Counter[str] = field(default_factory=Counter)
    """How often an update of a kind was brought or fetched."""

    def asked(self, method: str, params: dict[str, Any]) -> None:
        if self.requests:
            self.problems += problems_of_request(method, params)

    def answered(self, method: str, body: dict[str, Any]) -> None:
        found = find_method(method)
        name = found[0] if found else method
        self.problems += problems_of_answer(name, body)
        if body.get("ok"):
            self.heard[name] += 1
        if body.get("ok") and name == "getUpdates":
            for update in body["result"]:
                self.brought(update)

    def brought(self, update: dict[str, Any]) -> None:
        self.problems += problems_of_update(update)
        self.kinds.update(update.keys() - {"update_id"})

"""The money path as a machine: anybody does anything at any time, alone or at once; the books stay exact.

At most three orders a run, so that what people do collides. Every refusal is a ``ShopError``; any other
exception fails. Named situations are counted, and the last test fails when one of them was never reached: a
machine that passes because nothing happened proves nothing.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test as run_machine

from db import migrate
from db.embedded import Server
from db.urls import APP_ROLE
from tests.shop.machine.invariants import REACHED, SITUATIONS
from tests.shop.machine.rules import OPENINGS, Counterwork
from tests.shop.machine.world import world

EXAMPLES = int(os.environ.get("PISHKHAN_EXAMPLES", "36"))
"""Runs of the machine; a night's search takes more."""
STEPS = 45


@pytest.fixture(scope="module")
def reached(server: Server, vault, tmp_path_factory: pytest.TempPathFactory) -> Counter[str]:
    """The machine's runs, in a database of its own: its clock moves days at a time."""
    is_usual = "PISHKHAN_EXAMPLES" not in os.environ
    database = server.create_database("machine")
    asyncio.run(migrate.upgrade(database.owner_url, app_role=APP_ROLE))
    with world(server, database, vault, tmp_path_factory.mktemp("machine")) as made:
        for at, opening in enumerate(OPENINGS):
            machine = type(f"Counterwork{at}", (Counterwork,), {"world": made, "opening": opening})
            run_machine(
                # The same runs for everybody; a night's search asks for others.
                seed(at)(machine) if is_usual else machine,
                settings=settings(
                    max_examples=max(EXAMPLES // len(OPENINGS), 1),
                    stateful_step_count=STEPS,
                    deadline=None,
                    database=None,
                    # A failure is told as it was found; a night's search looks for the shortest way, too.
                    phases=[Phase.generate] if is_usual else list(Phase),
                    suppress_health_check=list(HealthCheck),
                ),
            )
    return REACHED


def test_whatever_people_do_in_whatever_order_the_books_stay_exact(reached):
    assert reached["approved"] > 0


@pytest.mark.parametrize("situation", SITUATIONS)
def test_the_machine_has_been_in_every_situation(reached, situation):
    assert reached[situation] > 0, f"never reached; all: {dict(reached)}"

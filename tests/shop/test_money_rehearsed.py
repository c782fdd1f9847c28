"""The money machine with a team that tries its own shop in between: the books of both stay exact.

The same machine, with fewer runs: what people do among themselves is searched in ``test_money_stateful``.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule
from hypothesis.stateful import run_state_machine_as_test as run_machine

from db import migrate
from db.urls import APP_ROLE
from shop.actors import System
from shop.books import checks as books
from shop.receipts import holding
from shop.receipts import service as receipts
from shop.receipts.rules import RejectReason
from shop.rehearsals import service as rehearsals
from tests.shop.machine.invariants import CHECKS
from tests.shop.machine.rules import Counterwork
from tests.shop.machine.world import world
from tests.shop.test_rehearsals import ME, buy, send

EXAMPLES, STEPS = 5, 25
TRIED: Counter[str] = Counter()
OUTCOMES = ("approve", "reject", "leave", "clear")
"""What comes of one test after the other, over all runs."""
FIGURES = """
    SELECT (SELECT coalesce(sum(amount), 0) FROM transactions WHERE bot_id = $1),
      (SELECT coalesce(sum(balance), 0) FROM users WHERE bot_id = $1),
      (SELECT count(*) FROM orders WHERE bot_id = $1),
      (SELECT count(*) FROM stock_items WHERE bot_id = $1 AND status = 'free'),
      (SELECT array_agg((reserved_count, reserved_amount, approved_count)::text ORDER BY day)
       FROM card_days WHERE bot_id = $1),
      (SELECT turns FROM card_rotation_state WHERE bot_id = $1)"""


class WithTests(Counterwork):
    """Counterwork, and the owner buys from himself whenever he likes."""

    @initialize()
    def open_the_shop(self) -> None:
        """A run begins with a test, so that each of the outcomes is met."""
        super().open_the_shop()
        self.world.do(self._try_it(OUTCOMES[TRIED.total() % len(OUTCOMES)]))

    @rule(times=st.integers(1, 3))
    def try_the_shop(self, times: int) -> None:
        for _ in range(times if self.shop is not None else 0):
            self.world.do(self._try_it(OUTCOMES[TRIED.total() % len(OUTCOMES)]))

    async def _try_it(self, outcome: str) -> None:
        shop, ask = self._shop, self.world.everything
        await ask.execute("UPDATE bots SET token_state = 'live' WHERE id = $1", shop.bot_id)
        await ask.execute("UPDATE staff SET telegram_id = $2 WHERE id = $1", shop.owner.staff_id, ME)
        before = await ask.fetchrow(FIGURES, shop.bot_id)
        async with self.world.units.platform(shop.owner) as uow:
            stage = await rehearsals.begin(uow, shop.bot_id)
        person, invoice = await buy(self.world.units, stage)
        await send(self.world.units, stage, person, invoice)
        async with self.world.units.begin(stage, shop.owner) as uow:
            if outcome == "approve":
                await receipts.approve(uow, invoice.payment_id)
            elif outcome == "reject":
                await holding.hold_rejection(uow, invoice.payment_id, reason=RejectReason.UNREADABLE)
        if outcome == "clear":
            async with self.world.units.platform(shop.owner) as uow:
                await rehearsals.clear(uow, shop.bot_id)
        TRIED[outcome] += 1
        assert await ask.fetchrow(FIGURES, shop.bot_id) == before
        for sentence, statement in CHECKS.items():
            assert await ask.fetch(statement, stage) == [], sentence
        async with self.world.units.begin(stage, System("books")) as uow:
            assert await books.find(uow) == []


@pytest.fixture(scope="module")
def tried(server: Any, vault: Any, tmp_path_factory: pytest.TempPathFactory) -> Counter[str]:
    database = server.create_database("rehearsed")
    asyncio.run(migrate.upgrade(database.owner_url, app_role=APP_ROLE))
    with world(server, database, vault, tmp_path_factory.mktemp("rehearsed")) as made:
        WithTests.world = made
        run_machine(
            WithTests,
            settings=settings(
                max_examples=EXAMPLES,
                stateful_step_count=STEPS,
                deadline=None,
                derandomize=True,
                database=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            ),
        )
    return TRIED


def test_whatever_is_tried_in_between_the_shops_books_and_counters_do_not_move(tried):
    assert set(tried) == set(OUTCOMES), dict(tried)

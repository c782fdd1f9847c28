"""The money path as a machine: anybody does anything at any time, alone or at once; the books stay exact.

At most three orders a run, so that what people do collides. Every refusal is a ``ShopError``; any other
exception fails. Named situations are counted, and the last test fails when one of them was never reached: a
machine that passes because nothing happened proves nothing.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import asyncpg
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from hypothesis.stateful import run_state_machine_as_test as run_machine

from db import migrate
from db.embedded import Database, Server
from db.engine import build_engine, build_sessions
from db.urls import APP_ROLE
from shop.books import checks as books
from shop.configurations import service as configurations
from shop.errors import ShopError
from shop.media import picture
from shop.media import service as media
from shop.media.shelf import Shelf
from shop.orders import service as orders
from shop.payments import service as payments
from shop.provisioning import service as provisioning
from shop.receipts import holding, service
from shop.receipts.rules import RejectReason
from shop.unit_of_work import UnitsOfWork
from tests.conftest import NOON, Clock
from tests.factories import Person, Shop, Shops, photo

EXAMPLES = int(os.environ.get("PISHKHAN_EXAMPLES", "30"))
"""Runs of the machine; a night's search takes more."""
STEPS = 45
ODD = 8
"""Of ten picks, so many are of something that fits; the others are of anything."""
NUMBERS = st.integers(0, 9)
WAITING = "receipt_submitted"
OPENINGS = ("nobody came yet", "unpaid", "unpaid", "waiting", "held", "too late", "rejected")
MOST_ORDERS = 3
HOLD = 6
REACHED: Counter[str] = Counter()
"""How often each named situation was met, over all runs."""

SITUATIONS = (
    "approved",
    "rejected",
    "undone",
    "too late to undo",
    "decided on what a colleague holds",
    "warning overruled",
    "warning stands",
    "hold ended by a new picture",
    "expired unpaid",
    "receipt after the deadline",
    "approved after the order expired",
    "receipt again after a rejection",
    "paid twice: money in the wallet",
    "paid with nothing on the shelf",
    "served when the shelf was filled",
    "cancelled",
    "cancel refused",
    "approving against rejecting",
    "undoing against the worker",
    "eight approvals at once",
    "submitting against deciding",
    "cancelling against paying",
    "two workers at once",
)

# What must hold after every step, by statements of its own: the product's proof is asked beside them.
CHECKS = {
    "a balance is the sum of its ledger and not below nought": """
        SELECT u.id FROM users u LEFT JOIN transactions t ON t.bot_id = u.bot_id AND t.user_id = u.id
        WHERE u.bot_id = $1 GROUP BY u.id, u.balance
        HAVING u.balance <> coalesce(sum(t.amount), 0) OR u.balance < 0""",
    "an approved payment has one credit of exactly its amount, and no other has any": """
        SELECT p.id FROM card_to_card_payments p
        LEFT JOIN transactions t ON t.bot_id = p.bot_id AND t.idempotency_key = 'c2c:' || p.id
        WHERE p.bot_id = $1 GROUP BY p.id, p.status, p.expected_amount
        HAVING ARRAY[count(t.id), coalesce(sum(t.amount), 0)]::bigint[] <>
          CASE WHEN p.status = 'approved' THEN ARRAY[1, p.expected_amount] ELSE ARRAY[0, 0] END::bigint[]""",
    "a paid order was debited once with its price, and no other was": """
        SELECT o.id FROM orders o
        LEFT JOIN transactions t ON t.bot_id = o.bot_id AND t.order_id = o.id AND t.kind = 'purchase'
        WHERE o.bot_id = $1 GROUP BY o.id, o.status, o.amount
        HAVING ARRAY[count(t.id), coalesce(sum(t.amount), 0)]::bigint[] <>
          CASE WHEN o.status IN ('paid', 'fulfilled') THEN ARRAY[1, -o.amount] ELSE ARRAY[0, 0] END::bigint[]
        """,
    "a fulfilled order has one subscription and one line of its own, and no other has any": """
        SELECT o.id FROM orders o WHERE o.bot_id = $1 AND ARRAY[
          (SELECT count(*) FROM subscriptions s WHERE s.bot_id = o.bot_id AND s.order_id = o.id),
          (SELECT count(*) FROM stock_items i WHERE i.bot_id = o.bot_id AND i.order_id = o.id)
        ] <> CASE WHEN o.status = 'fulfilled' THEN ARRAY[1, 1] ELSE ARRAY[0, 0] END::bigint[]""",
    "a customer hears once of every outcome": """
        SELECT p.id FROM card_to_card_payments p WHERE p.bot_id = $1 AND p.status = 'approved' AND (
          SELECT count(*) FROM outbox m WHERE m.bot_id = p.bot_id AND m.dedupe_key IN (
            'subscription_ready:' || p.order_id, 'order_held:' || p.order_id, 'wallet_credited:' || p.id)
        ) = 0""",
    "a decision that is held is about a receipt that waits": """
        SELECT id FROM card_to_card_payments
        WHERE bot_id = $1 AND commit_at IS NOT NULL AND status <> 'receipt_submitted'""",
    "an order has one open payment": """
        SELECT order_id FROM card_to_card_payments
        WHERE bot_id = $1 AND status IN ('created', 'receipt_submitted')
        GROUP BY order_id HAVING count(*) > 1""",
    "a card's room of the day is never below nought": """
        SELECT card_id FROM card_days WHERE bot_id = $1 AND least(reserved_count, reserved_amount) < 0""",
}


@dataclass
class World:
    """One database with a loop of its own: the machine's steps are not coroutines."""

    runner: asyncio.Runner
    units: UnitsOfWork
    clock: Clock
    shelf: Shelf
    everything: asyncpg.Connection
    pictures: list[picture.Prepared] = field(default_factory=list)

    def do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(work)


@contextmanager
def world(server: Server, database: Database, vault, folder: Path) -> Iterator[World]:
    with asyncio.Runner() as runner:

        @asynccontextmanager
        async def opened() -> AsyncIterator[World]:
            clock = Clock(NOON)
            engine = build_engine(database.app_url, application_name="machine", pool_size=20)
            watching = await asyncpg.connect(
                host=str(server.socket_folder), port=5432, user="postgres", database=database.name
            )
            units = UnitsOfWork(build_sessions(engine), vault, channel="test", clock=clock)
            made = World(runner, units, clock, Shelf(folder), watching)
            # Decoding is not what is tried here: three pictures serve all runs.
            made.pictures = [await picture.prepare(photo()) for _ in range(3)]
            yield made
            await watching.close()
            await engine.dispose()

        opening = opened()
        try:
            yield runner.run(opening.__aenter__())
        finally:
            runner.run(opening.__aexit__(None, None, None))


@dataclass
class Trade:
    """An order of the machine, and the payments that were begun for it."""

    order_id: int
    buyer: Person
    payments: list[int] = field(default_factory=list)


class Counterwork(RuleBasedStateMachine):
    """Two customers, two reviewers, a worker, a clock: whatever comes to their minds."""

    world: ClassVar[World]

    def __init__(self) -> None:
        super().__init__()
        self.trades: list[Trade] = []
        self.states: dict[int, str] = {}
        """What each payment is now: its status, or ``held``."""
        self.shop: Shop | None = None

    # Setting the stage ------------------------------------------------------------------------------------

    @initialize(
        stock=st.sampled_from((0, 0, 1)),
        hold=st.sampled_from((0, HOLD, HOLD)),
        opening=st.sampled_from(OPENINGS),
    )
    def open_the_shop(self, stock: int, hold: int, opening: str) -> None:
        self.world.clock.now = NOON
        self.world.do(self._open(stock, hold))
        self.world.do(self._begin(opening))

    async def _begin(self, opening: str) -> None:
        """Far into a sale already, so that a run is not spent on getting there."""
        if opening == "nobody came yet":
            return
        await self._buy(self.buyers[0])
        payment_id = self.trades[0].payments[0]
        if opening == "too late":
            self.world.clock.forward(minutes=31)
            REACHED["expired unpaid"] += await payments.expire_due(self.world.units)
        if opening != "unpaid":
            await self._send(self.trades[0], payment_id, 0)
        if opening == "held":
            await self._approve(payment_id, True)
        if opening == "rejected":
            await self._reject(payment_id)
            await self._settle()

    async def _open(self, stock: int, hold: int) -> None:
        shops = Shops(self.world.units, self.world.shelf)
        self.shop = await shops.open(stock=stock, hold_seconds=hold)
        self.buyers = [await shops.person(self.shop, name=name) for name in ("Carol", "Dave")]
        async with self._unit(self.shop.owner) as uow:
            await configurations.set_configuration(uow, "max_receipts_per_payment", value=10)

    def _unit(self, actor: Any) -> Any:
        return self.world.units.begin(self._shop.bot_id, actor)

    @property
    def _shop(self) -> Shop:
        assert self.shop is not None
        return self.shop

    async def _try(self, verb: Callable[[Any], Awaitable[Any]], actor: Any) -> str:
        """``done`` or the refusal's code. Anything that is no refusal fails the run."""
        try:
            async with self._unit(actor) as uow:
                await verb(uow)
        except ShopError as refusal:
            return refusal.code
        return "done"

    def _as_owner(self, verb: Callable[[Any], Awaitable[Any]]) -> Coroutine[Any, Any, str]:
        return self._try(verb, self._shop.owner)

    async def _row(self, payment_id: int) -> asyncpg.Record:
        return await self.world.everything.fetchrow(
            "SELECT p.*, o.status AS order_status FROM card_to_card_payments p "
            "JOIN orders o ON o.id = p.order_id WHERE p.id = $1",
            payment_id,
        )

    def _pick(self, number: int, *states: str) -> tuple[Trade, int] | None:
        """One of the payments; mostly one that is in one of ``states``, so that things happen.

        No rule has a precondition: what is there depends on who won a race, and the machine must be asked
        for the same choices again.
        """
        known = [(trade, payment) for trade in self.trades for payment in trade.payments]
        fitting = [one for one in known if self.states.get(one[1]) in states]
        chosen = fitting if number < ODD else known
        return chosen[number % len(chosen)] if chosen else None

    # What customers do ------------------------------------------------------------------------------------

    @rule(who=st.integers(0, 1), image=st.sampled_from((None, 0, 1, 2)))
    def buy(self, who: int, image: int | None) -> None:
        if len(self.trades) == MOST_ORDERS:
            return
        self.world.do(self._buy(self.buyers[who]))
        if image is not None and self.trades and self.trades[-1].payments:
            self.world.do(self._send(self.trades[-1], self.trades[-1].payments[-1], image))

    async def _buy(self, buyer: Person) -> None:
        shop = self._shop
        try:
            async with self._unit(buyer.actor) as uow:
                placed = await orders.place(uow, buyer.user_id, plan_id=shop.plan_id, shown_price=shop.price)
        except ShopError:
            return
        if all(trade.order_id != placed.order_id for trade in self.trades):
            self.trades.append(Trade(placed.order_id, buyer))
        trade = next(trade for trade in self.trades if trade.order_id == placed.order_id)
        await self._start(trade)

    async def _start(self, trade: Trade) -> None:
        async def begin(uow: Any) -> None:
            invoice = await payments.start_card_payment(uow, trade.buyer.user_id, trade.order_id)
            if invoice.payment_id not in trade.payments:
                trade.payments.append(invoice.payment_id)

        await self._try(begin, trade.buyer.actor)

    @rule(number=NUMBERS)
    def ask_for_a_card_again(self, number: int) -> None:
        if self.trades:
            self.world.do(self._start(self.trades[number % len(self.trades)]))

    @rule(number=NUMBERS, image=st.integers(0, 2))
    def send_a_receipt(self, number: int, image: int) -> None:
        picked = self._pick(number, "created", "rejected", "expired", "held")
        if picked is None:
            return
        trade, payment_id = picked
        self.world.do(self._send(trade, payment_id, image))

    async def _send(self, trade: Trade, payment_id: int, image: int) -> str:
        before = await self._row(payment_id)

        async def hand_in(uow: Any) -> None:
            media_id = await media.store(uow, self.world.shelf, self.world.pictures[image])
            await service.submit(
                uow,
                trade.buyer.user_id,
                payment_id=payment_id,
                media_id=media_id,
                receipt_type="photo",
                text=None,
            )

        result = await self._try(hand_in, trade.buyer.actor)
        if result == "done":
            after = await self._row(payment_id)
            REACHED["receipt after the deadline"] += after["late"]
            REACHED["receipt again after a rejection"] += before["status"] == "rejected"
            REACHED["hold ended by a new picture"] += before["commit_at"] is not None
        return result

    @rule(number=NUMBERS, is_sure=st.booleans())
    def cancel(self, number: int, is_sure: bool) -> None:
        picked = self._pick(number, "created")
        if picked is None or not is_sure:
            return
        result = self.world.do(self._cancel(picked[0]))
        REACHED["cancelled" if result == "done" else "cancel refused"] += 1

    def _cancel(self, trade: Trade) -> Coroutine[Any, Any, str]:
        return self._try(
            lambda uow: orders.cancel(uow, trade.buyer.user_id, trade.order_id), trade.buyer.actor
        )

    # What reviewers do ------------------------------------------------------------------------------------

    @rule(number=NUMBERS, despite=st.sampled_from((False, False, True)))
    def approve(self, number: int, despite: bool) -> None:
        if picked := self._pick(number, WAITING):
            self._note_decision(self.world.do(self._approve(picked[1], despite)))

    def _approve(self, payment_id: int, despite: bool) -> Coroutine[Any, Any, str]:
        return self._as_owner(lambda uow: holding.hold_approval(uow, payment_id, despite_warnings=despite))

    @rule(number=NUMBERS)
    def reject(self, number: int) -> None:
        if picked := self._pick(number, WAITING):
            self._note_decision(self.world.do(self._reject(picked[1])))

    def _reject(self, payment_id: int) -> Coroutine[Any, Any, str]:
        return self._as_owner(
            lambda uow: holding.hold_rejection(uow, payment_id, reason=RejectReason.NOT_ARRIVED)
        )

    def _note_decision(self, result: str) -> None:
        REACHED["decided on what a colleague holds"] += result == "decision_held"
        REACHED["warning stands"] += result == "warnings_stand"

    @rule(number=NUMBERS)
    def undo(self, number: int) -> None:
        picked = self._pick(number, "held")
        if picked is None:
            return
        result = self.world.do(self._undo(picked[1]))
        REACHED["undone"] += result == "done"
        REACHED["too late to undo"] += result == "too_late"

    def _undo(self, payment_id: int) -> Coroutine[Any, Any, str]:
        return self._as_owner(lambda uow: holding.undo(uow, payment_id))

    @rule(lines=st.sampled_from((0, 0, 1)))
    def fill_the_shelf(self, lines: int) -> None:
        served = self.world.do(self._fill(lines)) if lines else 0
        REACHED["served when the shelf was filled"] += served > 0

    async def _fill(self, lines: int) -> int:
        async with self._unit(self._shop.owner) as uow:
            added = await provisioning.add_stock(uow, self._shop.plan_id, Shops.lines(lines))
        return added.served

    # What happens by itself -------------------------------------------------------------------------------

    @rule(seconds=st.sampled_from((1, HOLD, HOLD, HOLD, 31 * 60, 31 * 60, 25 * 3600, 80 * 3600)))
    def let_time_pass(self, seconds: int) -> None:
        self.world.clock.forward(seconds=seconds)

    @rule()
    def the_worker_settles(self) -> None:
        self.world.do(holding.commit_due(self.world.units))

    @rule()
    def deadlines_are_kept(self) -> None:
        REACHED["expired unpaid"] += self.world.do(payments.expire_due(self.world.units)) > 0

    # At once ----------------------------------------------------------------------------------------------

    async def _at_once(self, *deeds: Coroutine[Any, Any, Any]) -> list[Any]:
        return await asyncio.gather(*deeds)

    @rule(number=NUMBERS)
    def approve_against_reject(self, number: int) -> None:
        picked = self._pick(number, WAITING)
        if picked is None:
            return
        _, payment_id = picked
        results = self.world.do(
            self._at_once(self._approve(payment_id, True), self._reject(payment_id), self._reject(payment_id))
        )
        assert results.count("done") <= 1
        REACHED["approving against rejecting"] += results.count("done")

    @rule(number=NUMBERS)
    def eight_approve(self, number: int) -> None:
        picked = self._pick(number, WAITING)
        if picked is None:
            return
        _, payment_id = picked
        results = self.world.do(self._at_once(*(self._approve(payment_id, True) for _ in range(8))))
        assert results.count("done") <= 1
        REACHED["eight approvals at once"] += results.count("done")

    @rule(number=NUMBERS, at_the_end=st.booleans())
    def undo_against_the_worker(self, number: int, at_the_end: bool) -> None:
        picked = self._pick(number, "held")
        if picked is None:
            return
        _, payment_id = picked
        row = self.world.do(self._row(payment_id))
        if row["commit_at"] is not None and at_the_end:
            self.world.clock.now = max(self.world.clock.now, row["commit_at"])
        self.world.do(
            self._at_once(
                self._undo(payment_id), holding.commit_due(self.world.units), self._undo(payment_id)
            )
        )
        REACHED["undoing against the worker"] += row["commit_at"] is not None

    @rule()
    def two_workers_settle(self) -> None:
        self.world.clock.forward(seconds=HOLD)
        committed = self.world.do(
            self._at_once(holding.commit_due(self.world.units), holding.commit_due(self.world.units))
        )
        REACHED["two workers at once"] += sum(committed)

    @rule(number=NUMBERS, image=st.integers(0, 2))
    def submit_against_deciding(self, number: int, image: int) -> None:
        picked = self._pick(number, WAITING)
        if picked is None:
            return
        trade, payment_id = picked
        results = self.world.do(
            self._at_once(
                self._send(trade, payment_id, image),
                self._approve(payment_id, True),
                holding.commit_due(self.world.units),
            )
        )
        REACHED["submitting against deciding"] += results[:2] == ["done", "done"]

    @rule(number=NUMBERS)
    def cancel_against_paying(self, number: int) -> None:
        picked = self._pick(number, "created")
        if picked is None:
            return
        trade, payment_id = picked
        results = self.world.do(
            self._at_once(
                self._cancel(trade), self._send(trade, payment_id, 0), self._approve(payment_id, True)
            )
        )
        REACHED["cancelling against paying"] += "done" in results
        REACHED["cancelled"] += results[0] == "done"

    @rule(number=NUMBERS, is_so=st.sampled_from((False, False, True)))
    def pay_for_one_order_twice(self, number: int, is_so: bool) -> None:
        """A receipt is rejected, another is accepted, and the first money was real after all."""
        if is_so and (picked := self._pick(number, "created")):
            self.world.do(self._pay_twice(picked[0]))

    async def _pay_twice(self, trade: Trade) -> None:
        first = trade.payments[-1] if trade.payments else None
        if first is None:
            return
        await self._send(trade, first, 1)
        await self._reject(first)
        await self._settle()
        await self._start(trade)
        second = trade.payments[-1]
        await self._send(trade, second, 2)
        await self._approve(second, True)
        await self._settle()
        await self._send(trade, first, 0)
        await self._approve(first, True)
        await self._settle()

    async def _settle(self) -> None:
        self.world.clock.forward(seconds=HOLD)
        await holding.commit_due(self.world.units)

    # What must be true after every step ---------------------------------------------------------------------

    @invariant()
    def the_books_are_exact(self) -> None:
        if self.shop is not None:
            self.world.do(self._check())

    async def _check(self) -> None:
        for sentence, statement in CHECKS.items():
            wrong = await self.world.everything.fetch(statement, self._shop.bot_id)
            assert not wrong, f"{sentence}: {[row[0] for row in wrong]}"
        async with self._unit(self._shop.owner) as uow:
            assert await books.find(uow) == []
        rows = await self.world.everything.fetch(
            "SELECT id, CASE WHEN commit_at IS NULL THEN status ELSE 'held' END FROM card_to_card_payments "
            "WHERE bot_id = $1",
            self._shop.bot_id,
        )
        self.states = dict(tuple(row) for row in rows)

    def teardown(self) -> None:
        """Money that arrived is booked: nothing that was decided stays undecided, and the sums are right."""
        if self.shop is None:
            return
        self.world.clock.forward(seconds=HOLD + holding.PUT_OFF.total_seconds())
        self.world.do(holding.commit_due(self.world.units))
        self.world.do(self._check())
        self.world.do(self._count())

    async def _count(self) -> None:
        ask, shop = self.world.everything.fetchval, self._shop.bot_id
        assert (
            await ask(
                "SELECT count(*) FROM card_to_card_payments WHERE bot_id = $1 AND commit_at IS NOT NULL", shop
            )
            == 0
        )
        for situation, statement in {
            "approved": "card_to_card_payments WHERE bot_id = $1 AND status = 'approved'",
            "rejected": "card_to_card_payments WHERE bot_id = $1 AND status = 'rejected'",
            "warning overruled": "audit_log WHERE bot_id = $1 AND action = 'receipt.warnings_overruled'",
            "paid twice: money in the wallet": "outbox WHERE bot_id = $1 AND kind = 'wallet_credited'",
            "paid with nothing on the shelf": "outbox WHERE bot_id = $1 AND kind = 'order_held'",
            "approved after the order expired": (
                "card_to_card_payments WHERE bot_id = $1 AND status = 'approved' AND late"
            ),
        }.items():
            REACHED[situation] += await ask(f"SELECT count(*) FROM {statement}", shop)  # noqa: S608


@pytest.fixture(scope="module")
def reached(server: Server, vault, tmp_path_factory: pytest.TempPathFactory) -> Counter[str]:
    """The machine's runs, in a database of its own: its clock moves days at a time."""
    is_usual = "PISHKHAN_EXAMPLES" not in os.environ
    database = server.create_database("machine")
    asyncio.run(migrate.upgrade(database.owner_url, app_role=APP_ROLE))
    with world(server, database, vault, tmp_path_factory.mktemp("machine")) as made:
        Counterwork.world = made
        run_machine(
            Counterwork,
            settings=settings(
                max_examples=EXAMPLES,
                stateful_step_count=STEPS,
                deadline=None,
                # The same runs for everybody; a night's search asks for others.
                derandomize=is_usual,
                database=None,
                # A failure is told as it was found; a night's search also looks for the shortest way to it.
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

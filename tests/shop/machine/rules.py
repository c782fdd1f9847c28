"""When people do what: the rules of the machine, alone and at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from shop.books import checks as books
from shop.payments import service as payments
from shop.receipts import holding
from tests.conftest import NOON
from tests.shop.machine.deeds import HOLD, WAYS, Deeds
from tests.shop.machine.invariants import REACHED, check, count
from tests.shop.machine.world import Trade

NUMBERS = st.integers(0, 9)
WAITING = "receipt_submitted"
TAKES_A_RECEIPT = ("created", "rejected", "expired", "held", "approved_other_amount")
MOST_ORDERS = 3


@dataclass(frozen=True)
class Opening:
    """Where a run begins: far into a sale already, so that it is not spent on getting there."""

    words: str
    hold: int = HOLD
    stock: int = 0


OPENINGS = (
    Opening("nobody came yet", stock=1),
    Opening("unpaid", hold=0, stock=1),
    Opening("unpaid"),
    Opening("waiting"),
    Opening("held", stock=1),
    Opening("rejected"),
    Opening("too late"),
    Opening("late, for the wallet"),
    Opening("paid in part", hold=0),
)
"""Each has as many runs as the others."""


class Counterwork(Deeds):
    """Two customers, two reviewers, a worker, a clock: whatever comes to their minds."""

    # Setting the stage ------------------------------------------------------------------------------------

    opening: ClassVar[Opening] = Opening("unpaid")

    @initialize()
    def open_the_shop(self) -> None:
        self.world.clock.now = NOON
        self.world.do(self._open(self.opening.stock, self.opening.hold))
        if self.opening.words != "nobody came yet":
            self.world.do(self._begin(self.opening.words))

    async def _begin(self, opening: str) -> None:
        await self._buy(self.buyers[0])
        trade = self.trades[0]
        payment_id = trade.payments[0]
        if opening in ("too late", "late, for the wallet"):
            await self._run_out()
        if opening not in ("unpaid", "paid in part"):
            await self._send(trade, payment_id, 0)
        if opening == "waiting":
            await self._copy_the_picture(0)
        if opening == "held":
            await self._approve(payment_id, True)
        if opening == "too late":
            await self._eight(payment_id)
        if opening == "late, for the wallet":
            await self._waver(trade, payment_id)
        if opening == "paid in part":
            await self._pay_in_parts(trade, payment_id)
            REACHED["served when the shelf was filled"] += await self._fill(1) > 0
        if opening == "rejected":
            await self._reject(payment_id)
            await self._settle()

    async def _copy_the_picture(self, image: int) -> None:
        """Another customer sends the same one, and whoever would approve it is asked once more."""
        await self._buy(self.buyers[1])
        second = self.trades[1]
        await self._send(second, second.payments[0], image)
        self._note_decision(await self._approve(second.payments[0], False))

    async def _waver(self, trade: Trade, payment_id: int) -> None:
        """Late money is for the wallet; then it is not; again, until a new picture comes; and for good."""
        await self._approve(payment_id, True, "to the wallet")
        self._note_undoing(*await self._take_back(payment_id))
        await self._approve(payment_id, True, "to the wallet")
        await self._send(trade, payment_id, 1)
        await self._approve(payment_id, True, "less, to the wallet")
        await self._settle()

    # What customers do ------------------------------------------------------------------------------------

    @rule(who=st.integers(0, 1), image=st.sampled_from((None, 0, 1, 2)))
    def buy(self, who: int, image: int | None) -> None:
        if len(self.trades) == MOST_ORDERS:
            return
        self.world.do(self._buy(self.buyers[who]))
        if image is not None and self.trades and self.trades[-1].payments:
            self.world.do(self._send(self.trades[-1], self.trades[-1].payments[-1], image))

    @rule(number=NUMBERS)
    def ask_for_a_card_again(self, number: int) -> None:
        if self.trades:
            trade = self.trades[number % len(self.trades)]
            self.world.do(self._pay_rest(trade))
            self.world.do(self._start(trade))

    @rule(number=NUMBERS, image=st.integers(0, 2), is_late=st.sampled_from((False, False, True)))
    def send_a_receipt(self, number: int, image: int, is_late: bool) -> None:
        picked = self._pick(number, *TAKES_A_RECEIPT)
        if picked is None:
            return
        trade, payment_id = picked
        if is_late:
            self.world.do(self._run_out())
        self.world.do(self._send(trade, payment_id, image))

    @rule(number=NUMBERS, is_sure=st.booleans())
    def cancel(self, number: int, is_sure: bool) -> None:
        picked = self._pick(number, "created", WAITING)
        if picked is None or not is_sure:
            return
        result = self.world.do(self._cancel(picked[0]))
        REACHED["cancelled" if result == "done" else "cancel refused"] += 1

    # What reviewers do ------------------------------------------------------------------------------------

    @rule(
        number=NUMBERS,
        despite=st.sampled_from((False, False, True)),
        way=st.sampled_from(("as asked", *WAYS)),
    )
    def approve(self, number: int, despite: bool, way: str) -> None:
        if picked := self._pick(number, WAITING):
            result = self.world.do(self._approve(picked[1], despite, way))
            self._note_decision(result)
            REACHED["to the wallet refused: it is not late"] += result == "not_late"

    @rule(number=NUMBERS)
    def reject(self, number: int) -> None:
        if picked := self._pick(number, WAITING, "held"):
            self._note_decision(self.world.do(self._reject(picked[1])))

    @rule(number=NUMBERS)
    def undo(self, number: int) -> None:
        picked = self._pick(number, "held")
        if picked is None:
            return
        self._note_undoing(*self.world.do(self._take_back(picked[1])))

    @rule(number=NUMBERS, way=st.sampled_from(tuple(WAYS)))
    def approve_and_think_again(self, number: int, way: str) -> None:
        if picked := self._pick(number, WAITING):
            self.world.do(self._approve(picked[1], True, way))
            self._note_undoing(*self.world.do(self._take_back(picked[1])))

    async def _take_back(self, payment_id: int) -> tuple[str, bool]:
        """What came of it, and whether the money was to go to the wallet."""
        before = await self._row(payment_id)
        return await self._undo(payment_id), before["to_wallet"]

    def _note_undoing(self, result: str, was_for_the_wallet: bool) -> None:
        REACHED["undone"] += result == "done"
        REACHED["late money taken back from the wallet"] += result == "done" and was_for_the_wallet
        REACHED["too late to undo"] += result == "too_late"

    @rule(lines=st.sampled_from((0, 1)))
    def fill_the_shelf(self, lines: int) -> None:
        served = self.world.do(self._fill(lines)) if lines else 0
        REACHED["served when the shelf was filled"] += served > 0

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
        self.world.do(self._eight(payment_id))

    async def _eight(self, payment_id: int) -> None:
        """What one keeps for the customer, another lets buy what it was sent for."""
        ways = ("less, to the wallet", "as asked", "to the wallet", "too much") * 2
        results = await self._at_once(*(self._approve(payment_id, True, way) for way in ways))
        assert results.count("done") <= 1
        REACHED["eight approvals at once"] += results.count("done")
        REACHED["the wallet against approving"] += 0 if "not_late" in results else results.count("done")
        REACHED["to the wallet refused: it is not late"] += "not_late" in results

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

    @rule(number=NUMBERS, is_so=st.sampled_from((False, False, True)))
    def pay_in_two_parts(self, number: int, is_so: bool) -> None:
        """Too little arrives, and what is missing comes with a receipt for the same payment."""
        if is_so and (picked := self._pick(number, "created")):
            self.world.do(self._pay_in_parts(*picked))

    async def _pay_in_parts(self, trade: Trade, payment_id: int) -> None:
        await self._send(trade, payment_id, 1)
        await self._approve(payment_id, True, "too little")
        await self._settle()
        await self._send(trade, payment_id, 2)
        await self._approve(trade.payments[-1], True, "too much")
        await self._settle()

    # What must be true after every step ---------------------------------------------------------------------

    @invariant()
    def the_books_are_exact(self) -> None:
        if self.shop is not None:
            self.world.do(self._check())

    async def _check(self) -> None:
        await check(self.world.everything, self._shop.bot_id)
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
        self.world.do(count(self.world.everything, self._shop.bot_id))

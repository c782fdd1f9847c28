"""What people can do with money, each deed by itself; any refusal is an answer, anything else fails."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, ClassVar

import asyncpg
from hypothesis.stateful import RuleBasedStateMachine
from sqlalchemy import select

from db.models import CardToCardPayment
from shop.configurations import service as configurations
from shop.errors import BadInput, ShopError
from shop.media import service as media
from shop.orders import service as orders
from shop.payments import service as payments
from shop.provisioning import service as provisioning
from shop.receipts import holding, service
from shop.receipts.rules import RejectReason
from tests.factories import Person, Shop, Shops
from tests.shop.machine.invariants import REACHED
from tests.shop.machine.world import Trade, World

ODD = 8
"""Of ten picks, so many are of something that fits; the others are of anything."""
HOLD = 6
WAYS = {
    "as asked": (0, False),
    "too little": (-40_000, False),
    "too much": (7_000, False),
    "to the wallet": (0, True),
    "less, to the wallet": (-5_000, True),
}
"""How money is accepted: what arrived beyond what was asked for, and whether it is kept for the customer."""


class Deeds(RuleBasedStateMachine):
    """Two customers, two reviewers, a worker, a clock, and what was begun between them."""

    world: ClassVar[World]

    def __init__(self) -> None:
        super().__init__()
        self.trades: list[Trade] = []
        self.states: dict[int, str] = {}
        """What each payment is now: its status, or ``held``."""
        self.shop: Shop | None = None

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
        """``done``, or the refusal's code or problem. Anything that is no refusal fails the run."""
        try:
            async with self._unit(actor) as uow:
                await verb(uow)
        except BadInput as refusal:
            return refusal.problem
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

    async def _send(self, trade: Trade, payment_id: int, image: int) -> str:
        before = await self._row(payment_id)

        async def hand_in(uow: Any) -> None:
            nonlocal payment_id
            media_id = await media.store(uow, self.world.shelf, self.world.pictures[image])
            sent = await service.submit(
                uow,
                trade.buyer.user_id,
                payment_id=payment_id,
                media_id=media_id,
                receipt_type="photo",
                text=None,
            )
            payment_id = sent.payment_id

        result = await self._try(hand_in, trade.buyer.actor)
        if result == "done":
            if payment_id not in trade.payments:
                trade.payments.append(payment_id)
            self._note_receipt(before, await self._row(payment_id))
        return result

    def _note_receipt(self, before: asyncpg.Record, after: asyncpg.Record) -> None:
        REACHED["receipt after the deadline"] += after["late"]
        REACHED["receipt again after a rejection"] += before["status"] == "rejected"
        REACHED["hold ended by a new picture"] += before["commit_at"] is not None
        REACHED["a new picture ended the way to the wallet"] += before["to_wallet"] and not after["to_wallet"]
        REACHED["a receipt for the rest"] += after["id"] != before["id"]

    async def _pay_rest(self, trade: Trade) -> str:
        return await self._try(
            lambda uow: payments.pay_rest_from_wallet(uow, trade.buyer.user_id, trade.order_id),
            trade.buyer.actor,
        )

    async def _run_out(self) -> None:
        """The time to pay is over, and that is noticed."""
        self.world.clock.forward(minutes=31)
        REACHED["expired unpaid"] += await payments.expire_due(self.world.units)

    def _cancel(self, trade: Trade) -> Coroutine[Any, Any, str]:
        return self._try(
            lambda uow: orders.cancel(uow, trade.buyer.user_id, trade.order_id), trade.buyer.actor
        )

    def _approve(self, payment_id: int, despite: bool, way: str = "as asked") -> Coroutine[Any, Any, str]:
        differs, to_wallet = WAYS[way]
        asked = select(CardToCardPayment.expected_amount).where(CardToCardPayment.id == payment_id)

        async def accept(uow: Any) -> None:
            # A rest may be a few Toman: something has to be left of it.
            amount = max(await uow.session.scalar(asked) + differs, 1) if differs else None
            await holding.hold_approval(
                uow, payment_id, despite_warnings=despite, amount=amount, why="a fee", to_wallet=to_wallet
            )

        return self._as_owner(accept)

    def _reject(self, payment_id: int) -> Coroutine[Any, Any, str]:
        return self._as_owner(
            lambda uow: holding.hold_rejection(uow, payment_id, reason=RejectReason.NOT_ARRIVED)
        )

    def _note_decision(self, result: str) -> None:
        REACHED["decided on what a colleague holds"] += result == "decision_held"
        REACHED["warning stands"] += result == "warnings_stand"

    def _undo(self, payment_id: int) -> Coroutine[Any, Any, str]:
        return self._as_owner(lambda uow: holding.undo(uow, payment_id))

    async def _fill(self, lines: int) -> int:
        async with self._unit(self._shop.owner) as uow:
            added = await provisioning.add_stock(uow, self._shop.plan_id, Shops.lines(lines))
        return added.served

    async def _at_once(self, *deeds: Coroutine[Any, Any, Any]) -> list[Any]:
        return await asyncio.gather(*deeds)

    async def _settle(self) -> None:
        self.world.clock.forward(seconds=HOLD)
        await holding.commit_due(self.world.units)

"""A wallet gives what is in it and no more, whoever asks at once."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from shop.actors import System
from shop.errors import InsufficientBalance, NotFound
from shop.orders import service as orders
from shop.provisioning.service import run_due
from shop.wallet import queries, service
from tests.shop.test_money import approve, assert_books_balance, count, outcome

PARTICULARS = {"method": "system", "currency": "IRT"}


async def credit(shops, shop, person, amount: int) -> None:
    async with shops.units.begin(shop.bot_id, System("test")) as uow:
        await service.credit(
            uow, person.user_id, amount, kind="bonus", cause=f"gift:{person.user_id}", **PARTICULARS
        )


async def spend(shops, shop, person, amount: int, cause: str) -> None:
    async with shops.units.begin(shop.bot_id, System("test")) as uow:
        await service.debit(uow, person.user_id, amount, kind="purchase", cause=cause, **PARTICULARS)


async def test_of_four_at_once_who_each_want_more_than_half_one_gets_it(shops, make_shop):
    shop = await make_shop()
    person = await shops.person(shop)
    await credit(shops, shop, person, 100)

    outcomes = await asyncio.gather(
        *(outcome(spend(shops, shop, person, 60, f"spend:{person.user_id}:{n}")) for n in range(4))
    )

    assert Counter(outcomes) == {"done": 1, "insufficient_balance": 3}
    async with shops.units.begin(shop.bot_id, System("test")) as uow:
        assert await queries.balance(uow, person.user_id) == 40
    await assert_books_balance(shops, shop)


async def test_an_empty_wallet_says_what_is_missing(shops, make_shop):
    shop = await make_shop()
    person = await shops.person(shop)

    with pytest.raises(InsufficientBalance) as refusal:
        await spend(shops, shop, person, 1, "spend:1")

    assert (refusal.value.user_id, refusal.value.needed) == (person.user_id, 1)


async def test_nobodys_wallet_is_not_found(shops, make_shop):
    shop = await make_shop()
    person = await shops.person(shop)
    stranger = type(person)(2**60, 1, person.actor)

    with pytest.raises(NotFound):
        await spend(shops, shop, stranger, 1, "spend:1")


async def test_an_order_that_the_balance_does_not_reach_stays_unpaid(shops, make_shop, everything):
    shop = await make_shop()
    person = await shops.person(shop)
    await credit(shops, shop, person, shop.price - 1)
    async with shops.units.begin(shop.bot_id, person.actor) as uow:
        placed = await orders.place(uow, person.user_id, plan_id=shop.plan_id, shown_price=shop.price)

    async with shops.units.begin(shop.bot_id, System("test")) as uow:
        answered = await orders.pay_from_balance(uow, placed.order_id)

    assert answered is None
    assert (
        await everything.fetchval("SELECT status FROM orders WHERE id = $1", placed.order_id)
        == "awaiting_payment"
    )
    assert await count(everything, shop, "transactions", "kind = 'purchase'") == 0


async def test_of_six_buyers_at_once_each_gets_a_line_of_his_own_while_there_are_any(
    shops, make_shop, everything
):
    shop = await make_shop(stock=3)
    sent = [await shops.receipt(shop) for _ in range(6)]

    outcomes = await asyncio.gather(*(outcome(approve(shops, shop, one.payment_id)) for one in sent))
    # Who met a line that another was just taking waits for the next look.
    await run_due(shops.units)

    assert outcomes == ["done"] * 6
    assert await count(everything, shop, "orders", "status = 'fulfilled'") == 3
    handed_out = await everything.fetch(
        "SELECT content, order_id FROM stock_items WHERE bot_id = $1 AND status = 'handed_out'", shop.bot_id
    )
    access = await everything.fetch("SELECT access FROM subscriptions WHERE bot_id = $1", shop.bot_id)
    assert len(handed_out) == len({row["order_id"] for row in handed_out}) == 3
    assert {row["access"] for row in access} == {row["content"] for row in handed_out}

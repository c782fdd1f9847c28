"""Another amount arrived than was asked for: exactly that is booked, and the order gets what it pays for."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shop.actors import Customer
from shop.books import checks
from shop.errors import BadInput, OrderClosed
from shop.orders import service as orders
from shop.payments import service as payments
from shop.receipts import holding, service
from shop.receipts.desk import load_desk
from tests.shop.test_money import assert_books_balance, count

HOLD = 6


async def accept(shops, shop, payment_id, amount, *, why="the bank says so"):
    async with shops.units.begin(shop.bot_id, shop.owner) as uow:
        return await holding.hold_approval(uow, payment_id, amount=amount, why=why)


async def order_of(everything, sent) -> str:
    return await everything.fetchval("SELECT status FROM orders WHERE id = $1", sent.order_id)


async def balance_of(everything, sent) -> int:
    return await everything.fetchval(
        "SELECT u.balance FROM users u JOIN orders o ON o.user_id = u.id WHERE o.id = $1", sent.order_id
    )


async def told(everything, shop, kind="amount_differs") -> dict:
    return await everything.fetchval(
        "SELECT payload FROM outbox WHERE bot_id = $1 AND kind = $2 ORDER BY id DESC LIMIT 1",
        shop.bot_id,
        kind,
    )


async def the_rest(shops, shop, sent):
    actor = Customer(sent.person.user_id)
    async with shops.units.begin(shop.bot_id, actor) as uow:
        return await payments.start_card_payment(uow, sent.person.user_id, sent.order_id)


async def prove(shops, shop) -> None:
    await assert_books_balance(shops, shop)
    async with shops.units.begin(shop.bot_id, shop.owner) as uow:
        assert await checks.find(uow) == []


async def test_too_little_is_in_the_wallet_and_the_order_waits_for_the_rest(shops, make_shop, everything):
    shop = await make_shop(stock=1)
    sent = await shops.receipt(shop)

    await accept(shops, shop, sent.payment_id, shop.price - 40_000)

    row = await everything.fetchrow(
        "SELECT status, amount, admin_notes FROM card_to_card_payments WHERE id = $1", sent.payment_id
    )
    assert tuple(row) == ("approved_other_amount", shop.price - 40_000, "the bank says so")
    assert (await order_of(everything, sent), await balance_of(everything, sent)) == (
        "partially_paid",
        shop.price - 40_000,
    )
    assert await count(everything, shop, "subscriptions") == 0
    message = await told(everything, shop)
    assert '"missing": 40000' in message
    await prove(shops, shop)


async def test_the_rest_is_asked_for_and_completes_the_order(shops, make_shop, everything):
    shop = await make_shop(stock=1)
    sent = await shops.receipt(shop)
    await accept(shops, shop, sent.payment_id, shop.price - 40_000)

    invoice = await the_rest(shops, shop, sent)
    assert invoice.amount.amount == 40_000
    assert (await the_rest(shops, shop, sent)).payment_id == invoice.payment_id

    async with shops.units.begin(shop.bot_id, Customer(sent.person.user_id)) as uow:
        await service.submit(
            uow,
            sent.person.user_id,
            payment_id=invoice.payment_id,
            media_id=None,
            receipt_type="text",
            text="987654321",
        )
    async with shops.units.begin(shop.bot_id, shop.owner) as uow:
        await service.approve(uow, invoice.payment_id)

    assert (await order_of(everything, sent), await balance_of(everything, sent)) == ("fulfilled", 0)
    assert await count(everything, shop, "subscriptions") == 1
    await prove(shops, shop)


async def test_too_much_serves_the_order_and_leaves_the_rest_in_the_wallet(shops, make_shop, everything):
    shop = await make_shop(stock=1)
    sent = await shops.receipt(shop)

    await accept(shops, shop, sent.payment_id, shop.price + 7_000)

    assert (await order_of(everything, sent), await balance_of(everything, sent)) == ("fulfilled", 7_000)
    message = await told(everything, shop)
    assert '"missing": 0' in message
    assert '"balance": 7000' in message
    await prove(shops, shop)


async def test_what_was_in_the_wallet_already_fills_up_what_is_missing(shops, make_shop, everything):
    shop = await make_shop(stock=2)
    person = await shops.person(shop)
    first = await shops.receipt(shop, person)
    await accept(shops, shop, first.payment_id, shop.price + 40_000)
    second = await shops.receipt(shop, person)

    await accept(shops, shop, second.payment_id, shop.price - 40_000)

    assert (await order_of(everything, second), await balance_of(everything, second)) == ("fulfilled", 0)
    await prove(shops, shop)


async def test_the_amount_asked_for_is_the_usual_approval(shops, make_shop, everything):
    shop = await make_shop(stock=1)
    sent = await shops.receipt(shop)

    await accept(shops, shop, sent.payment_id, shop.price, why="")

    assert await count(everything, shop, "card_to_card_payments", "status = 'approved'") == 1
    assert await count(everything, shop, "outbox", "kind = 'amount_differs'") == 0


@pytest.mark.parametrize(
    ("amount", "why", "field", "problem"),
    [
        (0, "x", "arrived", "too_small"),
        (-1, "x", "arrived", "too_small"),
        (1_250_000, "x", "arrived", "far_too_much"),
        (1, " \u200f", "why", "required"),
    ],
)
async def test_an_amount_that_cannot_be_meant_moves_nothing(
    shops, make_shop, everything, amount, why, field, problem
):
    shop = await make_shop()
    sent = await shops.receipt(shop)

    with pytest.raises(BadInput) as refusal:
        await accept(shops, shop, sent.payment_id, amount, why=why)

    assert (refusal.value.field, refusal.value.problem) == (field, problem)
    assert await count(everything, shop, "transactions") == 0


async def test_a_held_amount_counts_when_the_hold_is_over(shops, make_shop, everything, clock):
    shop = await make_shop(stock=1, hold_seconds=HOLD)
    sent = await shops.receipt(shop)

    held = await accept(shops, shop, sent.payment_id, shop.price + 1)
    assert held.amount == shop.price + 1
    assert await count(everything, shop, "transactions") == 0
    async with shops.units.begin(shop.bot_id, shop.owner) as uow:
        assert (await load_desk(uow)).held[0].amount == shop.price + 1
    clock.forward(seconds=HOLD)
    await holding.commit_due(shops.units)

    assert (await order_of(everything, sent), await balance_of(everything, sent)) == ("fulfilled", 1)
    await prove(shops, shop)


async def test_taken_back_it_is_forgotten_and_the_usual_approval_books_what_was_asked(
    shops, make_shop, everything, clock
):
    shop = await make_shop(stock=1, hold_seconds=HOLD)
    sent = await shops.receipt(shop)
    await accept(shops, shop, sent.payment_id, 1)
    async with shops.units.begin(shop.bot_id, shop.owner) as uow:
        await holding.undo(uow, sent.payment_id)
        await holding.hold_approval(uow, sent.payment_id)
    clock.forward(seconds=HOLD)
    await holding.commit_due(shops.units)

    row = await everything.fetchrow(
        "SELECT status, amount, admin_notes FROM card_to_card_payments WHERE id = $1", sent.payment_id
    )
    assert tuple(row) == ("approved", shop.price, None)


async def test_a_new_picture_ends_the_hold_and_its_amount(shops, make_shop, everything):
    shop = await make_shop(stock=1, hold_seconds=HOLD)
    sent = await shops.receipt(shop)
    await accept(shops, shop, sent.payment_id, 1)

    await shops.another_receipt(shop, sent)

    row = await everything.fetchrow(
        "SELECT amount, admin_notes, commit_at FROM card_to_card_payments WHERE id = $1", sent.payment_id
    )
    assert tuple(row) == (None, None, None)


async def test_the_cards_day_counts_what_arrived(shops, make_shop, everything):
    shop = await make_shop(stock=1)
    sent = await shops.receipt(shop)

    await accept(shops, shop, sent.payment_id, 5_000)

    day = await everything.fetchrow(
        "SELECT approved_amount, reserved_amount, reserved_count FROM card_days WHERE bot_id = $1",
        shop.bot_id,
    )
    assert tuple(day) == (5_000, 5_000, 1)


async def test_an_order_paid_in_part_can_be_given_up_and_its_money_stays(shops, make_shop, everything):
    shop = await make_shop(stock=1)
    sent = await shops.receipt(shop)
    await accept(shops, shop, sent.payment_id, 1_000)
    async with shops.units.begin(shop.bot_id, Customer(sent.person.user_id)) as uow:
        await orders.cancel(uow, sent.person.user_id, sent.order_id)

    assert (await order_of(everything, sent), await balance_of(everything, sent)) == ("cancelled", 1_000)
    with pytest.raises(OrderClosed):
        await the_rest(shops, shop, sent)
    await prove(shops, shop)


async def test_when_the_wallet_has_the_rest_no_card_is_shown(shops, make_shop, everything):
    shop = await make_shop(stock=2)
    person = await shops.person(shop)
    first, second = await shops.receipt(shop, person), await shops.receipt(shop, person)
    await accept(shops, shop, first.payment_id, shop.price - 10_000)
    async with shops.units.begin(shop.bot_id, Customer(person.user_id)) as uow:
        assert not await payments.pay_rest_from_wallet(uow, person.user_id, first.order_id)
    # Its own order takes what it costs, and what is over is in the wallet.
    await accept(shops, shop, second.payment_id, shop.price + 10_000)

    async with shops.units.begin(shop.bot_id, Customer(person.user_id)) as uow:
        assert await payments.pay_rest_from_wallet(uow, person.user_id, first.order_id)

    assert (await order_of(everything, first), await balance_of(everything, first)) == ("fulfilled", 0)
    await prove(shops, shop)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(arrived=st.lists(st.integers(1, 400_000), min_size=1, max_size=4))
async def test_whatever_arrives_the_books_sum_to_the_toman(shops, make_shop, everything, arrived):
    shop = await make_shop(stock=4)
    person = await shops.person(shop)
    for amount in arrived:
        sent = await shops.receipt(shop, person)
        await accept(shops, shop, sent.payment_id, amount)

    paid = await everything.fetchval(
        "SELECT coalesce(sum(amount), 0) FROM orders WHERE bot_id = $1 AND status = 'fulfilled'", shop.bot_id
    )
    balance = await everything.fetchval("SELECT balance FROM users WHERE id = $1", person.user_id)
    assert sum(arrived) == balance + paid
    assert balance < shop.price * 4
    await prove(shops, shop)

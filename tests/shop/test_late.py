"""A receipt that came after its deadline: the old price, the wallet, or a refusal. No money is lost."""

from __future__ import annotations

import asyncio
import json

import pytest
from sqlalchemy import update

from db.models import BotPlan, CardToCardPayment
from shop.actors import Customer
from shop.errors import AboveYourLimit, BadInput, NotFound, OrderClosed, ReceiptAlreadyReviewed
from shop.payments import service as payments
from shop.plans import service as plans
from shop.receipts import holding, service
from shop.receipts.desk import load_desk
from shop.receipts.rules import RejectReason
from tests.shop.test_limits import colleague
from tests.shop.test_money import count
from tests.shop.test_other_amount import HOLD, balance_of, order_of, prove, told


async def into_the_wallet(shops, shop, sent, **said):
    async with shops.units.begin(shop.bot_id, shop.owner) as uow:
        return await holding.hold_approval(uow, sent.payment_id, to_wallet=True, **said)


async def seen(shops, shop, sent):
    async with shops.units.begin(shop.bot_id, shop.owner) as uow:
        return (await load_desk(uow, payment_id=sent.payment_id, language="en")).item


async def test_the_money_of_a_late_receipt_goes_to_the_wallet_and_buys_nothing(shops, make_shop, everything):
    shop = await make_shop(stock=1)
    sent = await shops.late_receipt(shop)

    held = await into_the_wallet(shops, shop, sent)

    assert (held.decision, held.to_wallet, held.commit_at) == ("approve", True, None)
    assert await order_of(everything, sent) == "expired"
    assert await balance_of(everything, sent) == shop.price
    assert await count(everything, shop, "subscriptions") == 0
    assert await count(everything, shop, "transactions", "kind = 'purchase'") == 0
    said = json.loads(await told(everything, shop, "late_to_wallet"))
    assert (said["amount"], said["balance"]) == (shop.price, shop.price)
    (booked,) = await everything.fetch(
        "SELECT amount, idempotency_key FROM transactions WHERE bot_id = $1", shop.bot_id
    )
    assert tuple(booked) == (shop.price, f"c2c:{sent.payment_id}")
    item = await seen(shops, shop, sent)
    assert (item.status, item.to_wallet, item.late) == ("approved", True, None)
    await prove(shops, shop)


async def test_the_old_price_is_still_one_of_the_ways(shops, make_shop, everything):
    shop = await make_shop(stock=1)
    sent = await shops.late_receipt(shop)
    async with shops.units.begin(shop.bot_id, shop.owner) as uow:
        await plans.update_plan(uow, shop.plan_id, price=shop.price + 30_000)
        await holding.hold_approval(uow, sent.payment_id)

    assert (await order_of(everything, sent), await balance_of(everything, sent)) == ("fulfilled", 0)
    await prove(shops, shop)


async def test_a_held_way_to_the_wallet_can_be_taken_back_and_is_obeyed_when_it_counts(
    shops, make_shop, everything, clock
):
    shop = await make_shop(stock=1, hold_seconds=HOLD)
    sent = await shops.late_receipt(shop)
    await into_the_wallet(shops, shop, sent)
    item = await seen(shops, shop, sent)
    assert (item.to_wallet, item.held.to_wallet) == (True, True)

    async with shops.units.begin(shop.bot_id, shop.owner) as uow:
        await holding.undo(uow, sent.payment_id)
        await holding.hold_approval(uow, sent.payment_id)
        await holding.undo(uow, sent.payment_id)
    assert not (await seen(shops, shop, sent)).to_wallet

    await into_the_wallet(shops, shop, sent)
    clock.forward(seconds=HOLD)
    assert await holding.commit_due(shops.units) == 1

    assert (await order_of(everything, sent), await balance_of(everything, sent)) == ("expired", shop.price)
    await prove(shops, shop)


async def test_what_was_undone_is_not_obeyed_by_the_approval_after_it(shops, make_shop, everything, clock):
    shop = await make_shop(stock=1, hold_seconds=HOLD)
    sent = await shops.late_receipt(shop)
    await into_the_wallet(shops, shop, sent)
    async with shops.units.begin(shop.bot_id, shop.owner) as uow:
        await holding.undo(uow, sent.payment_id)
        await holding.hold_approval(uow, sent.payment_id)
    clock.forward(seconds=HOLD)
    await holding.commit_due(shops.units)

    assert (await order_of(everything, sent), await balance_of(everything, sent)) == ("fulfilled", 0)


async def test_a_newer_picture_ends_the_way_to_the_wallet_too(shops, make_shop, everything, clock):
    shop = await make_shop(stock=1, hold_seconds=HOLD)
    sent = await shops.late_receipt(shop)
    await into_the_wallet(shops, shop, sent)

    await shops.another_receipt(shop, sent)

    item = await seen(shops, shop, sent)
    assert (item.held, item.to_wallet) == (None, False)
    assert item.late is not None, "what came late stays late"


@pytest.mark.parametrize("hold", [0, HOLD])
async def test_a_receipt_that_came_in_time_is_not_turned_into_a_balance(shops, make_shop, everything, hold):
    shop = await make_shop(stock=1, hold_seconds=hold)
    sent = await shops.receipt(shop)

    with pytest.raises(BadInput) as refused:
        await into_the_wallet(shops, shop, sent)

    assert (refused.value.field, refused.value.problem) == ("to_wallet", "not_late")
    assert await count(everything, shop, "transactions") == 0


async def test_another_amount_goes_to_the_wallet_as_it_arrived(shops, make_shop, everything):
    shop = await make_shop(stock=1)
    sent = await shops.late_receipt(shop)

    await into_the_wallet(shops, shop, sent, amount=shop.price + 5_000, why="it says so")

    assert await balance_of(everything, sent) == shop.price + 5_000
    assert await order_of(everything, sent) == "expired"
    assert await count(everything, shop, "subscriptions") == 0
    assert await count(everything, shop, "card_to_card_payments", "status = 'approved_other_amount'") == 1
    await prove(shops, shop)


async def test_a_colleague_puts_no_more_into_a_wallet_than_he_may_approve(shops, make_shop, everything):
    shop = await make_shop(stock=1)
    sent = await shops.late_receipt(shop)
    bob = await colleague(shops, shop, shop.price - 1)

    with pytest.raises(AboveYourLimit):
        async with shops.units.begin(shop.bot_id, bob) as uow:
            await holding.hold_approval(uow, sent.payment_id, to_wallet=True)

    assert await balance_of(everything, sent) == 0


async def test_eight_hands_at_once_put_it_there_once(shops, make_shop, everything):
    shop = await make_shop(stock=1)
    sent = await shops.late_receipt(shop)

    async def hand(*, to_wallet: bool) -> str:
        try:
            async with shops.units.begin(shop.bot_id, shop.owner) as uow:
                await holding.hold_approval(uow, sent.payment_id, to_wallet=to_wallet)
        except ReceiptAlreadyReviewed as refused:
            return refused.code
        return "done"

    results = await asyncio.gather(*(hand(to_wallet=bool(number % 2)) for number in range(8)))

    assert results.count("done") == 1
    assert await count(everything, shop, "transactions", "kind = 'deposit'") == 1
    await prove(shops, shop)


async def test_money_for_an_order_that_was_paid_meanwhile_is_told_as_such(shops, make_shop, everything):
    """Two late receipts of one order: the first is delivered, the second's money waits for its owner."""
    shop = await make_shop(stock=2)
    first = await shops.late_receipt(shop)
    async with shops.units.begin(shop.bot_id, shop.owner) as uow:
        await holding.hold_rejection(uow, first.payment_id, reason=RejectReason.NOT_ARRIVED)
    second = await begin_again(shops, shop, first)
    async with shops.units.begin(shop.bot_id, shop.owner) as uow:
        await holding.hold_approval(uow, second)
    await shops.another_receipt(shop, first)

    await into_the_wallet(shops, shop, first, despite_warnings=True)

    assert (await order_of(everything, first), await balance_of(everything, first)) == (
        "fulfilled",
        shop.price,
    )
    assert await count(everything, shop, "outbox", "kind = 'late_to_wallet'") == 0
    assert await count(everything, shop, "outbox", "kind = 'wallet_credited'") == 1
    await prove(shops, shop)


async def begin_again(shops, shop, sent) -> int:
    """The same order's second payment, with its receipt."""
    async with shops.units.begin(shop.bot_id, sent.person.actor) as uow:
        invoice = await payments.start_card_payment(uow, sent.person.user_id, sent.order_id)
        await service.submit(
            uow,
            sent.person.user_id,
            payment_id=invoice.payment_id,
            media_id=None,
            receipt_type="text",
            text="987654321",
        )
        return invoice.payment_id


async def test_the_second_late_receipt_of_a_closed_order_is_decided_by_itself(shops, make_shop, everything):
    shop = await make_shop(stock=2)
    first = await shops.late_receipt(shop)
    async with shops.units.begin(shop.bot_id, shop.owner) as uow:
        await holding.hold_rejection(uow, first.payment_id, reason=RejectReason.NOT_ARRIVED)
    second = await begin_again(shops, shop, first)
    async with shops.units.begin(shop.bot_id, shop.owner) as uow:
        late = update(CardToCardPayment).where(CardToCardPayment.id == second).values(late=True)
        await uow.session.execute(late)
        await holding.hold_approval(uow, second, to_wallet=True)
    assert await order_of(everything, first) == "expired"

    await shops.another_receipt(shop, first)
    assert await order_of(everything, first) == "awaiting_payment", "reopened, as by any late receipt"
    async with shops.units.begin(shop.bot_id, shop.owner) as uow:
        await holding.hold_approval(uow, first.payment_id, despite_warnings=True)

    assert (await order_of(everything, first), await balance_of(everything, first)) == (
        "fulfilled",
        shop.price,
    )
    await prove(shops, shop)


async def test_a_closed_order_shows_no_card_any_more(shops, make_shop):
    shop = await make_shop(stock=1)
    sent = await shops.late_receipt(shop)
    await into_the_wallet(shops, shop, sent)

    with pytest.raises(OrderClosed):
        async with shops.units.begin(shop.bot_id, Customer(sent.person.user_id)) as uow:
            await payments.start_card_payment(uow, sent.person.user_id, sent.order_id)
    async with shops.units.begin(shop.bot_id, Customer(sent.person.user_id)) as uow:
        assert not await payments.pay_rest_from_wallet(uow, sent.person.user_id, sent.order_id)


async def test_the_old_price_with_nothing_left_in_stock_waits_and_loses_nothing(shops, make_shop, everything):
    shop = await make_shop(stock=0)
    sent = await shops.late_receipt(shop)
    item = await seen(shops, shop, sent)
    assert (item.late.on_sale, item.late.is_on_shelf) == ("empty", False)

    async with shops.units.begin(shop.bot_id, shop.owner) as uow:
        await holding.hold_approval(uow, sent.payment_id)

    assert (await order_of(everything, sent), await balance_of(everything, sent)) == ("paid", 0)
    assert await count(everything, shop, "outbox", "kind = 'order_held'") == 1
    await prove(shops, shop)


@pytest.mark.parametrize(
    ("change", "on_sale", "dearer"),
    [
        ({}, "sold", 0),
        ({"price": 155_000}, "sold", 30_000),
        ({"price": 100_000}, "sold", -25_000),
        ({"is_active": False}, "off", 0),
        ({"archived_at": "now"}, "archived", 0),
    ],
)
async def test_the_reviewer_sees_how_late_it_is_and_what_it_would_cost_now(
    shops, make_shop, clock, change, on_sale, dearer
):
    shop = await make_shop(stock=1)
    sent = await shops.late_receipt(shop, minutes=190)
    async with shops.units.begin(shop.bot_id, shop.owner) as uow:
        values = {name: uow.now if value == "now" else value for name, value in change.items()}
        if values:
            await uow.session.execute(update(BotPlan).where(BotPlan.id == shop.plan_id).values(**values))

    late = (await seen(shops, shop, sent)).late

    assert (late.minutes, late.ordered_at, late.on_sale) == (190, shop.price, on_sale)
    assert late.dearer_by == dearer
    assert late.bought_since is None


async def test_the_reviewer_sees_that_the_customer_has_bought_it_since(shops, make_shop):
    shop = await make_shop(stock=2)
    sent = await shops.late_receipt(shop)
    again = await shops.receipt(shop, sent.person)
    async with shops.units.begin(shop.bot_id, shop.owner) as uow:
        await holding.hold_approval(uow, again.payment_id)

    assert (await seen(shops, shop, sent)).late.bought_since == again.order_id


async def test_a_receipt_in_time_says_nothing_of_it(shops, make_shop):
    shop = await make_shop(stock=1)
    sent = await shops.receipt(shop)

    assert (await seen(shops, shop, sent)).late is None


async def test_a_receipt_of_another_shop_is_not_found(shops, make_shop):
    shop, other = await make_shop(), await make_shop()
    sent = await shops.late_receipt(other)

    with pytest.raises(NotFound):
        await into_the_wallet(shops, shop, sent)


async def test_the_history_says_where_the_money_went(shops, make_shop, everything):
    shop = await make_shop(stock=1, hold_seconds=HOLD)
    sent = await shops.late_receipt(shop)
    await into_the_wallet(shops, shop, sent)
    shops.units.clock.forward(seconds=HOLD)
    await holding.commit_due(shops.units)

    kept = await everything.fetch(
        "SELECT action FROM audit_log WHERE bot_id = $1 AND data @> '{\"to_wallet\": true}' ORDER BY id",
        shop.bot_id,
    )
    assert [row["action"] for row in kept] == ["receipt.held", "receipt.approved"]

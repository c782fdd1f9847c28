"""A receipt for the rest of an order, sent before anybody asked where to pay it."""

from __future__ import annotations

import pytest

from shop.actors import Customer
from shop.errors import NoOpenPayment, NotFound
from shop.payments import corrections
from shop.payments import service as payments
from shop.receipts import service
from shop.receipts.queries import list_awaiting
from tests.shop.test_money import count
from tests.shop.test_other_amount import accept, balance_of, order_of, prove


async def send(shops, shop, sent, payment_id=None, *, person=None):
    """The customer writes the bank's number, meaning the order's first payment unless another is named."""
    who = person or sent.person
    async with shops.units.begin(shop.bot_id, Customer(who.user_id)) as uow:
        return await service.submit(
            uow,
            who.user_id,
            payment_id=payment_id or sent.payment_id,
            media_id=None,
            receipt_type="text",
            text="987654321",
        )


async def awaited(shops, shop, person):
    async with shops.units.begin(shop.bot_id, Customer(person.user_id)) as uow:
        return await list_awaiting(uow, person.user_id, late_hours=72)


async def test_a_receipt_for_an_order_paid_in_part_is_one_for_what_is_missing(shops, make_shop, everything):
    shop = await make_shop(stock=1)
    sent = await shops.receipt(shop)
    await accept(shops, shop, sent.payment_id, shop.price - 40_000)

    (waiting,) = await awaited(shops, shop, sent.person)
    submitted = await send(shops, shop, sent, waiting.payment_id)

    assert (waiting.status, waiting.amount.amount) == ("partially_paid", 40_000)
    rest = await everything.fetchrow(
        "SELECT * FROM card_to_card_payments WHERE id = $1", submitted.payment_id
    )
    assert (rest["order_id"], rest["expected_amount"]) == (sent.order_id, 40_000)
    assert (rest["status"], rest["late"]) == ("receipt_submitted", False)
    async with shops.units.begin(shop.bot_id, shop.owner) as uow:
        await service.approve(uow, submitted.payment_id)
    assert (await order_of(everything, sent), await balance_of(everything, sent)) == ("fulfilled", 0)
    assert await count(everything, shop, "subscriptions") == 1
    await prove(shops, shop)


async def test_it_went_to_the_card_he_knows_which_keeps_its_room_even_when_it_is_off(
    shops, make_shop, everything
):
    shop = await make_shop(stock=1, cards_count=2)
    sent = await shops.receipt(shop)
    await accept(shops, shop, sent.payment_id, shop.price - 40_000)
    first = await everything.fetchval(
        "UPDATE tenant_payment_cards c SET is_active = false FROM card_to_card_payments p "
        "WHERE p.id = $1 AND c.id = p.card_id RETURNING c.id",
        sent.payment_id,
    )

    submitted = await send(shops, shop, sent)

    card = "SELECT card_id FROM card_to_card_payments WHERE id = $1"
    assert await everything.fetchval(card, submitted.payment_id) == first
    day = await everything.fetchrow("SELECT * FROM card_days WHERE card_id = $1", first)
    assert (day["reserved_count"], day["reserved_amount"]) == (2, shop.price)


async def test_a_card_that_was_asked_for_takes_it_and_no_second_payment_is_begun(
    shops, make_shop, everything
):
    shop = await make_shop(stock=1)
    sent = await shops.receipt(shop)
    await accept(shops, shop, sent.payment_id, 1_000)
    async with shops.units.begin(shop.bot_id, Customer(sent.person.user_id)) as uow:
        invoice = await payments.start_card_payment(uow, sent.person.user_id, sent.order_id)

    submitted = await send(shops, shop, sent)
    again = await send(shops, shop, sent)

    assert submitted.payment_id == again.payment_id == invoice.payment_id
    assert (submitted.replaced, again.replaced) == (False, True)
    assert await count(everything, shop, "card_to_card_payments") == 2


async def test_what_the_wallet_has_by_itself_asks_for_no_receipt(shops, make_shop, everything):
    shop = await make_shop(stock=1)
    sent = await shops.receipt(shop)
    await accept(shops, shop, sent.payment_id, shop.price - 40_000)
    async with shops.units.begin(shop.bot_id, shop.owner) as uow:
        await corrections.correct_wallet(uow, sent.person.user_id, 40_000, reason="a gift", form="f" * 22)

    assert await awaited(shops, shop, sent.person) == []
    with pytest.raises(NoOpenPayment):
        await send(shops, shop, sent)


async def test_nobody_sends_a_receipt_for_the_rest_of_anothers_order(shops, make_shop, everything):
    shop = await make_shop(stock=1)
    sent = await shops.receipt(shop)
    await accept(shops, shop, sent.payment_id, 1_000)
    mallory = await shops.person(shop, name="Mallory")

    with pytest.raises(NotFound):
        await send(shops, shop, sent, person=mallory)
    assert await count(everything, shop, "card_to_card_payments") == 1


async def test_a_receipt_for_the_rest_that_was_rejected_may_come_again(shops, make_shop, everything):
    shop = await make_shop(stock=1)
    sent = await shops.receipt(shop)
    await accept(shops, shop, sent.payment_id, shop.price - 40_000)
    first = await send(shops, shop, sent)
    async with shops.units.begin(shop.bot_id, shop.owner) as uow:
        await service.reject(uow, first.payment_id, reason=service.RejectReason.UNREADABLE)

    (waiting,) = await awaited(shops, shop, sent.person)
    assert (waiting.payment_id, waiting.status) == (first.payment_id, "rejected")
    assert (await send(shops, shop, sent, waiting.payment_id)).payment_id == first.payment_id
    assert await order_of(everything, sent) == "partially_paid"

"""What the reviewer sees: the queue in order, the item with its evidence, never another shop's."""

from __future__ import annotations

import pytest

from shop.errors import NotAllowed, NotFound
from shop.orders import service as orders
from shop.payments import service as payments
from shop.receipts import desk, service
from shop.receipts.rules import RejectReason
from tests.factories import photo


async def load(shops, shop, payment_id=None, **choice):
    async with shops.units.begin(shop.bot_id, shop.owner) as uow:
        return await desk.load_desk(uow, payment_id=payment_id, language="en", **choice)


async def test_the_queue_is_worked_from_its_front_and_the_next_item_follows(shops, make_shop, clock):
    shop = await make_shop()
    first = await shops.receipt(shop)
    clock.forward(minutes=1)
    second = await shops.receipt(shop)
    clock.forward(minutes=1)
    third = await shops.receipt(shop)

    shown = await load(shops, shop, second.payment_id)

    assert [item.payment_id for item in shown.queue] == [
        first.payment_id,
        second.payment_id,
        third.payment_id,
    ]
    assert (shown.position, shown.total, shown.next_id) == (2, 3, third.payment_id)
    assert shown.queue[0].plan_name == "1 month, 50 GB"


async def test_after_the_last_of_the_queue_comes_the_first_that_was_left(shops, make_shop, clock):
    shop = await make_shop()
    first = await shops.receipt(shop)
    clock.forward(minutes=1)
    last = await shops.receipt(shop)

    async with shops.units.begin(shop.bot_id, shop.owner) as uow:
        await service.approve(uow, last.payment_id)
        following = await desk.first_waiting(uow, after=last.payment_id)

    assert following == first.payment_id


async def test_a_receipt_that_waits_too_long_is_marked_late(shops, make_shop, clock):
    shop = await make_shop()
    await shops.receipt(shop)
    clock.forward(minutes=31)

    shown = await load(shops, shop)

    assert [item.is_late for item in shown.queue] == [True]


async def test_the_same_picture_again_is_named_with_its_other_receipt(shops, make_shop):
    shop = await make_shop()
    content = photo()
    first = await shops.receipt(shop, content=content)
    again = await shops.receipt(shop, await shops.person(shop, name="Dave"), content=content)

    shown = await load(shops, shop, again.payment_id)

    warning = shown.item.warnings[0]
    assert (warning.tone, warning.code, warning.other_payment_id) == ("bad", "same_image", first.payment_id)
    assert [item.flag for item in shown.queue] == [None, "bad"]
    assert [item.payment_id for item in (await load(shops, shop, chosen_filter="flagged")).queue] == [
        again.payment_id
    ]


async def test_the_queue_tells_a_red_warning_from_an_amber_one(shops, make_shop, clock, everything):
    shop = await make_shop()
    blocked, prompt = [await shops.receipt(shop) for _ in range(2)]
    await everything.execute("UPDATE users SET blocked_at = now() WHERE id = $1", blocked.person.user_id)
    carol = await shops.person(shop)
    async with shops.units.begin(shop.bot_id, carol.actor) as uow:
        order = await orders.place(uow, carol.user_id, plan_id=shop.plan_id, shown_price=shop.price)
        slow = await payments.start_card_payment(uow, carol.user_id, order.order_id)
    clock.forward(minutes=31)
    async with shops.units.begin(shop.bot_id, carol.actor) as uow:
        await service.submit(
            uow,
            carol.user_id,
            payment_id=slow.payment_id,
            media_id=None,
            receipt_type="text",
            text="123456789",
        )

    shown = await load(shops, shop)

    flags = {item.payment_id: item.flag for item in shown.queue}
    assert flags == {blocked.payment_id: "bad", slow.payment_id: "warn", prompt.payment_id: None}


async def test_the_same_picture_in_another_shop_is_nobodys_business(shops, make_shop):
    alice, mallory = await make_shop(), await make_shop()
    content = photo()
    await shops.receipt(alice, content=content)
    sent = await shops.receipt(mallory, content=content)

    shown = await load(shops, mallory, sent.payment_id)

    assert "same_image" not in {warning.code for warning in shown.item.warnings}


async def test_a_decided_receipt_moves_to_its_tab_and_says_by_whom(shops, make_shop):
    shop = await make_shop()
    sent, other = await shops.receipt(shop), await shops.receipt(shop)
    async with shops.units.begin(shop.bot_id, shop.owner) as uow:
        await service.approve(uow, sent.payment_id)
        await service.reject(uow, other.payment_id, reason=RejectReason.UNREADABLE)

    shown = await load(shops, shop, sent.payment_id)

    assert (shown.tab, shown.counts) == ("approved", {"waiting": 0, "approved": 1, "rejected": 1})
    assert (shown.item.decided_by, shown.item.delivery_state) == ("Alice", "delivered")
    assert shown.item.warnings == ()


async def test_paid_without_stock_says_so(shops, make_shop):
    shop = await make_shop(stock=0)
    sent = await shops.receipt(shop)
    async with shops.units.begin(shop.bot_id, shop.owner) as uow:
        await service.approve(uow, sent.payment_id)

    assert (await load(shops, shop, sent.payment_id)).item.delivery_state == "held_no_stock"


async def test_a_new_customer_is_one_who_never_paid(shops, make_shop):
    shop = await make_shop()
    carol = await shops.person(shop)
    first = await shops.receipt(shop, carol)
    async with shops.units.begin(shop.bot_id, shop.owner) as uow:
        await service.approve(uow, first.payment_id)
    await shops.receipt(shop, carol)
    newcomer = await shops.receipt(shop)

    shown = await load(shops, shop, chosen_filter="new")

    assert [item.payment_id for item in shown.queue] == [newcomer.payment_id]


async def test_the_payer_is_shown_with_his_other_receipts_and_what_became_of_them(shops, make_shop):
    shop = await make_shop()
    carol = await shops.person(shop)
    done = await shops.receipt(shop, carol)
    async with shops.units.begin(shop.bot_id, shop.owner) as uow:
        await service.approve(uow, done.payment_id)
    waiting = await shops.receipt(shop, carol)

    alone = (await load(shops, shop, waiting.payment_id)).item

    assert (alone.customer_approved, alone.customer_rejected, alone.customer_waiting) == (1, 0, 0)


async def test_another_shops_receipt_does_not_exist(shops, make_shop):
    alice, mallory = await make_shop(), await make_shop()
    sent = await shops.receipt(alice)

    with pytest.raises(NotFound):
        await load(shops, mallory, sent.payment_id)
    assert (await load(shops, mallory)).queue == []


async def test_a_payment_without_a_receipt_is_not_at_the_desk(shops, make_shop):
    shop = await make_shop()
    carol = await shops.person(shop)
    async with shops.units.begin(shop.bot_id, carol.actor) as uow:
        order = await orders.place(uow, carol.user_id, plan_id=shop.plan_id, shown_price=shop.price)
        invoice = await payments.start_card_payment(uow, carol.user_id, order.order_id)

    with pytest.raises(NotFound):
        await load(shops, shop, invoice.payment_id)


async def test_a_customer_sees_no_desk(shops, make_shop):
    shop = await make_shop()
    carol = await shops.person(shop)

    with pytest.raises(NotAllowed):
        async with shops.units.begin(shop.bot_id, carol.actor) as uow:
            await desk.load_desk(uow)

"""How often one person may buy a plan, and the price it had before."""

from __future__ import annotations

import pytest

from shop.errors import BadInput, PlanLimitReached
from shop.orders import service as orders
from shop.plans import service as plans
from shop.receipts import service as receipts


@pytest.fixture
async def shop(shops):
    return await shops.open(price=125_000)


@pytest.fixture
async def carol(shops, shop):
    return await shops.person(shop)


async def change(units, shop, **changes):
    async with units.begin(shop.bot_id, shop.owner) as uow:
        return await plans.update_plan(uow, shop.plan_id, **changes)


async def order(units, shop, person, price=125_000):
    async with units.begin(shop.bot_id, person.actor) as uow:
        return await orders.place(uow, person.user_id, plan_id=shop.plan_id, shown_price=price)


async def test_whoever_bought_as_often_as_he_may_buys_no_more_and_another_still_does(
    shops, units, shop, carol
):
    await change(units, shop, most_per_person=2)
    for _ in range(2):
        sent = await shops.receipt(shop, carol)
        async with units.begin(shop.bot_id, shop.owner) as uow:
            await receipts.approve(uow, sent.payment_id)

    with pytest.raises(PlanLimitReached) as refused:
        await order(units, shop, carol)

    assert refused.value.details() == {"plan_id": shop.plan_id, "limit": 2}
    assert await order(units, shop, await shops.person(shop))
    await change(units, shop, most_per_person=0)
    assert await order(units, shop, carol)


async def test_a_receipt_that_waits_counts(shops, units, shop, carol):
    await change(units, shop, most_per_person=1)
    await shops.receipt(shop, carol)

    with pytest.raises(PlanLimitReached):
        await order(units, shop, carol)


async def test_an_open_order_is_gone_on_with_and_a_cancelled_one_makes_room(units, shop, carol):
    await change(units, shop, most_per_person=1)
    first = await order(units, shop, carol)

    assert (await order(units, shop, carol)).order_id == first.order_id
    await change(units, shop, price=130_000)
    with pytest.raises(PlanLimitReached):
        await order(units, shop, carol, price=130_000)
    async with units.begin(shop.bot_id, carol.actor) as uow:
        await orders.cancel(uow, carol.user_id, first.order_id)
    assert (await order(units, shop, carol, price=130_000)).order_id != first.order_id


async def test_an_order_knows_nothing_of_the_struck_price(units, shop, carol, everything):
    await change(units, shop, old_price=200_000)

    placed = await order(units, shop, carol)

    kept = await everything.fetchrow(
        "SELECT amount, snapshot::text FROM orders WHERE id = $1", placed.order_id
    )
    assert kept["amount"] == 125_000
    assert "200000" not in kept["snapshot"]


@pytest.mark.parametrize("changes", [{"old_price": 125_000}, {"old_price": 1}, {"old_price": 10**12 + 1}])
async def test_a_struck_price_is_above_the_price(changes, units, shop):
    with pytest.raises(BadInput) as refused:
        await change(units, shop, **changes)

    assert refused.value.field == "old_price"


async def test_a_price_is_not_raised_over_the_struck_one_by_itself(units, shop):
    await change(units, shop, old_price=130_000)

    with pytest.raises(BadInput):
        await change(units, shop, price=130_000)

    changed = await change(units, shop, price=130_000, old_price=None)
    assert (changed.price, changed.old_price) == (130_000, None)

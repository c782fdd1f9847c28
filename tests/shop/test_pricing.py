"""Many prices at once: the arithmetic, and that what was shown is what is done, or nothing is."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from shop.actors import SEEING, StaffMember
from shop.errors import BadInput, ListChanged, NotAllowed, PriceChanged
from shop.orders.queries import count_sold
from shop.plans import pricing, queries, service
from shop.plans.rules import LARGEST_PRICE, Repricing
from shop.receipts import service as receipts


@pytest.mark.parametrize(
    ("before", "percent", "step", "after"),
    [
        (125_000, 10, 1_000, 138_000),
        (125_000, 10, 500, 137_500),
        (125_000, 10, 1, 137_500),
        (125_000, -10, 1_000, 113_000),
        (125_499, -10, 1_000, 113_000),
        (99_999, 7, 100, 107_000),
        (333, 1, 1, 336),
        (50, 1, 1, 51),
        (49, 1, 1, 49),
        (290_000, -99, 1_000, 3_000),
        (1_000, -99, 1_000, 1_000),
        (1, -50, 1, 1),
        (10**11, 900, 1, 10**12),
    ],
)
def test_a_price_goes_to_the_nearest_step_a_half_upwards_and_never_to_nothing(before, percent, step, after):
    assert Repricing(percent, step).of(before) == after


@pytest.mark.parametrize(
    ("percent", "step", "field"),
    [(0, 1_000, "percent"), (-100, 1_000, "percent"), (1_001, 1_000, "percent"), (10, 7, "step")],
)
def test_what_is_no_change_of_prices_is_refused(percent, step, field):
    with pytest.raises(BadInput) as refusal:
        Repricing(percent, step)

    assert refusal.value.field == field


def test_nothing_becomes_dearer_than_a_plan_may_be():
    with pytest.raises(BadInput):
        Repricing(1, 1).of(LARGEST_PRICE)


UP = Repricing(10, 1_000)


@pytest.fixture
async def shop(make_shop):
    return await make_shop(stock=3, price=125_000)


@pytest.fixture
async def second(units, shop):
    async with units.begin(shop.bot_id, shop.owner) as uow:
        return (await service.create_plan(uow, name="Second", period_days=90, price=290_000)).plan_id


async def as_owner(units, shop, verb, *arguments, **named):
    async with units.begin(shop.bot_id, shop.owner) as uow:
        return await verb(uow, *arguments, **named)


async def prices(units, shop) -> list[int]:
    return [plan.price for plan in await as_owner(units, shop, queries.get_plans)]


async def test_what_was_shown_is_what_is_done(units, shop, second, everything):
    shown = await as_owner(units, shop, pricing.preview_prices, UP, {shop.plan_id, second})
    assert await prices(units, shop) == [125_000, 290_000]

    before = {one.plan.plan_id: one.before for one in shown}
    assert await as_owner(units, shop, pricing.change_prices, UP, before) == 2

    assert await prices(units, shop) == [one.after for one in shown] == [138_000, 319_000]
    notes = await everything.fetch(
        "SELECT subject_id, (data->>'price_before')::int, (data->>'price')::int FROM audit_log "
        "WHERE bot_id = $1 AND action = 'plan.repriced' ORDER BY subject_id",
        shop.bot_id,
    )
    assert [tuple(note) for note in notes] == [
        (shop.plan_id, 125_000, 138_000),
        (second, 290_000, 319_000),
    ]


async def test_only_the_chosen_plans_change(units, shop, second):
    await as_owner(units, shop, pricing.change_prices, UP, {second: 290_000})

    assert await prices(units, shop) == [125_000, 319_000]


async def test_where_one_price_is_another_by_now_none_is_changed(units, shop, second):
    await as_owner(units, shop, service.update_plan, second, price=300_000)

    with pytest.raises(PriceChanged):
        await as_owner(units, shop, pricing.change_prices, UP, {shop.plan_id: 125_000, second: 290_000})

    assert await prices(units, shop) == [125_000, 300_000]


async def test_confirmed_twice_at_once_it_is_done_once(units, shop, second):
    shown = {shop.plan_id: 125_000, second: 290_000}

    outcomes = await asyncio.gather(
        *(as_owner(units, shop, pricing.change_prices, UP, shown) for _ in range(4)), return_exceptions=True
    )

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["PriceChanged"] * 3 + ["int"]
    assert await prices(units, shop) == [138_000, 319_000]


async def test_a_plan_that_left_the_list_and_anothers_plan_are_not_repriced(units, shop, second, make_shop):
    mallorys = await make_shop(stock=0, price=100_000)
    await as_owner(units, shop, service.archive_plan, second)

    for chosen in ({second: 290_000}, {mallorys.plan_id: 100_000}):
        with pytest.raises(ListChanged):
            await as_owner(units, shop, pricing.preview_prices, UP, chosen)
        with pytest.raises(ListChanged):
            await as_owner(units, shop, pricing.change_prices, UP, {shop.plan_id: 125_000, **chosen})
    with pytest.raises(BadInput):
        await as_owner(units, shop, pricing.change_prices, UP, {})

    assert await prices(units, shop) == [125_000]
    assert await prices(units, mallorys) == [100_000]


async def test_who_may_only_see_changes_no_price(units, shop):
    bob = StaffMember(7, "Bob", SEEING)

    for verb, chosen in ((pricing.preview_prices, [1]), (pricing.change_prices, {1: 1})):
        with pytest.raises(NotAllowed):
            async with units.begin(shop.bot_id, bob) as uow:
                await verb(uow, UP, chosen)


async def test_a_sale_is_counted_for_its_plan_when_it_is_paid_and_never_again(units, shop, shops, second):
    sent = await shops.receipt(shop)
    assert await as_owner(units, shop, sold_in_a_month) == {}
    await as_owner(units, shop, receipts.approve, sent.payment_id)

    assert await as_owner(units, shop, sold_in_a_month) == {shop.plan_id: 1}


async def sold_in_a_month(uow) -> dict[int, int]:
    return await count_sold(uow, since=uow.now - timedelta(days=30))

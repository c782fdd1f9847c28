from __future__ import annotations

import json

import pytest

from shop.actors import SEEING, StaffMember
from shop.errors import BadInput, ListChanged, NotAllowed, NotFound, PlanUnavailable, StillInUse
from shop.money import Currency, Money
from shop.orders import service as orders
from shop.plans import queries, service
from shop.provisioning import service as provisioning


@pytest.fixture
async def shop(make_shop):
    return await make_shop(stock=0)


async def as_owner(units, shop, verb, *arguments, **named):
    async with units.begin(shop.bot_id, shop.owner) as uow:
        return await verb(uow, *arguments, **named)


async def add(units, shop, **difference):
    valid = {"name": "سه‌ماهه", "period_days": 90, "price": 290_000}
    return await as_owner(units, shop, service.create_plan, **(valid | difference))


async def test_a_new_plan_stands_at_the_end_of_the_list(units, shop):
    second = await add(units, shop)
    third = await add(units, shop, name="شش‌ماهه")

    plans = await as_owner(units, shop, queries.get_plans)
    assert [plan.plan_id for plan in plans] == [shop.plan_id, second.plan_id, third.plan_id]
    assert await as_owner(units, shop, queries.get_plan, second.plan_id) == second
    assert (second.traffic_limit_gb, second.device_limit, second.renewal_policy) == (0, 0, "extend")


async def test_customers_see_what_is_on_sale_in_their_language(units, shop):
    hidden = await add(units, shop, is_active=False)
    plain = await add(units, shop)

    in_english = await as_owner(units, shop, queries.list_offers, "en")
    in_persian = await as_owner(units, shop, queries.list_offers, "fa")

    assert [(offer.plan_id, offer.name) for offer in in_english] == [
        (shop.plan_id, "1 month, 50 GB"),
        (plain.plan_id, "سه‌ماهه"),
    ]
    assert in_persian[0].name == "یک‌ماهه ۵۰ گیگ"
    assert in_english[0].price == Money(shop.price, Currency.IRT)
    with pytest.raises(PlanUnavailable):
        await as_owner(units, shop, queries.get_offer, hidden.plan_id, "en")


async def test_a_change_touches_only_what_is_given(units, shop):
    before = await as_owner(units, shop, queries.get_plan, shop.plan_id)

    after = await as_owner(units, shop, service.update_plan, shop.plan_id, price=130_000)

    assert after.price == 130_000
    assert (after.name, after.translations, after.period_days) == (
        before.name,
        before.translations,
        before.period_days,
    )


@pytest.mark.parametrize(
    ("difference", "field"),
    [
        ({"price": 0}, "price"),
        ({"price": 10**13}, "price"),
        ({"period_days": 0}, "period_days"),
        ({"name": " "}, "name"),
        ({"traffic_limit_gb": -1}, "traffic_limit_gb"),
        ({"translations": {"xx": {"name": "?"}}}, "translations"),
        ({"renewal_policy": "never"}, "renewal_policy"),
    ],
)
async def test_a_plan_with_bad_numbers_or_words_is_refused(units, shop, difference, field):
    for attempt in (
        lambda: add(units, shop, **difference),
        lambda: as_owner(units, shop, service.update_plan, shop.plan_id, **difference),
    ):
        with pytest.raises(BadInput) as refusal:
            await attempt()
        assert refusal.value.field == field


async def test_a_plan_goes_off_sale_and_on_again(units, shop):
    off = await as_owner(units, shop, service.deactivate_plan, shop.plan_id)
    assert not off.is_active
    assert await as_owner(units, shop, queries.get_plans, active_only=True) == []
    assert await as_owner(units, shop, queries.list_offers, "en") == []

    on = await as_owner(units, shop, service.activate_plan, shop.plan_id)
    assert on.is_active
    assert len(await as_owner(units, shop, queries.get_plans, active_only=True)) == 1


async def test_a_plan_nobody_ordered_is_really_deleted(units, shop):
    plan = await add(units, shop)

    await as_owner(units, shop, service.delete_plan, plan.plan_id)

    with pytest.raises(NotFound):
        await as_owner(units, shop, queries.get_plan, plan.plan_id)


async def test_a_plan_with_a_history_is_archived_and_not_deleted(units, shop, shops):
    carol = await shops.person(shop)
    async with units.begin(shop.bot_id, carol.actor) as uow:
        await orders.place(uow, carol.user_id, plan_id=shop.plan_id, shown_price=shop.price)

    with pytest.raises(StillInUse):
        await as_owner(units, shop, service.delete_plan, shop.plan_id)
    await as_owner(units, shop, service.archive_plan, shop.plan_id)

    kept = await as_owner(units, shop, queries.get_plan, shop.plan_id)
    assert (kept.archived_at is None, kept.is_active) == (False, False)
    assert await as_owner(units, shop, queries.get_plans) == []
    for verb in (service.activate_plan, service.archive_plan, service.delete_plan):
        with pytest.raises(NotFound):
            await as_owner(units, shop, verb, shop.plan_id)


async def test_a_plan_with_lines_on_its_shelf_is_not_deleted(units, shop):
    await as_owner(units, shop, provisioning.add_stock, shop.plan_id, "vless://one")

    with pytest.raises(StillInUse):
        await as_owner(units, shop, service.delete_plan, shop.plan_id)


async def test_what_was_archived_comes_back_at_the_end_of_the_list_and_off_sale(units, shop, make_shop):
    other = await add(units, shop)
    await as_owner(units, shop, service.archive_plan, shop.plan_id)
    mallorys = await make_shop(stock=0)
    with pytest.raises(NotFound):
        await as_owner(units, mallorys, service.restore_plan, shop.plan_id)
    with pytest.raises(NotFound):
        await as_owner(units, shop, service.restore_plan, other.plan_id)

    restored = await as_owner(units, shop, service.restore_plan, shop.plan_id)

    assert (restored.archived_at, restored.is_active) == (None, False)
    listed = await as_owner(units, shop, queries.list_all)
    assert [plan.plan_id for plan in listed] == [other.plan_id, shop.plan_id]


async def test_the_history_names_only_what_was_really_changed(units, shop, everything):
    plan = await as_owner(units, shop, queries.get_plan, shop.plan_id)
    for days in (60, 60):
        await as_owner(units, shop, service.update_plan, shop.plan_id, name=plan.name, period_days=days)

    notes = await everything.fetch(
        "SELECT data->'fields' AS fields FROM audit_log WHERE bot_id = $1 AND action = 'plan.updated'",
        shop.bot_id,
    )

    assert [json.loads(note["fields"]) for note in notes] == [["period_days"]]


async def test_plans_are_found_by_price_with_both_ends_included(units, make_shop):
    shop = await make_shop(stock=0, price=100)
    for price in (300, 200, 400):
        await add(units, shop, price=price)
    await add(units, shop, price=250, is_active=False)

    async def prices(**bounds):
        found = await as_owner(units, shop, queries.get_plan_by_price_range, **bounds)
        return [plan.price for plan in found]

    assert await prices(least=200, most=300) == [200, 300]
    assert await prices(least=201) == [300, 400]
    assert await prices(most=100) == [100]
    assert await prices() == [100, 200, 300, 400]
    assert await prices(least=401) == []


async def test_the_list_takes_the_order_it_is_given(units, shop):
    second = await add(units, shop)
    third = await add(units, shop, is_active=False)
    wanted = [third.plan_id, shop.plan_id, second.plan_id]

    answered = await as_owner(units, shop, service.reorder_plans, wanted)

    listed = await as_owner(units, shop, queries.get_plans)
    assert [plan.plan_id for plan in answered] == [plan.plan_id for plan in listed] == wanted


async def test_an_order_that_misses_or_repeats_a_plan_is_refused(units, shop, make_shop):
    second = await add(units, shop)
    mallorys = await make_shop(stock=0)

    for wrong in (
        [],
        [shop.plan_id],
        [shop.plan_id, shop.plan_id],
        [shop.plan_id, second.plan_id, second.plan_id],
        [shop.plan_id, mallorys.plan_id],
    ):
        with pytest.raises(ListChanged):
            await as_owner(units, shop, service.reorder_plans, wrong)


async def test_one_plan_is_given_its_place(units, shop):
    second = await add(units, shop)

    moved = await as_owner(units, shop, service.update_plan_sort_order, second.plan_id, sort_order=0)
    await as_owner(units, shop, service.update_plan_sort_order, shop.plan_id, sort_order=5)

    assert moved.sort_order == 0
    listed = await as_owner(units, shop, queries.get_plans)
    assert [plan.plan_id for plan in listed] == [second.plan_id, shop.plan_id]


async def test_mallory_reaches_none_of_alices_plans(units, shop, make_shop):
    mallorys = await make_shop(stock=0)

    async with units.begin(mallorys.bot_id, mallorys.owner) as uow:
        for refused in (
            queries.get_plan(uow, shop.plan_id),
            service.update_plan(uow, shop.plan_id, price=1),
            service.deactivate_plan(uow, shop.plan_id),
            service.archive_plan(uow, shop.plan_id),
            service.delete_plan(uow, shop.plan_id),
            service.update_plan_sort_order(uow, shop.plan_id, sort_order=0),
        ):
            with pytest.raises(NotFound):
                await refused
        with pytest.raises(PlanUnavailable):
            await queries.get_offer(uow, shop.plan_id, "en")


async def test_staff_without_the_right_change_no_price(units, shop):
    async with units.begin(shop.bot_id, StaffMember(99, "Bob", SEEING)) as uow:
        for refused in (
            service.create_plan(uow, name="x", period_days=1, price=1),
            service.update_plan(uow, shop.plan_id, price=1),
            service.reorder_plans(uow, [shop.plan_id]),
            service.delete_plan(uow, shop.plan_id),
        ):
            with pytest.raises(NotAllowed):
                await refused

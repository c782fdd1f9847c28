"""Groups of plans: what their owner makes of them, and what customers find."""

from __future__ import annotations

import asyncio
import json

import pytest

from shop.actors import SEEING, StaffMember
from shop.errors import BadInput, ChangedMeanwhile, ListChanged, NotAllowed, NotFound
from shop.orders import service as orders
from shop.plans import groups, queries, service
from shop.plans.arranging import Section, arrange
from shop.plans.counter import lay_out


@pytest.fixture
async def shop(make_shop):
    return await make_shop(stock=0)


async def as_owner(units, shop, verb, *arguments, **named):
    async with units.begin(shop.bot_id, shop.owner) as uow:
        return await verb(uow, *arguments, **named)


async def add(units, shop, **difference) -> int:
    valid = {"name": "سه‌ماهه", "period_days": 90, "price": 290_000}
    return (await as_owner(units, shop, service.create_plan, **(valid | difference))).plan_id


async def group(units, shop, name="خانواده", **translations) -> int:
    words = {language: {"name": text} for language, text in translations.items()}
    made = await as_owner(units, shop, groups.create_group, name=name, translations=words)
    return made.group_id


async def on_counter(units, shop, language="en") -> list[str | int]:
    """What a customer meets at first sight: names of groups, then keys of plans."""
    counter = lay_out(await as_owner(units, shop, queries.list_offers, language))
    return [*(one.name for one in counter.drawers), *(one.plan_id for one in counter.loose)]


async def test_customers_find_a_group_in_their_language_and_beside_it_the_plans_without_one(units, shop):
    family = await group(units, shop, en="Family")
    inside = [await add(units, shop, group_id=family), await add(units, shop, group_id=family)]

    counter = lay_out(await as_owner(units, shop, queries.list_offers, "en"))

    assert [(one.name, [offer.plan_id for offer in one.offers]) for one in counter.drawers] == [
        ("Family", inside)
    ]
    assert [offer.plan_id for offer in counter.loose] == [shop.plan_id]
    assert (await on_counter(units, shop, "fa"))[0] == "خانواده"


async def test_a_group_with_nothing_on_sale_is_not_shown(units, shop):
    await group(units, shop, en="Empty")
    off = await group(units, shop, en="Off")
    plan = await add(units, shop, group_id=off)
    await as_owner(units, shop, service.deactivate_plan, plan)

    assert await on_counter(units, shop) == [shop.plan_id]


async def test_where_all_plans_are_in_one_group_nobody_is_asked_which(units, shop):
    only = await group(units, shop, en="Only")
    await as_owner(units, shop, service.update_plan, shop.plan_id, group_id=only)

    assert await on_counter(units, shop) == [shop.plan_id]


async def test_a_plan_comes_into_a_group_at_its_end_and_an_order_keeps_what_it_was_sold_with(
    units, shop, shops, everything
):
    carol = await shops.person(shop)
    async with units.begin(shop.bot_id, carol.actor) as uow:
        order = await orders.place(uow, carol.user_id, plan_id=shop.plan_id, shown_price=shop.price)
    snapshot = "SELECT snapshot::text FROM orders WHERE id = $1"
    before = await everything.fetchval(snapshot, order.order_id)
    family = await group(units, shop)
    first = await add(units, shop, group_id=family)

    await as_owner(units, shop, service.update_plan, shop.plan_id, group_id=family)

    listed = await as_owner(units, shop, queries.get_plans)
    assert [(plan.plan_id, plan.group_id) for plan in listed] == [(first, family), (shop.plan_id, family)]
    assert await everything.fetchval(snapshot, order.order_id) == before
    assert (await as_owner(units, shop, queries.get_offer, shop.plan_id, "en")).group_id == family


async def test_an_archived_group_lets_its_plans_stand_alone_and_holds_them_again_when_restored(units, shop):
    one, two = await group(units, shop, en="One"), await group(units, shop, en="Two")
    plan = await add(units, shop, group_id=one)
    other = await add(units, shop, group_id=two)

    await as_owner(units, shop, groups.archive_group, one)
    assert await on_counter(units, shop) == ["Two", shop.plan_id, plan]
    # Neither the form nor the order of the list, which both show it without a group, forgets where it was.
    await as_owner(units, shop, service.update_plan, plan, group_id=None)
    await as_owner(units, shop, arrange, [Section(two, [other]), Section(None, [plan, shop.plan_id])])
    await as_owner(units, shop, groups.restore_group, one, in_its_place=True)

    assert await on_counter(units, shop) == ["One", "Two", shop.plan_id]
    await as_owner(units, shop, groups.archive_group, one)
    await as_owner(units, shop, groups.restore_group, one)
    assert await on_counter(units, shop) == ["Two", "One", shop.plan_id]
    for verb in (groups.restore_group, groups.get_group):
        with pytest.raises(NotFound):
            await as_owner(units, shop, verb, 2**62)
    with pytest.raises(NotFound):
        await as_owner(units, shop, groups.restore_group, one)


async def test_an_archived_group_takes_no_plan_and_no_other_name(units, shop):
    gone = await group(units, shop)
    await as_owner(units, shop, groups.archive_group, gone)

    with pytest.raises(BadInput) as refused:
        await as_owner(units, shop, service.update_plan, shop.plan_id, group_id=gone)
    assert refused.value.field == "group"
    with pytest.raises(BadInput):
        await add(units, shop, group_id=gone)
    for verb, words in ((groups.rename_group, {"name": "x", "translations": {}}), (groups.archive_group, {})):
        with pytest.raises(NotFound):
            await as_owner(units, shop, verb, gone, **words)


async def test_groups_and_plans_take_the_order_they_are_given_and_the_history_says_who_moved(
    units, shop, everything
):
    one, two = await group(units, shop, "One"), await group(units, shop, "Two")
    plan = await add(units, shop, group_id=one)

    await as_owner(
        units, shop, arrange, [Section(two, [shop.plan_id]), Section(one, []), Section(None, [plan])]
    )

    listed = await as_owner(units, shop, queries.get_plans)
    assert [(one.plan_id, one.group_id) for one in listed] == [(shop.plan_id, two), (plan, None)]
    assert [one.group_id for one in await as_owner(units, shop, groups.list_groups)] == [two, one]
    notes = await everything.fetch(
        "SELECT action, data FROM audit_log WHERE bot_id = $1 AND action LIKE ANY($2) ORDER BY id",
        shop.bot_id,
        ["%.reordered", "plan.regrouped"],
    )
    told = [(note["action"], json.loads(note["data"])) for note in notes]
    assert told[:2] == [
        ("plan.reordered", {"plan_ids": [shop.plan_id, plan]}),
        ("plan_group.reordered", {"group_ids": [two, one]}),
    ]
    assert [(data["group_before"], data["group"]) for _, data in told[2:]] == [(None, "Two"), ("One", None)]


async def test_an_order_that_misses_or_repeats_or_names_anothers_is_refused(units, shop, make_shop):
    mallorys = await make_shop(stock=0)
    own, foreign = await group(units, shop), await group(units, mallorys)
    before = await as_owner(units, shop, queries.get_plans)

    for wrong in (
        [Section(None, [shop.plan_id])],
        [Section(own, []), Section(None, [])],
        [Section(own, [shop.plan_id]), Section(None, [shop.plan_id])],
        [Section(own, []), Section(own, [shop.plan_id])],
        [Section(own, []), Section(foreign, [shop.plan_id])],
        [Section(foreign, [shop.plan_id])],
        [Section(own, [shop.plan_id, mallorys.plan_id])],
    ):
        with pytest.raises(ListChanged):
            await as_owner(units, shop, arrange, wrong)
    assert await as_owner(units, shop, queries.get_plans) == before


async def test_whoever_renames_a_group_that_was_renamed_meanwhile_is_told(units, shop):
    family = await group(units, shop)
    seen = groups.mark_of(await as_owner(units, shop, groups.get_group, family))
    await as_owner(units, shop, groups.rename_group, family, name="New", translations={}, seen=seen)

    with pytest.raises(ChangedMeanwhile):
        await as_owner(units, shop, groups.rename_group, family, name="Mine", translations={}, seen=seen)

    assert (await as_owner(units, shop, groups.get_group, family)).name == "New"


async def test_mallory_reaches_none_of_alices_groups(units, shop, make_shop):
    family, mallorys = await group(units, shop), await make_shop(stock=0)

    async with units.begin(mallorys.bot_id, mallorys.owner) as uow:
        assert await groups.list_groups(uow) == []
        for refused in (
            groups.get_group(uow, family),
            groups.rename_group(uow, family, name="x", translations={}),
            groups.archive_group(uow, family),
            groups.restore_group(uow, family),
        ):
            with pytest.raises(NotFound):
                await refused
        with pytest.raises(BadInput):
            await service.update_plan(uow, mallorys.plan_id, group_id=family)


async def test_staff_without_the_right_change_no_group(units, shop):
    family = await group(units, shop)
    async with units.begin(shop.bot_id, StaffMember(99, "Bob", SEEING)) as uow:
        for refused in (
            groups.create_group(uow, name="x", translations={}),
            groups.rename_group(uow, family, name="x", translations={}),
            groups.archive_group(uow, family),
            groups.restore_group(uow, family),
            arrange(uow, [Section(family, []), Section(None, [shop.plan_id])]),
        ):
            with pytest.raises(NotAllowed):
                await refused


async def test_who_arranges_the_list_does_not_wait_for_groups_while_a_plan_is_put_into_one(units, shop):
    """He would hold the groups and wait for the plan, whose own change waited for its group."""
    family = await group(units, shop)
    async with units.begin(shop.bot_id, shop.owner) as one:
        await service.update_plan(one, shop.plan_id, group_id=family)
        async with asyncio.timeout(5), units.begin(shop.bot_id, shop.owner) as other:
            assert list(await groups.lock_groups(other)) == [family]

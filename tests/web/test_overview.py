"""The overview's figures are those of the books."""

from __future__ import annotations

from datetime import date

import pytest

from db.models import User
from shop.actors import Customer, System
from shop.errors import NotAllowed
from shop.overview.queries import load_overview, load_sales
from shop.receipts import service as receipts
from shop.receipts.rules import RejectReason

TODAY = date(2026, 11, 22)


async def sell(shops, units, shop, person=None):
    sent = await shops.receipt(shop, person)
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await receipts.approve(uow, sent.payment_id)
    return sent


async def joined(shops, units, clock, shop, **who):
    person = await shops.person(shop, **who)
    async with units.begin(shop.bot_id, System("test")) as uow:
        (await uow.session.get_one(User, person.user_id)).created_at = clock.now
    return person


async def look(units, shop, **asked):
    async with units.begin(shop.bot_id, shop.owner) as uow:
        return await load_overview(uow, **asked)


async def test_an_empty_shop_has_noughts_and_no_comparison(units, make_shop):
    shop = await make_shop()

    shown = await look(units, shop)

    assert (shown.waiting_count, shown.waiting_oldest_at, shown.waiting_sum) == (0, None, 0)
    assert (shown.today_sales, shown.paid_orders, shown.average_order) == (0, 0, 0)
    assert shown.today_sales_delta is None
    assert len(shown.days) == 30
    assert shown.days[-1] == (TODAY, 0, 0)
    assert shown.top_plans == []
    assert not shown.cards_off
    assert shown.stock_low == []


async def test_what_waits_is_counted_summed_and_dated(units, shops, make_shop, clock):
    shop = await make_shop(price=100_000)
    oldest = clock.now
    await shops.receipt(shop)
    clock.forward(minutes=5)
    await shops.receipt(shop)

    shown = await look(units, shop)

    assert (shown.waiting_count, shown.waiting_sum) == (2, 200_000)
    assert type(shown.waiting_sum) is int
    assert shown.waiting_oldest_at == oldest


async def test_sales_equal_the_ledger(units, shops, make_shop, everything, clock):
    shop = await make_shop(price=100_000)
    clock.forward(days=-1)
    await sell(shops, units, shop)
    clock.forward(days=1)
    await sell(shops, units, shop)
    await sell(shops, units, shop)
    rejected = await shops.receipt(shop)
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await receipts.reject(uow, rejected.payment_id, reason=RejectReason.UNREADABLE)

    shown = await look(units, shop, range_days=7)

    assert (shown.today_sales, shown.paid_orders, shown.average_order) == (200_000, 2, 100_000)
    assert shown.today_sales_delta == 100.0
    assert shown.days[-2:] == [(date(2026, 11, 21), 100_000, 0), (TODAY, 200_000, 0)]
    booked = "SELECT -sum(amount) FROM transactions WHERE bot_id = $1 AND kind = 'purchase'"
    assert sum(day.card_to_card + day.other for day in shown.days) == await everything.fetchval(
        booked, shop.bot_id
    )
    assert shown.top_plans == [("یک‌ماهه ۵۰ گیگ", 3)]
    assert shown.sparks["sales"][-2:] == [100_000, 200_000]
    assert shown.sparks["orders"][-2:] == [1, 2]
    figures = [shown.today_sales, *shown.sparks["sales"], *(day.card_to_card for day in shown.days)]
    assert {type(figure) for figure in figures} == {int}


async def test_the_comparison_stops_at_this_time_yesterday(units, shops, make_shop, clock):
    shop = await make_shop(price=100_000)
    clock.forward(days=-1, hours=2)
    await sell(shops, units, shop)
    clock.forward(days=1, hours=-2)
    await sell(shops, units, shop)

    assert (await look(units, shop)).today_sales_delta is None


async def test_a_day_is_the_shops_own_day(units, shops, make_shop, clock):
    shop = await make_shop(price=100_000)
    clock.now = clock.now.replace(hour=20, minute=29)  # 23:59 in Tehran
    await sell(shops, units, shop)
    clock.forward(minutes=2)
    await sell(shops, units, shop)

    shown = await look(units, shop)

    assert shown.days[-2:] == [(TODAY, 100_000, 0), (date(2026, 11, 23), 100_000, 0)]
    assert shown.today_sales == 100_000


async def test_what_the_wallet_paid_is_no_transfer_by_card(units, shops, make_shop, clock, everything):
    shop = await make_shop(price=100_000)
    await sell(shops, units, shop)
    # As if the money had come a day before the order took it from the wallet.
    await everything.execute(
        "UPDATE transactions SET created_at = created_at - interval '1 day' "
        "WHERE bot_id = $1 AND kind = 'deposit'",
        shop.bot_id,
    )

    assert (await look(units, shop)).days[-1] == (TODAY, 0, 100_000)


async def test_new_customers_and_those_of_them_who_bought(units, shops, make_shop, clock):
    shop = await make_shop()
    clock.forward(days=-2)
    await joined(shops, units, clock, shop)
    clock.forward(days=2)
    await joined(shops, units, clock, shop)
    await sell(shops, units, shop, await joined(shops, units, clock, shop))

    shown = await look(units, shop)

    assert (shown.new_users, shown.new_users_bought) == (2, 1)
    assert shown.sparks["users"][-3:] == [1, 0, 2]


async def test_subscriptions_run_and_end(units, shops, make_shop, clock):
    shop = await make_shop()
    await sell(shops, units, shop)
    clock.forward(days=10)
    await sell(shops, units, shop)

    assert (await look(units, shop)).active_subscriptions == 2
    assert (await look(units, shop)).expiring_soon == 0
    clock.forward(days=18)
    assert (await look(units, shop)).expiring_soon == 1
    clock.forward(days=2)
    after = await look(units, shop)
    assert (after.active_subscriptions, after.expiring_soon) == (1, 0)
    assert after.sparks["subscriptions"] == [2] * 13 + [1]


async def test_a_shelf_that_runs_low_and_cards_that_are_off_are_said(units, make_shop, everything):
    shop = await make_shop(stock=2)
    await everything.execute(
        "UPDATE tenant_payment_cards SET is_active = false WHERE bot_id = $1", shop.bot_id
    )

    shown = await look(units, shop, language="en")

    assert shown.stock_low == [("1 month, 50 GB", 2)]
    assert shown.cards_off
    await everything.execute(
        "INSERT INTO bot_feature_flags (bot_id, feature_key, enabled, created_at, updated_at) "
        "VALUES ($1, 'card_to_card', false, now(), now())",
        shop.bot_id,
    )
    assert not (await look(units, shop)).cards_off


async def test_the_latest_activity_is_told_newest_first(units, shops, make_shop, clock):
    shop = await make_shop(price=100_000, stock=1)
    carol = await joined(shops, units, clock, shop, name="Carol")
    clock.forward(minutes=1)
    sent = await shops.receipt(shop, carol)
    clock.forward(minutes=1)
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await receipts.approve(uow, sent.payment_id)
    clock.forward(minutes=1)
    await sell(shops, units, shop, carol)

    events = (await look(units, shop)).events

    assert [event.kind for event in events] == [
        "receipt_approved",
        "held_no_stock",
        "receipt_submitted",
        "delivered",
        "receipt_approved",
        "receipt_submitted",
        "user_joined",
    ]
    approved = events[4]
    assert (approved.customer_name, approved.amount, approved.receipt_id, approved.actor_name) == (
        "Carol",
        100_000,
        sent.payment_id,
        "Alice",
    )
    assert events[-1].actor_name is None


async def test_nothing_of_another_shop_is_counted(units, shops, make_shop):
    alices, mallorys = await make_shop(), await make_shop()
    await sell(shops, units, alices)
    await shops.receipt(alices)

    shown = await look(units, mallorys)

    assert (shown.today_sales, shown.waiting_count, shown.active_subscriptions) == (0, 0, 0)
    assert (shown.events, shown.top_plans, shown.new_users) == ([], [], 0)


async def test_customers_do_not_see_it(units, make_shop):
    shop = await make_shop()

    async with units.begin(shop.bot_id, Customer(1)) as uow:
        with pytest.raises(NotAllowed):
            await load_overview(uow)
        with pytest.raises(NotAllowed):
            await load_sales(uow)


async def test_the_page_shows_it_in_both_languages(signed_in, shops, units, make_shop):
    shop = await make_shop(price=100_000)
    await sell(shops, units, shop)
    await shops.receipt(shop)
    alice = await signed_in(shop)

    english = (await alice.get("/?lang=en")).text
    persian = (await alice.get("/?lang=fa")).text

    assert "1 receipt to review" in english
    assert "100,000" in english
    assert "۱۰۰٬۰۰۰" in persian


async def test_another_range_swaps_the_chart_alone(signed_in, shops, units, make_shop):
    shop = await make_shop()
    await sell(shops, units, shop)
    alice = await signed_in(shop)

    part = await alice.get("/?range=7&lang=en", HX_Request="true")

    assert part.text.lstrip().startswith('<section class="panel" id="sales"')
    assert "Sales, last 7 days" in part.text

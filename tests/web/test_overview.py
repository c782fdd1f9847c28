"""The overview's figures are those of the books."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest

from db.models import User
from shop.actors import SHOP_SEE, Customer, StaffMember, System
from shop.errors import NotAllowed
from shop.overview.queries import load_overview, load_sales
from shop.receipts import service as receipts
from shop.receipts.rules import RejectReason

TODAY = date(2026, 11, 22)
MOST_STATEMENTS = 16
"""Of one look at the page: who asks, the shop, and one for each figure."""


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
    assert shown.days[-1] == (TODAY, 0, 0, 0)
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
    assert shown.days[-2:] == [(date(2026, 11, 21), 100_000, 0, 0), (TODAY, 200_000, 0, 0)]
    booked = "SELECT -sum(amount) FROM transactions WHERE bot_id = $1 AND kind = 'purchase'"
    assert sum(day.total for day in shown.days) == await everything.fetchval(booked, shop.bot_id)
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

    assert shown.days[-2:] == [(TODAY, 100_000, 0, 0), (date(2026, 11, 23), 100_000, 0, 0)]
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

    assert (await look(units, shop)).days[-1] == (TODAY, 0, 0, 100_000)


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
    assert (shown.cards_off, shown.cards_full) == (True, False)
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


async def test_every_figure_is_compared_with_the_same_part_of_an_earlier_span(units, shops, make_shop, clock):
    shop = await make_shop(price=100_000)
    clock.forward(days=-8)
    await sell(shops, units, shop)
    clock.forward(days=7)
    for _ in range(2):
        await sell(shops, units, shop, await joined(shops, units, clock, shop))
    clock.forward(hours=3)  # later yesterday than it is now: in no comparison
    await sell(shops, units, shop, await joined(shops, units, clock, shop))
    clock.forward(days=1, hours=-3)
    await sell(shops, units, shop, await joined(shops, units, clock, shop))

    shown = await look(units, shop, range_days=7)

    assert (shown.paid_orders, shown.paid_orders_delta, shown.today_sales_delta) == (1, -50.0, -50.0)
    assert (shown.new_users, shown.new_users_delta) == (1, -50.0)
    assert (shown.active_subscriptions, shown.active_subscriptions_delta) == (5, 400.0)
    # Seven days with today: four sales; the seven before, up to this time of their last: the one of day -8.
    assert (sum(shown.by_method), shown.range_delta) == (400_000, 300.0)


async def test_the_methods_of_the_range_add_up_to_the_debits_of_the_ledger(
    units, shops, make_shop, everything, clock
):
    shop = await make_shop(price=100_000)
    for _ in range(3):
        await sell(shops, units, shop)
    # One as if its money had come before; one as the gateway books it.
    deposits = "SELECT id FROM transactions WHERE bot_id = $1 AND kind = 'deposit' ORDER BY id"
    first, second, _ = [row["id"] for row in await everything.fetch(deposits, shop.bot_id)]
    await everything.execute(
        "UPDATE transactions SET created_at = created_at - interval '1 day' WHERE id = $1", first
    )
    await everything.execute("UPDATE transactions SET method = 'zarinpal' WHERE id = $1", second)

    shown = await look(units, shop)

    assert shown.by_method == (100_000, 100_000, 100_000)
    assert sum(shown.by_method) == await everything.fetchval(
        "SELECT -sum(amount) FROM transactions WHERE bot_id = $1 AND kind = 'purchase'", shop.bot_id
    )


async def test_tickets_that_wait_are_said_to_whoever_may_see_them(units, shops, make_shop, everything):
    shop = await make_shop()
    person = await shops.person(shop)
    for status in ("waiting_staff", "closed"):
        await everything.execute(
            "INSERT INTO tickets (bot_id, user_id, subject, status, last_at, created_at, updated_at) "
            "VALUES ($1, $2, 'x', $3, now(), now(), now())",
            shop.bot_id,
            person.user_id,
            status,
        )
    deaf = StaffMember(shop.owner.staff_id, "Bob", frozenset({SHOP_SEE}))

    assert (await look(units, shop)).tickets == 1
    async with units.begin(shop.bot_id, deaf) as uow:
        assert (await load_overview(uow)).tickets == 0


async def test_an_order_that_is_paid_and_waits_is_said(units, shops, make_shop):
    shop = await make_shop(stock=0)
    await sell(shops, units, shop)

    shown = await look(units, shop)

    assert (shown.undelivered, [left for _, left in shown.stock_low]) == (1, [0])


@pytest.mark.parametrize(
    "why",
    [
        "daily_limit_count = 1",
        "daily_limit_amount = 150000",
        "max_amount = 99999",
        "active_from = '03:00', active_until = '04:00'",
    ],
)
async def test_cards_that_leave_no_room_for_any_plan_are_a_bar(
    units, shops, make_shop, everything, signed_in, why
):
    shop = await make_shop(price=100_000)
    await shops.receipt(shop)
    assert not (await look(units, shop)).cards_full

    await everything.execute(f"UPDATE tenant_payment_cards SET {why} WHERE bot_id = $1", shop.bot_id)  # noqa: S608  (ours)

    shown = await look(units, shop)
    assert (shown.cards_full, shown.cards_off) == (True, False)
    assert "هیچ کارتی اکنون" in (await (await signed_in(shop)).get("/")).text


async def test_a_card_near_its_cap_is_named_with_how_full_it_is(units, shops, make_shop, everything):
    shop = await make_shop(price=100_000)
    await shops.receipt(shop)
    await everything.execute(
        "UPDATE tenant_payment_cards SET daily_limit_amount = 110000 WHERE bot_id = $1", shop.bot_id
    )

    (near,) = (await look(units, shop, language="fa")).cards_near

    assert near.bank_name == "ملی"
    assert near.fullness == pytest.approx(10 / 11)


async def test_resting_cards_are_as_good_as_none(units, make_shop, everything, clock):
    shop = await make_shop()
    await everything.execute(
        "UPDATE tenant_payment_cards SET quarantined_until = $2, quarantined_by = 'owner' WHERE bot_id = $1",
        shop.bot_id,
        clock.now + timedelta(hours=1),
    )

    assert (await look(units, shop)).cards_off


async def test_another_range_brings_its_plans_too(signed_in, shops, units, make_shop, clock):
    shop = await make_shop()
    clock.forward(days=-20)
    await sell(shops, units, shop)
    clock.forward(days=20)
    await sell(shops, units, shop)
    alice = await signed_in(shop)

    month, week = [(await alice.get(f"/?range={days}&lang=en", HX_Request="true")).text for days in (30, 7)]

    assert "2 sold" in month
    assert "1 sold" in week
    assert "range=7" in week


async def test_days_are_named_in_the_calendar_of_the_shop(signed_in, shops, units, make_shop, everything):
    shop = await make_shop()
    await sell(shops, units, shop)
    alice = await signed_in(shop)

    assert "1 Azar" in (await alice.get("/?range=7&lang=en")).text
    await everything.execute("UPDATE bots SET calendar = 'gregorian' WHERE id = $1", shop.bot_id)
    assert "22 November" in (await alice.get("/?range=7&lang=en")).text


async def test_the_page_takes_as_many_statements_for_a_busy_shop_as_for_a_quiet_one(
    signed_in, shops, units, make_shop, counted_queries
):
    shop = await make_shop(stock=9, cards_count=3)
    await sell(shops, units, shop)
    alice = await signed_in(shop)
    await alice.get("/")

    counts = []
    for more in (0, 4):
        for _ in range(more):
            await sell(shops, units, shop)
            await shops.receipt(shop)
        counted_queries()
        await alice.get("/?range=90")
        counts.append(counted_queries())

    assert counts[0] == counts[1] <= MOST_STATEMENTS


@pytest.mark.parametrize(
    ("refusal", "panel", "other"),
    [
        ("REVOKE SELECT ON audit_log FROM pishkhan_app", "activity", "top-plans"),
        ("REVOKE SELECT ON transactions FROM pishkhan_app", "chart", "activity"),
    ],
)
async def test_what_the_database_does_not_answer_is_missing_alone(
    shops, units, everything, signed_in, refusal, panel, other
):
    shop = await shops.open(name="Alice's shop")
    await sell(shops, units, shop)
    alice = await signed_in(shop)
    await everything.execute(refusal)
    try:
        pages = [await alice.get("/?lang=en"), await alice.get("/events/now?topics=overview")]
    finally:
        await everything.execute(refusal.replace("REVOKE", "GRANT").replace("FROM", "TO"))

    for page in pages:
        assert page.status_code == 200
        assert "could not be read" in part_of(page.text, panel)
        assert "could not be read" not in part_of(page.text, other)
    assert "could not be read" not in (await alice.get("/")).text


def part_of(page: str, name: str) -> str:
    """From the beginning of one part of the page, or of the stream, to the next."""
    ends = "(?=<section|<details|<hx-partial|$)"
    found = re.search(
        rf'(?:id="|<hx-partial hx-target="#){name}"[^>]*>(?:<section[^>]*>)?(.*?){ends}', page, re.DOTALL
    )
    assert found is not None
    return found[1]


async def test_an_empty_list_and_a_refused_bot_are_the_first_things_said(shops, units, everything, signed_in):
    shop = await shops.open(name="Alice's shop")
    await sell(shops, units, shop)
    alice = await signed_in(shop)
    words = ("Nothing is on sale", "Your bot answers nobody")
    before = (await alice.get("/?lang=en")).text

    await everything.execute("UPDATE bot_plans SET is_active = false WHERE bot_id = $1", shop.bot_id)
    await everything.execute("UPDATE bots SET token_state = 'broken' WHERE id = $1", shop.bot_id)

    page = (await alice.get("/")).text
    assert [[one in seen for one in words] for seen in (before, page)] == [[False, False], [True, True]]
    assert "Everything is in order" not in page

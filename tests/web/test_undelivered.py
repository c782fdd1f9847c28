"""Paid orders that nobody could be handed: listed among the subscriptions, and tried again."""

from __future__ import annotations

import re
from html import unescape

import pytest

from shop.actors import SEEING
from shop.overview.waiting import look_at_desk
from shop.provisioning import stock
from tests.web.conftest import add_staff
from tests.web.test_stock import hold
from tests.web.test_transactions import rows_of

PATH = "/subscriptions?state=undelivered"
FOLLOWING = re.compile(r'rel="next" href="([^"]+)"')


@pytest.fixture
async def alices(shops):
    return await shops.open(name="Alice's shop", stock=0)


@pytest.fixture
async def alice(signed_in, alices):
    browser = await signed_in(alices)
    await browser.get("/subscriptions?lang=en")
    return browser


async def fill_behind(units, shop, *lines: str) -> None:
    """Lines on the shelf that no waiting order has been served from yet."""
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await stock.put_on_shelf(uow, shop.plan_id, list(lines))


async def status(everything, order_id: int) -> str:
    return await everything.fetchval("SELECT status FROM orders WHERE id = $1", order_id)


def orders_of(page: str) -> list[int]:
    return [int(number) for number in re.findall(r'id="order-(\d+)"', page)]


async def test_the_list_tells_whose_order_waits_why_and_what_cures_it(
    alice, alices, shops, units, everything
):
    order_id = await hold(shops, alices)
    payment_id = await everything.fetchval(
        "SELECT id FROM card_to_card_payments WHERE order_id = $1", order_id
    )

    page = unescape((await alice.get(PATH)).text)
    async with units.begin(alices.bot_id, alices.owner) as uow:
        told = (await look_at_desk(uow)).undelivered

    assert orders_of(page) == [order_id]
    assert told == 1
    for words in ("Carol", "1 month, 50 GB", "Held: nothing in stock", "1 row"):
        assert words in page, words
    assert f'href="/stock/{alices.plan_id}"' in page
    assert f'href="/receipts/{payment_id}"' in page


async def test_what_is_delivered_stands_there_no_more_and_an_empty_list_says_so(alice, alices, shops, units):
    await hold(shops, alices)
    await alice.post(f"/stock/{alices.plan_id}", {"lines": "vless://one"})

    page = (await alice.get(PATH)).text

    assert orders_of(page) == []
    assert "Everything paid is delivered" in page


async def test_another_try_delivers_in_the_order_of_payment_as_far_as_the_shelf_reaches(
    alice, alices, shops, units, everything
):
    first, second, third = [await hold(shops, alices) for _ in range(3)]
    await fill_behind(units, alices, "vless://one", "vless://two")

    answer = await alice.post(f"/subscriptions/orders/{third}/try-again?state=undelivered", hx_request="true")

    assert answer.status_code == 200
    assert orders_of(answer.text) == [third]
    assert "Nothing is left in stock for it" in answer.text
    assert [await status(everything, one) for one in (first, second, third)] == [
        *("fulfilled", "fulfilled", "paid")
    ]
    acts = "SELECT count(*) FROM audit_log WHERE bot_id = $1 AND action = 'order.tried_again'"
    assert await everything.fetchval(acts, alices.bot_id) == 1


async def test_without_script_the_same_list_says_what_became_of_it_and_twice_is_once(
    alice, alices, shops, units, everything
):
    order_id = await hold(shops, alices)
    await fill_behind(units, alices, "vless://one", "vless://two")

    answers = [
        await alice.post(f"/subscriptions/orders/{order_id}/try-again?state=undelivered") for _ in range(2)
    ]

    assert [answer.headers["location"] for answer in answers] == [PATH] * 2
    assert "Delivered; the customer gets the line now." in (await alice.get(PATH)).text
    assert await status(everything, order_id) == "fulfilled"
    told = "SELECT count(*) FROM outbox WHERE bot_id = $1 AND kind = 'subscription_ready'"
    assert await everything.fetchval(told, alices.bot_id) == 1


async def test_it_is_found_by_its_customer_and_taken_as_a_file(alice, alices, shops):
    sent = await hold(shops, alices)
    other = await hold(shops, alices)

    found = (await alice.get(f"{PATH}&q={sent}")).text
    nobody = (await alice.get(f"{PATH}&q=nobody")).text
    rows = rows_of((await alice.get("/subscriptions.csv?state=undelivered&sort=oldest&lang=en")).text)

    assert orders_of(found) == [sent]
    assert orders_of(nobody) == []
    assert [row["Order"] for row in rows] == [str(sent), str(other)]
    assert {row["Amount (Toman)"] for row in rows} == {str(alices.price)}


@pytest.mark.parametrize("order", ["newest", "oldest"])
async def test_it_is_walked_to_its_end_and_shows_every_order_once(alice, alices, shops, everything, order):
    first = await hold(shops, alices)
    await everything.execute(
        "WITH made AS (INSERT INTO orders (bot_id, user_id, plan_id, status, amount, currency, snapshot, "
        "paid_at, created_at, updated_at) SELECT bot_id, user_id, plan_id, 'paid', 1, 'IRT', snapshot, "
        "now(), now(), now() FROM orders, generate_series(1, 110) WHERE id = $1 RETURNING id, bot_id) "
        "INSERT INTO provisioning_jobs (bot_id, order_id, provisioner, status, run_at, created_at, "
        "updated_at) SELECT bot_id, id, 'stock', 'held', now(), now(), now() FROM made",
        first,
    )

    url, seen, pages = f"{PATH}&sort={order}", [], 0
    while url:
        page = (await alice.get(url)).text
        seen += orders_of(page)
        pages += 1
        found = FOLLOWING.search(page)
        url = unescape(found[1]) if found else ""

    assert pages == 3
    assert len(seen) == len(set(seen)) == 111
    assert seen == sorted(seen, reverse=order == "newest")


async def test_whoever_only_sees_tries_nothing_and_another_shop_sees_nothing(
    new_browser, alices, shops, units, signed_in, everything
):
    order_id = await hold(shops, alices)
    await fill_behind(units, alices, "vless://one")
    bob = new_browser()
    await bob.sign_in((await add_staff(units, alices, permissions=SEEING))[1])
    mallory = await signed_in(await shops.open(name="Mallory's"))

    page = (await bob.get(PATH)).text
    answers = [
        (await one.post(f"/subscriptions/orders/{order_id}/try-again")).status_code for one in (bob, mallory)
    ]

    assert orders_of(page) == [order_id]
    assert "try-again" not in page
    assert answers == [403, 404]
    assert orders_of((await mallory.get(PATH)).text) == []
    assert await status(everything, order_id) == "paid"


async def test_more_that_wait_do_not_cost_more_statements(alice, alices, shops, counted_queries):
    await hold(shops, alices)
    await alice.get(PATH)
    counted_queries()
    await alice.get(PATH)
    few = counted_queries()
    for _ in range(3):
        await hold(shops, alices)
    counted_queries()

    page = await alice.get(PATH)

    assert counted_queries() == few
    assert len(orders_of(page.text)) == 4

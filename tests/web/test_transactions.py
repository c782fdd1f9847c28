"""The ledger as a list: what is chosen, what it adds up to, page by page, and the same as a file."""

from __future__ import annotations

import csv
import re
from datetime import datetime, time, timedelta
from html import unescape
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from db.models import CardToCardPayment
from shop.actors import SEEING, System
from shop.formatting import jalali_month_begins
from shop.receipts import service as receipts
from shop.wallet import service as wallet
from tests.web.conftest import add_staff
from web.routes import transactions

TEHRAN = ZoneInfo("Asia/Tehran")


@pytest.fixture
async def alices(shops):
    return await shops.open(name="Alice's shop")


@pytest.fixture
async def alice(signed_in, alices):
    return await signed_in(alices)


async def book(units, shop, person, *amounts: int, kind="correction") -> None:
    """One entry after the other, all at one instant: only their numbers tell them apart."""
    async with units.begin(shop.bot_id, System("test")) as uow:
        for at, amount in enumerate(amounts):
            move = wallet.credit if amount > 0 else wallet.debit
            await move(
                uow,
                person.user_id,
                abs(amount),
                kind=kind,
                method="staff",
                cause=f"test:{kind}:{person.user_id}:{at}",
                currency="IRT",
            )


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(text.removeprefix("\ufeff"))))


async def test_a_sale_is_in_and_out_and_links_to_its_receipt(alice, alices, shops, units):
    sent = await shops.receipt(alices)
    async with units.begin(alices.bot_id, alices.owner) as uow:
        await receipts.approve(uow, sent.payment_id)

    page = unescape((await alice.get("/transactions?lang=en")).text)

    assert page.count(">125,000<") == 2 + 2, "in and out above; in, and the balance after it"
    assert page.count(">\u2212125,000<") == 1
    assert f'href="/receipts/{sent.payment_id}"' in page
    assert "Deposit" in page
    assert "Purchase" in page


async def test_an_orders_number_finds_its_own_rows_and_not_all_of_its_customers(alice, alices, shops, units):
    first = await shops.receipt(alices)
    second = await shops.receipt(alices, first.person)
    async with units.begin(alices.bot_id, alices.owner) as uow:
        for sent in (first, second):
            await receipts.approve(uow, sent.payment_id)
        number = await uow.session.scalar(
            select(CardToCardPayment.tracking_number).where(CardToCardPayment.id == second.payment_id)
        )

    found = (await alice.client.get("/transactions", params={"q": number})).text

    assert f"/receipts/{second.payment_id}" in found
    assert f"/receipts/{first.payment_id}" not in found


async def test_the_sums_above_are_those_of_what_is_chosen_and_of_the_file_to_the_toman(
    alice, alices, shops, units, everything
):
    one, other = await shops.person(alices), await shops.person(alices)
    await book(units, alices, one, 700, 55, -31)
    await book(units, alices, other, 10_000, kind="bonus")

    page = (await alice.get("/transactions?lang=en&kind=correction")).text
    file = await alice.get("/transactions.csv?lang=en&kind=correction")

    shown = re.findall(r'class="val"><span class="money"><bdi>([^<]*)', page)
    assert shown == ["755", "31", "724"]
    rows = rows_of(file.text)
    assert sum(int(row["Came in (Toman)"]) for row in rows) == 755
    assert sum(int(row["Went out (Toman)"]) for row in rows) == 31
    in_books = await everything.fetchval(
        "SELECT sum(amount) FROM transactions WHERE bot_id = $1 AND kind = 'correction'", alices.bot_id
    )
    assert in_books == 724


@pytest.mark.parametrize("sort", ["newest", "oldest"])
async def test_paging_shows_every_row_once_in_its_order_also_within_one_instant(
    alice, alices, shops, units, sort
):
    await book(units, alices, await shops.person(alices), *range(1, 121))

    url, seen = f"/transactions?lang=en&sort={sort}", []
    while url:
        text = (await alice.get(url)).text
        seen += re.findall(r'amount-in"><span class="money"><bdi>(\d+)', text)
        found = re.search(r'rel="next" href="([^"]+)"', text)
        url = unescape(found[1]) if found else ""

    assert seen == [str(n) for n in (range(120, 0, -1) if sort == "newest" else range(1, 121))]


async def test_filters_come_together_and_stay_in_every_link(alice, alices, shops, units):
    one, other = await shops.person(alices, name="Sara"), await shops.person(alices, name="Mina")
    await book(units, alices, one, *range(1, 60))
    await book(units, alices, other, 500)

    page = unescape((await alice.get(f"/transactions?customer={one.user_id}&kind=correction&days=7")).text)

    assert "Mina" not in page
    following = re.search(r'rel="next" href="([^"]+)"', page)[1]
    assert {f"customer={one.user_id}", "kind=correction", "days=7"} <= set(re.split("[?&]", following))
    assert f'href="/transactions.csv?kind=correction&days=7&customer={one.user_id}"' in page


async def test_a_day_counts_from_its_first_to_its_last_instant_on_the_clock_of_the_shop(
    alice, alices, shops, units, everything
):
    await book(units, alices, await shops.person(alices), 1, 20, 300, 4_000)
    # The night of 1 Azar 1405 in Tehran begins at half past eight of the evening before in UTC.
    for amount, at in {
        1: "2026-11-21 20:29:59+00",
        20: "2026-11-21 20:30:00+00",
        300: "2026-11-22 20:29:59+00",
        4_000: "2026-11-22 20:30:00+00",
    }.items():
        await everything.execute(
            "UPDATE transactions SET created_at = $1::text::timestamptz WHERE bot_id = $2 AND amount = $3",
            *(at, alices.bot_id, amount),
        )

    rows = rows_of((await alice.get("/transactions.csv?lang=en&since=1405/9/1&until=۱۴۰۵/۰۹/۰۱")).text)

    assert sorted(int(row["Came in (Toman)"]) for row in rows) == [20, 300]


async def test_what_is_no_day_chooses_nothing_stays_in_its_field_and_is_said(alice, alices, shops, units):
    await book(units, alices, await shops.person(alices), 5)

    page = (await alice.get("/transactions?lang=en&since=yesterday")).text

    assert 'value="yesterday" aria-invalid="true"' in page
    assert "Write a day like" in page
    assert ">5<" in page


async def test_this_month_is_the_month_of_the_persian_calendar(alice, alices, shops, units, everything):
    await book(units, alices, await shops.person(alices), 20, 300)
    first = datetime.combine(jalali_month_begins(datetime.now(TEHRAN).date()), time.min, TEHRAN)
    for amount, at in {20: first - timedelta(seconds=1), 300: first}.items():
        await everything.execute(
            "UPDATE transactions SET created_at = $1 WHERE bot_id = $2 AND amount = $3",
            *(at, alices.bot_id, amount),
        )

    rows = rows_of((await alice.get("/transactions.csv?lang=en&days=month")).text)

    assert [int(row["Came in (Toman)"]) for row in rows] == [300]


async def test_a_part_carries_the_address_that_stands_for_it(alice, alices, shops, units):
    await book(units, alices, await shops.person(alices), 5)

    part = await alice.get("/transactions?kind=bonus&method=&days=", hx_request="true")

    assert part.headers["hx-push-url"] == "/transactions?kind=bonus"
    assert "<html" not in part.text
    assert "Clear filters" in (await alice.get("/transactions?lang=en&kind=bonus")).text


@pytest.mark.parametrize(
    "query", ["kind=theft", "sort=random", "after=1", "after=9999999999999999999-1", "days=٧", "customer=x"]
)
async def test_what_no_link_of_ours_says_counts_for_nothing(alice, alices, shops, units, query):
    await book(units, alices, await shops.person(alices, name="Sara"), 5)

    assert "Sara" in (await alice.get(f"/transactions?{query}")).text


async def test_the_file_opens_in_a_spreadsheet_and_holds_no_formula(alice, alices, shops, units):
    await book(units, alices, await shops.person(alices, name='=HYPERLINK("http://evil.test")'), 1_250_000)

    file = await alice.get("/transactions.csv?lang=en")

    assert file.headers["content-type"] == "text/csv; charset=utf-8"
    assert re.match(
        r'attachment; filename="transactions-\d{4}-\d\d-\d\d\.csv"; filename\*=UTF-8',
        file.headers["content-disposition"],
    )
    assert file.content.startswith(b"\xef\xbb\xbf")
    (row,) = rows_of(file.text)
    assert row["Customer"].startswith("'=HYPERLINK")
    assert row["Came in (Toman)"] == "1250000"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:]+Z", row["Time (UTC)"])
    assert re.fullmatch(r"14\d\d-\d\d-\d\d [\d:]+", row["Time (Persian calendar)"])


@pytest.mark.parametrize("sort", ["newest", "oldest"])
async def test_a_file_of_any_length_is_whole_and_in_order_though_it_is_read_in_pieces(
    alice, alices, shops, units, sort, monkeypatch
):
    await book(units, alices, await shops.person(alices), *range(1, 13))
    monkeypatch.setattr(transactions, "PIECE_ROWS", 5)

    file = await alice.get(f"/transactions.csv?lang=en&sort={sort}&kind=correction")

    amounts = [int(row["Came in (Toman)"]) for row in rows_of(file.text)]
    assert amounts == sorted(range(1, 13), reverse=sort == "newest")
    assert file.text.count("Came in (Toman)") == 1


async def test_whoever_only_sees_takes_no_file(new_browser, alices, shops, units):
    await book(units, alices, await shops.person(alices), 5)
    bob = new_browser()
    await bob.sign_in((await add_staff(units, alices, permissions=SEEING))[1])

    page = await bob.get("/transactions")

    assert page.status_code == 200
    assert "/transactions.csv" not in page.text
    assert (await bob.get("/transactions.csv")).status_code == 403


async def test_more_rows_do_not_cost_more_statements(alice, alices, shops, units, counted_queries):
    person = await shops.person(alices)
    await book(units, alices, person, 1)
    await alice.get("/transactions")
    counted_queries()
    await alice.get("/transactions")
    one = counted_queries()

    await book(units, alices, person, *range(1, 40), kind="bonus")
    counted_queries()
    await alice.get("/transactions")

    assert counted_queries() == one


async def test_mallory_sees_nothing_of_it(signed_in, alices, shops, units):
    person = await shops.person(alices, name="Sara")
    await book(units, alices, person, 5)
    mallory = await signed_in(await shops.open(name="Mallory's shop"))

    assert "Sara" not in (await mallory.get(f"/transactions?customer={person.user_id}")).text
    assert rows_of((await mallory.get("/transactions.csv")).text) == []

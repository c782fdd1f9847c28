"""Every receipt there ever was: what is chosen, what it adds up to, page by page, and the same as a file."""

from __future__ import annotations

import csv
import re
from datetime import UTC, datetime
from html import unescape
from io import StringIO
from urllib.parse import urlencode

import pytest

from shop.actors import RECEIPTS_SEE
from shop.configurations.service import set_configuration
from shop.receipts import holding
from shop.receipts import service as receipts
from shop.receipts.rules import RejectReason
from tests.factories import photo
from tests.web.conftest import add_staff

ROW = re.compile(r'<tr id="r-(\d+)"')


@pytest.fixture
async def shop(shops):
    return await shops.open(name="Nasim")


@pytest.fixture
async def alice(shop, signed_in):
    return await signed_in(shop)


async def chosen(browser, **filters: str) -> list[int]:
    page = await browser.get(f"/receipts/all?{urlencode(filters)}")
    assert page.status_code == 200
    return [int(found) for found in ROW.findall(page.text)]


async def approve(units, shop, sent, **more) -> None:
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await receipts.approve(uow, sent.payment_id, **more)


async def reject(units, shop, sent) -> None:
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await receipts.reject(uow, sent.payment_id, reason=RejectReason.UNREADABLE)


async def test_every_state_shows_its_receipts_and_all_of_them_stand_together(alice, shop, shops, units):
    twice = photo()
    waiting, held, approved, other, rejected, flagged = [
        await shops.receipt(shop, content=twice if at in (0, 5) else None) for at in range(6)
    ]
    await approve(units, shop, approved)
    await approve(units, shop, other, amount=120_000, why="a fee")
    await reject(units, shop, rejected)
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await set_configuration(uow, "hold_seconds", value=6)
        await holding.hold_approval(uow, held.payment_id)

    ids = [one.payment_id for one in (flagged, rejected, other, approved, held, waiting)]
    assert await chosen(alice) == ids
    assert await chosen(alice, sort="oldest") == ids[::-1]
    assert await chosen(alice, state="waiting") == [flagged.payment_id, waiting.payment_id]
    for state, one in {
        "held": held,
        "approved": approved,
        "approved_other_amount": other,
        "rejected": rejected,
        "flagged": flagged,
    }.items():
        assert await chosen(alice, state=state) == [one.payment_id], state
    assert await chosen(alice, state="reversed") == await chosen(alice, state="late") == []


async def test_a_receipt_that_came_after_the_deadline_is_found_as_late_whatever_was_decided(
    alice, shop, shops, units, everything
):
    late, _ = await shops.receipt(shop), await shops.receipt(shop)
    await everything.execute("UPDATE card_to_card_payments SET late = true WHERE id = $1", late.payment_id)
    await reject(units, shop, late)

    assert await chosen(alice, state="late") == [late.payment_id]


async def test_card_amount_reviewer_and_customer_come_together_and_stay_in_every_link(
    alice, shop, shops, units
):
    bob, _ = await add_staff(units, shop, name="Bob 100%")
    mina = await shops.person(shop, name="Mina")
    first, second = await shops.receipt(shop), await shops.receipt(shop, mina)
    async with units.begin(shop.bot_id, bob) as uow:
        await receipts.reject(uow, first.payment_id, reason=RejectReason.UNREADABLE)
    await approve(units, shop, second)

    assert await chosen(alice, reviewer="Bob 100%") == [first.payment_id]
    assert await chosen(alice, reviewer="Nobody") == [second.payment_id, first.payment_id]
    assert await chosen(alice, customer=str(mina.user_id)) == [second.payment_id]
    assert await chosen(alice, card=str(shop.card_id), customer=str(mina.user_id)) == [second.payment_id]
    assert await chosen(alice, card=str(2**62)) == []
    assert await chosen(alice, least="۱۲۵٬۰۰۱") == []
    assert await chosen(alice, least="125,000", most="125000") == [second.payment_id, first.payment_id]
    page = unescape((await alice.get(f"/receipts/all?customer={mina.user_id}&least=۱۲۵٬۰۰۰")).text)
    assert f'href="/receipts/all.csv?customer={mina.user_id}&least=125000"' in page
    assert f'href="/receipts/{second.payment_id}/history"' in page
    assert f'name="customer" value="{mina.user_id}"' in page


async def test_a_day_begins_and_ends_on_the_shops_own_clock_in_either_calendar(
    alice, shop, shops, everything
):
    """Half past eight in the evening, UTC, is midnight in Tehran: the next day begins."""
    sent = await shops.receipt(shop)
    came = "UPDATE card_to_card_payments SET receipt_submitted_at = $2 WHERE id = $1"
    await everything.execute(came, sent.payment_id, datetime(2026, 11, 27, 20, 30, tzinfo=UTC))

    for day in ("۱۴۰۵/۹/۷", "1405-09-07", "2026-11-28", "2026/11/28"):
        assert await chosen(alice, since=day, until=day) == [sent.payment_id], day
    assert await chosen(alice, until="1405-09-06") == []
    assert await chosen(alice, since="1405-09-08") == []


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("since", "yesterday"),
        ("until", "1405/13/01"),
        ("since", "1404/12/30"),
        ("least", "-5"),
        ("most", "1e9"),
        ("most", "9" * 19),
    ],
)
async def test_what_cannot_be_read_stays_in_its_field_and_says_so(alice, shop, shops, field, typed):
    sent = await shops.receipt(shop)

    page = await alice.get(f"/receipts/all?lang=en&{urlencode({field: typed})}")

    assert page.status_code == 200
    assert f'value="{typed}" aria-invalid="true" aria-describedby="filter-{field}-error"' in page.text
    assert f'id="r-{sent.payment_id}"' in page.text
    assert "Clear filters" in page.text


async def test_the_sums_are_those_of_what_is_chosen_and_of_the_file_to_the_toman(
    alice, shop, shops, units, everything
):
    sent = [await shops.receipt(shop) for _ in range(4)]
    await approve(units, shop, sent[0])
    await approve(units, shop, sent[1], amount=120_007, why="a fee")
    await reject(units, shop, sent[2])

    page = (await alice.get("/receipts/all?lang=en")).text
    file = (await alice.get("/receipts/all.csv?lang=en")).text
    rows = list(csv.DictReader(StringIO(file.removeprefix("\ufeff"))))

    shown = re.findall(r'class="val">(?:<span class="money"><bdi>)?([\d,]+)', page)
    assert shown == ["4", "500,000", "245,007"]
    assert sum(int(row["Asked for (Toman)"]) for row in rows) == 500_000
    assert sum(int(row["Accepted (Toman)"] or 0) for row in rows) == 245_007
    assert [row["State"] for row in rows] == [
        "Waiting",
        "Rejected",
        "Approved with another amount",
        "Approved",
    ]
    booked = "SELECT sum(amount) FROM transactions WHERE bot_id = $1 AND kind = 'deposit'"
    assert await everything.fetchval(booked, shop.bot_id) == 245_007


@pytest.mark.parametrize("sort", ["newest", "oldest"])
async def test_paging_reaches_every_receipt_once_in_its_order_also_within_one_instant(
    alice, shop, shops, everything, sort
):
    """All of them come at one instant: only their numbers tell them apart."""
    sent = await shops.receipt(shop)
    await _copies(everything, shop, sent, 119)
    url, seen = f"/receipts/all?sort={sort}", []
    while url:
        text = (await alice.get(url)).text
        seen += [int(found) for found in ROW.findall(text)]
        found = re.search(r'rel="next" href="([^"]+)"', text)
        url = unescape(found[1]) if found else ""

    assert len(seen) == 120
    assert seen == sorted(set(seen), reverse=sort == "newest")


async def test_a_thousand_times_more_receipts_cost_not_one_statement_more(
    alice, shop, shops, everything, counted_queries
):
    sent = await shops.receipt(shop)
    await alice.get("/receipts/all")
    counted_queries()
    await alice.get("/receipts/all")
    one = counted_queries()

    await _copies(everything, shop, sent, 60)
    counted_queries()
    await alice.get("/receipts/all")

    assert counted_queries() == one


async def _copies(everything, shop, sent, number: int) -> None:
    """Decided receipts like ``sent``, written straight into the table."""
    columns = [
        row["column_name"]
        for row in await everything.fetch(
            "SELECT column_name FROM information_schema.columns"
            " WHERE table_name = 'card_to_card_payments' AND is_identity = 'NO'"
        )
    ]
    other = {"status": "'rejected'", "tracking_number": "tracking_number || '-' || n"}
    named = ", ".join(columns)
    values = ", ".join(other.get(column, column) for column in columns)
    await everything.execute(
        f"INSERT INTO card_to_card_payments ({named}) SELECT {values}"  # noqa: S608  # names of our own columns
        " FROM card_to_card_payments, generate_series(1, $2) n WHERE id = $1",
        sent.payment_id,
        number,
    )


async def test_a_reviewer_sees_the_list_and_cannot_take_it_with_him(alice, shop, shops, units, new_browser):
    await shops.receipt(shop)
    _, token = await add_staff(units, shop, name="Bob", permissions=frozenset({RECEIPTS_SEE}))
    bob = new_browser()
    await bob.sign_in(token)

    page = await bob.get("/receipts/all")

    assert page.status_code == 200
    assert "/receipts/all.csv" not in page.text
    assert (await bob.get("/receipts/all.csv")).status_code == 403


async def test_a_neighbour_sees_nothing_of_it(signed_in, shop, shops, units):
    mallory = await signed_in(await shops.open(name="Mallory"))
    sent = await shops.receipt(shop)
    await reject(units, shop, sent)

    page = (await mallory.get(f"/receipts/all?lang=en&customer={sent.person.user_id}")).text

    assert "Nothing fits these filters" in page
    assert "Alice" not in re.sub(r"<header.*?</header>", "", page, flags=re.DOTALL)
    assert await chosen(mallory) == []


async def test_the_desk_and_a_customers_profile_lead_to_the_list(alice, shop, shops):
    sent = await shops.receipt(shop)

    assert 'href="/receipts/all"' in (await alice.get("/receipts")).text
    profile = (await alice.get(f"/customers/{sent.person.user_id}")).text
    assert f'href="/receipts/all?customer={sent.person.user_id}"' in profile

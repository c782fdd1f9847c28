"""Beside the desk: the history of a receipt with its notes, and two receipts side by side."""

from __future__ import annotations

from html import unescape

import pytest

from shop.formatting import number
from shop.receipts import service as receipts
from tests.factories import photo
from tests.web.conftest import add_staff


@pytest.fixture
async def shop(shops):
    return await shops.open(name="Nasim")


@pytest.fixture
async def alice(shop, signed_in):
    browser = await signed_in(shop)
    await browser.get("/receipts?lang=en")
    return browser


async def test_the_history_tells_every_decision_and_note_in_order(alice, shop, shops, units, new_browser):
    sent = await shops.receipt(shop)
    _, token = await add_staff(units, shop, name="Bob")
    bob = new_browser()
    await bob.sign_in(token)
    await bob.post(f"/receipts/{sent.payment_id}/note", {"note": "the bank is slow <today>"})
    await alice.post(f"/receipts/{sent.payment_id}/approve-other", {"arrived": "120000", "why": "a fee"})

    page = (await alice.get(f"/receipts/{sent.payment_id}/history")).text

    told = (
        "sent a receipt",
        "noted on a receipt",
        "the bank is slow &lt;today&gt;",
        "approved a receipt",
        "a fee",
    )
    places = [page.index(words) for words in told]
    assert places == sorted(places)
    assert "Bob" in page
    assert (
        f'href="/receipts/{sent.payment_id}/history"'
        in (await alice.get(f"/receipts/{sent.payment_id}")).text
    )


async def test_the_history_says_amounts_and_states_in_the_words_of_the_page(alice, shop, shops, units):
    sent = await shops.receipt(shop)
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await receipts.approve(uow, sent.payment_id)

    page = (await alice.get(f"/receipts/{sent.payment_id}/history?lang=fa")).text

    assert "fulfilled" not in page
    assert "تحویل شده" in page
    assert number(shop.price, "fa") in page


async def test_a_note_is_for_colleagues_alone(alice, shop, shops, everything):
    sent = await shops.receipt(shop)

    answer = await alice.post(f"/receipts/{sent.payment_id}/note", {"note": "secret words"})

    assert answer.headers["location"] == f"/receipts/{sent.payment_id}/history"
    assert "your colleagues see it here" in (await alice.get(answer.headers["location"])).text
    assert (
        await everything.fetchval("SELECT count(*) FROM outbox WHERE payload::text LIKE '%secret words%'")
        == 0
    )


@pytest.mark.parametrize("typed", ["", " \u200f", "x" * 501])
async def test_a_note_that_says_nothing_or_too_much_is_asked_for_again(alice, shop, shops, everything, typed):
    sent = await shops.receipt(shop)

    answer = await alice.post(f"/receipts/{sent.payment_id}/note", {"note": typed})

    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    assert typed.strip() in answer.text, "nothing typed is lost"
    noted = "SELECT count(*) FROM audit_log WHERE action = 'receipt.noted' AND subject_id = $1"
    assert await everything.fetchval(noted, sent.payment_id) == 0


async def test_two_receipts_of_one_picture_stand_side_by_side(alice, shop, shops):
    twice = photo()
    first = await shops.receipt(shop, await shops.person(shop, name="First"), content=twice)
    second = await shops.receipt(shop, await shops.person(shop, name="Second"), content=twice)

    review = (await alice.get(f"/receipts/{second.payment_id}")).text
    way = f"/receipts/{second.payment_id}/compare?with={first.payment_id}"
    assert f'href="{way}"' in review
    for url in (way, f"/receipts/{second.payment_id}/compare"):
        page = (await alice.get(url)).text
        assert page.count("<img src=") == 2
        assert page.index("Second") < page.index("First")
        assert "the same" in page


async def test_beside_nothing_that_looks_alike_the_page_says_so(alice, shop, shops):
    sent = await shops.receipt(shop)

    assert "Nothing looks like it" in unescape((await alice.get(f"/receipts/{sent.payment_id}/compare")).text)
    assert (await alice.get(f"/receipts/{sent.payment_id}/compare?with=x")).status_code == 404


async def test_a_neighbours_receipt_stands_beside_none_of_ours(alice, shop, shops):
    theirs = await shops.receipt(await shops.open(name="Mallory"))
    ours = await shops.receipt(shop)

    answer = await alice.get(f"/receipts/{ours.payment_id}/compare?with={theirs.payment_id}")

    assert answer.status_code == 404


async def test_the_history_of_a_receipt_costs_as_many_statements_for_a_long_one(
    alice, shop, shops, counted_queries
):
    sent = await shops.receipt(shop)
    url = f"/receipts/{sent.payment_id}/history"
    await alice.get(url)
    counted_queries()
    await alice.get(url)
    short = counted_queries()
    for turn in range(5):
        await alice.post(f"/receipts/{sent.payment_id}/note", {"note": f"note {turn}"})
    await alice.get(url)
    counted_queries()
    await alice.get(url)

    assert counted_queries() == short

"""What the team notes on a customer: for colleagues alone, on the profile and at the desk."""

from __future__ import annotations

from html import unescape

import pytest

from shop.actors import RECEIPTS_APPROVE, RECEIPTS_SEE
from tests.web.conftest import add_staff

NOTED = "SELECT count(*) FROM audit_log WHERE action = 'user.noted' AND subject_id = $1"


@pytest.fixture
async def shop(shops):
    return await shops.open(name="Nasim")


@pytest.fixture
async def alice(shop, signed_in):
    browser = await signed_in(shop)
    await browser.get("/customers?lang=en")
    return browser


async def test_notes_stand_on_the_profile_with_their_author_the_newest_first(
    alice, shop, shops, units, new_browser
):
    person = await shops.person(shop)
    bob = new_browser()
    await bob.sign_in((await add_staff(units, shop, name="Bob"))[1])
    first = new_browser()
    await first.sign_in((await add_staff(units, shop, name="Alice"))[1])
    await first.post(f"/customers/{person.user_id}/note", {"note": "asks for <two> devices"})

    answer = await bob.post(f"/customers/{person.user_id}/note", {"note": "pays late"})

    assert answer.headers["location"] == f"/customers/{person.user_id}"
    page = (await alice.get(answer.headers["location"])).text
    notes = page[page.index('id="notes"') : page.index("</ul>", page.index('id="notes"'))]
    told = ("Bob", "pays late", "Alice", "asks for &lt;two&gt; devices")
    places = [notes.index(words) for words in told]
    assert places == sorted(places)
    assert "noted on a customer" in (await alice.get("/audit")).text


async def test_a_note_tells_the_customer_nothing_and_the_file_of_customers_neither(
    alice, shop, shops, everything
):
    person = await shops.person(shop)

    await alice.post(f"/customers/{person.user_id}/note", {"note": "secret words"})

    promised = "SELECT count(*) FROM outbox WHERE payload::text LIKE '%secret words%'"
    assert await everything.fetchval(promised) == 0
    assert "secret words" not in (await alice.get("/customers.csv")).text


async def test_another_shop_neither_reads_nor_writes_a_note(alice, shop, shops, signed_in, everything):
    person = await shops.person(shop)
    await alice.post(f"/customers/{person.user_id}/note", {"note": "secret words"})
    mallory = await signed_in(await shops.open(name="Mallory's"))

    answers = [
        await mallory.get(f"/customers/{person.user_id}"),
        await mallory.post(f"/customers/{person.user_id}/note", {"note": "mine"}),
    ]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert all("secret words" not in answer.text for answer in answers)
    assert "secret words" not in (await mallory.get("/audit")).text
    assert await everything.fetchval(NOTED, person.user_id) == 1


@pytest.mark.parametrize("typed", ["", " \u200f", "x" * 1001])
@pytest.mark.parametrize("within", ["true", "false"])
async def test_a_note_that_says_nothing_or_too_much_is_asked_for_again(
    alice, shop, shops, everything, typed, within
):
    person = await shops.person(shop)

    answer = await alice.post(f"/customers/{person.user_id}/note", {"note": typed}, hx_request=within)

    assert answer.status_code == 422
    assert answer.text.lstrip().startswith('<div id="profile"') == (within == "true")
    assert 'id="note-note-error"' in answer.text
    assert typed.strip() in answer.text, "nothing typed is lost"
    assert await everything.fetchval(NOTED, person.user_id) == 0


async def test_a_note_of_a_thousand_characters_is_kept_whole_and_once(alice, shop, shops, everything):
    person = await shops.person(shop)
    words = "ن" * 1000

    answers = [
        await alice.post(f"/customers/{person.user_id}/note", {"note": words}, hx_request="true")
        for _ in range(2)
    ]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert all(answer.text.count(words) == 1 for answer in answers)
    assert "your colleagues see it here" in answers[0].text
    assert await everything.fetchval(NOTED, person.user_id) == 1


async def test_the_desk_shows_the_newest_note_on_the_payer_and_leads_to_all(alice, shop, shops):
    person = await shops.person(shop)
    sent = await shops.receipt(shop, person)
    for words in ("first words", "asks for a second device"):
        await alice.post(f"/customers/{person.user_id}/note", {"note": words})

    desk = unescape((await alice.get(f"/receipts/{sent.payment_id}")).text)

    assert f'href="/customers/{person.user_id}#notes"' in desk
    assert "asks for a second device" in desk
    assert "first words" not in desk


async def test_who_may_not_see_customers_reads_no_note_at_the_desk(alice, shop, shops, units, new_browser):
    person = await shops.person(shop)
    sent = await shops.receipt(shop, person)
    await alice.post(f"/customers/{person.user_id}/note", {"note": "secret words"})
    bob = new_browser()
    token = (await add_staff(units, shop, permissions=frozenset({RECEIPTS_SEE, RECEIPTS_APPROVE})))[1]
    await bob.sign_in(token)

    desk = await bob.get(f"/receipts/{sent.payment_id}")

    assert desk.status_code == 200
    assert "secret words" not in desk.text

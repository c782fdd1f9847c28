"""Part of the queue alone: it stays through decisions, links, forms and what an open page is told."""

from __future__ import annotations

import re
from html import unescape

import pytest

from shop.cards import keeping as cards
from shop.configurations.service import set_configuration
from tests.factories import card_number, photo

REASON = {"reason_code": "unreadable"}
QUEUED = re.compile(r'<li class="qi[^"]*" id="q-(\d+)"')


@pytest.fixture
async def shop(shops):
    return await shops.open(name="Nasim")


@pytest.fixture
async def alice(shop, signed_in):
    browser = await signed_in(shop)
    await browser.get("/receipts?lang=en")
    return browser


@pytest.fixture
async def sent(shop, shops, units, everything):
    """Four receipts, the oldest first; the second and the last were paid to another card."""
    found = [await shops.receipt(shop) for _ in range(4)]
    async with units.begin(shop.bot_id, shop.owner) as uow:
        made = await cards.create_payment_card(uow, card_number=card_number(), holder_name="Sara")
    other = made.card_id
    for at, one in enumerate(found):
        await everything.execute(
            "UPDATE card_to_card_payments SET receipt_submitted_at = receipt_submitted_at"
            " + make_interval(secs => $2), card_id = CASE WHEN $2 IN (1, 3) THEN $3 ELSE card_id END,"
            " expected_amount = expected_amount + $2 WHERE id = $1",
            one.payment_id,
            at,
            other,
        )
    return [one.payment_id for one in found], other


def queued(text: str) -> list[int]:
    return [int(found) for found in QUEUED.findall(text)]


async def test_the_queue_is_narrowed_by_card_amount_and_customer(alice, sent, shop, shops, everything):
    ids, other = sent
    person = "SELECT user_id FROM card_to_card_payments WHERE id = $1"
    third = await everything.fetchval(person, ids[2])

    for query, expected in {
        f"card={other}": [ids[1], ids[3]],
        "least=125001&most=۱۲۵٬۰۰۲": [ids[1], ids[2]],
        f"card={other}&least=125002": [ids[3]],
        f"customer={third}": [ids[2]],
        f"card={10**17}": [],
        "card=x&least=&most=": ids,
    }.items():
        assert queued((await alice.get(f"/receipts?{query}")).text) == expected, query


@pytest.mark.parametrize(
    ("verb", "fields", "held"),
    [
        ("approve", {}, 0),
        ("approve-other", {"arrived": "124000", "why": "a fee"}, 6),
        ("reject", REASON, 6),
    ],
)
async def test_after_a_decision_the_next_of_the_same_part_comes(alice, sent, shop, units, verb, fields, held):
    ids, other = sent
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await set_configuration(uow, "hold_seconds", value=held)

    plain = await alice.post(f"/receipts/{ids[1]}/{verb}?card={other}", fields)
    part = await alice.post(f"/receipts/{ids[3]}/{verb}?card={other}", fields, hx_request="true")

    assert plain.headers["location"] == f"/receipts/{ids[3]}?card={other}"
    assert part.headers["hx-push-url"] == f"/receipts?card={other}", "the other cards' are left alone"
    assert "No waiting receipt passes this filter" in part.text
    assert queued((await alice.get("/receipts")).text) == [ids[0], ids[2]]


async def test_flagged_ones_are_worked_through_as_flagged_ones(alice, shop, shops):
    twice = photo()
    _, first, _, second = [await shops.receipt(shop, content=twice if at % 2 else None) for at in range(4)]
    third = await shops.receipt(shop, content=twice)

    on = await alice.post(
        f"/receipts/{second.payment_id}/reject?filter=flagged", {"reason_code": "unreadable"}
    )

    assert on.headers["location"] == f"/receipts/{third.payment_id}?filter=flagged"
    assert first


async def test_every_form_and_link_of_the_desk_carries_the_part(alice, sent, shop, units):
    ids, other = sent
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await set_configuration(uow, "hold_seconds", value=6)
    part = f"?filter=new&card={other}&least=1"
    await alice.post(f"/receipts/{ids[1]}/approve{part}", {})

    page = unescape((await alice.get(f"/receipts/{ids[3]}{part}")).text)

    posts = set(re.findall(r'hx-post="(/receipts/[^"]*)"', page)) - {f"/receipts/{ids[3]}/look"}
    assert {url.partition("?")[0].rpartition("/")[2] for url in posts} >= {
        "approve",
        "approve-other",
        "reject",
    }
    assert f"/receipts/{ids[1]}/undo{part}" in posts
    assert all(url.endswith(part) for url in posts), posts
    opened = re.findall(r'href="/receipts/\d+(\?(?:reject|other)=1[^"]*)"', page)
    assert opened
    assert all(link.endswith(part.replace("?", "&")) for link in opened)
    (stream,) = re.findall(r'hx-sse:connect="([^"]*)"', page)
    assert stream.endswith(f"&filter=new&item={ids[3]}&card={other}&least=1")


async def test_what_an_open_page_is_told_shows_the_same_part(alice, sent):
    ids, other = sent

    told = await alice.get(f"/events/now?topics=desk&card={other}&item={ids[3]}")

    assert queued(told.text) == [ids[1], ids[3]]
    assert f"/receipts/{ids[3]}/approve?card={other}" in told.text


async def test_taking_back_and_coming_too_late_keep_the_part(alice, sent, shop, units):
    ids, other = sent
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await set_configuration(uow, "hold_seconds", value=6)
    await alice.post(f"/receipts/{ids[1]}/approve?card={other}", {})

    late = await alice.post(f"/receipts/{ids[1]}/approve?card={other}", {})
    back = await alice.post(f"/receipts/{ids[1]}/undo?card={other}", {})

    assert late.status_code == 409
    assert f"/receipts/{ids[3]}?card={other}" in late.text
    assert back.headers["location"] == f"/receipts/{ids[1]}?card={other}"


async def test_the_form_says_what_it_cannot_read_and_loses_nothing(alice, sent):
    ids, other = sent

    page = (await alice.get(f"/receipts?card={other}&least=much")).text

    assert 'id="narrow" aria-labelledby="narrow-title" data-modal open' in page
    assert 'value="much" aria-invalid="true" aria-describedby="narrow-least-error"' in page
    assert f'<option value="{other}" selected>' in page
    assert queued(page) == [ids[1], ids[3]]


async def test_an_address_with_fields_left_empty_is_shortened(alice, sent):
    _, other = sent

    part = await alice.get(f"/receipts?card={other}&least=&most=", hx_request="true")

    assert part.headers["hx-push-url"] == f"/receipts?card={other}"


async def test_how_many_are_in_the_part_is_counted_past_what_is_shown(alice, sent, shop):
    ids, other = sent

    page = unescape((await alice.get(f"/receipts/{ids[3]}?card={other}")).text)

    assert "2 of 2" in page


async def test_a_part_of_the_queue_costs_one_statement_more_for_the_cards_name(alice, sent, counted_queries):
    _, other = sent
    await alice.get("/receipts")
    counted_queries()
    await alice.get("/receipts")
    whole = counted_queries()
    await alice.get("/receipts?least=1&most=125001")
    amounts = counted_queries()
    await alice.get(f"/receipts?card={other}")

    assert (amounts, counted_queries()) == (whole, whole + 1)

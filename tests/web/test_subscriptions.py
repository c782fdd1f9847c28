"""Subscriptions as a list, and days and volume as a gift."""

from __future__ import annotations

import asyncio
import json
import re
from datetime import timedelta
from html import unescape

import pytest

from shop.actors import SEEING
from shop.receipts import service as receipts
from tests.conftest import NOON
from tests.web.conftest import add_staff
from tests.web.test_transactions import rows_of

GIGABYTE = 2**30


@pytest.fixture
async def alices(shops):
    return await shops.open(name="Alice's shop")


@pytest.fixture
async def alice(signed_in, alices):
    return await signed_in(alices)


@pytest.fixture
async def held(shops, units, alices, everything):
    """A delivered subscription of Carol's."""
    sent = await shops.receipt(alices)
    async with units.begin(alices.bot_id, alices.owner) as uow:
        await receipts.approve(uow, sent.payment_id)
    return await everything.fetchrow("SELECT * FROM subscriptions WHERE order_id = $1", sent.order_id)


async def form_of(alice, held) -> str:
    page = (await alice.get("/subscriptions")).text
    return re.search(
        rf'action="/subscriptions/{held["id"]}/give".*?name="form_key" value="([^"]+)"', page, re.DOTALL
    )[1]


async def now(everything, held):
    return await everything.fetchrow("SELECT * FROM subscriptions WHERE id = $1", held["id"])


async def test_a_gift_is_given_once_and_the_customer_is_told(alice, alices, held, everything):
    fields = {"form_key": await form_of(alice, held), "days": "۱۰", "gigabytes": "5"}

    answers = await asyncio.gather(
        *(alice.post(f"/subscriptions/{held['id']}/give", fields) for _ in range(4))
    )

    assert {answer.status_code for answer in answers} == {303}
    after = await now(everything, held)
    assert after["ends_at"] - held["ends_at"] == timedelta(days=10)
    assert after["traffic_limit_bytes"] - held["traffic_limit_bytes"] == 5 * GIGABYTE
    told = await everything.fetch(
        "SELECT payload FROM outbox WHERE user_id = $1 AND kind = 'subscription_extended'", held["user_id"]
    )
    assert [json.loads(row["payload"])["days"] for row in told] == [10]


async def test_the_line_is_sent_again_once_for_each_form_and_by_name_in_the_history(
    alice, alices, held, everything
):
    fields = {"form_key": "k" * 20}

    answers = await asyncio.gather(
        *(alice.post(f"/subscriptions/{held['id']}/send-again", fields) for _ in range(3))
    )
    again = await alice.post(f"/subscriptions/{held['id']}/send-again", {"form_key": "m" * 20})

    assert {answer.status_code for answer in (*answers, again)} == {303}
    told = await everything.fetch(
        "SELECT payload FROM outbox WHERE user_id = $1 AND kind = 'subscription_ready'", held["user_id"]
    )
    assert [json.loads(row["payload"])["access"] for row in told] == [held["access"]] * 3, "the sale, and two"
    assert (
        await everything.fetchval(
            "SELECT count(*) FROM audit_log WHERE bot_id = $1 AND action = 'subscription.sent_again'",
            alices.bot_id,
        )
        == 2
    )


async def test_what_was_never_delivered_cannot_be_sent_again(alice, held, everything):
    await everything.execute("UPDATE subscriptions SET access = '' WHERE id = $1", held["id"])

    answer = await alice.post(f"/subscriptions/{held['id']}/send-again", {"form_key": "k" * 20})

    assert answer.status_code == 404


async def test_after_an_act_the_list_is_the_one_it_was_done_in(alice, held):
    path = f"/subscriptions?customer={held['user_id']}&state=active"
    page = unescape((await alice.get(path)).text)
    act = re.search(r'action="([^"]+/give[^"]*)"', page)[1]

    done = await alice.post(act, {"form_key": "k" * 20, "days": "3"})
    refused = unescape((await alice.post(act, {"form_key": "m" * 20, "days": "ten"})).text)

    asked = {f"customer={held['user_id']}", "state=active"}
    assert set(done.headers["location"].partition("?")[2].split("&")) == asked
    assert asked <= set(re.split("[?&]", re.search(r'action="([^"]+/give[^"]*)"', refused)[1]))
    assert 'value="ten"' in refused


async def test_days_for_one_that_is_over_count_from_now_and_wake_it(alice, alices, held, everything):
    await everything.execute(
        "UPDATE subscriptions SET status = 'expired', starts_at = '2020-01-01', ends_at = '2020-02-01' "
        "WHERE id = $1",
        held["id"],
    )

    await alice.post(
        f"/subscriptions/{held['id']}/give", {"form_key": await form_of(alice, held), "days": "3"}
    )

    after = await now(everything, held)
    assert after["status"] == "active"
    assert timedelta(0) <= after["ends_at"] - NOON - timedelta(days=3) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"days": "", "gigabytes": ""}, "Give days, volume or both"),
        ({"days": "ten"}, "A whole number"),
        ({"days": "366"}, "At most 365"),
        ({"gigabytes": "1001"}, "At most 1,000"),
    ],
)
async def test_a_gift_that_cannot_be_says_why_beside_the_field(
    alice, alices, held, everything, fields, sentence
):
    form = await form_of(alice, held)

    answer = await alice.post(f"/subscriptions/{held['id']}/give?lang=en", {"form_key": form, **fields})

    assert answer.status_code == 422
    assert sentence in answer.text
    assert form in answer.text
    assert dict(await now(everything, held)) == dict(held)


@pytest.mark.parametrize(
    ("change", "states"),
    [
        ("ends_at = ends_at", {"active"}),
        ("ends_at = $2::timestamptz + interval '2 days'", {"active", "ends_in_3", "ends_in_7"}),
        ("ends_at = $2::timestamptz + interval '6 days'", {"active", "ends_in_7"}),
        ("traffic_used_bytes = traffic_limit_bytes", {"active", "nearly_full"}),
        ("starts_at = '2020-01-01', ends_at = '2020-02-01'", {"expired"}),
    ],
)
async def test_each_state_shows_what_is_in_it(alice, alices, held, everything, change, states):
    given = (held["id"], NOON) if "$2" in change else (held["id"],)
    await everything.execute(f"UPDATE subscriptions SET {change} WHERE id = $1", *given)  # noqa: S608

    found = set()
    for state in ("active", "ends_in_3", "ends_in_7", "nearly_full", "expired"):
        page = (await alice.get(f"/subscriptions?state={state}")).text
        found |= {state} if held["name"] in page else set()

    assert found == states


async def test_it_is_found_by_its_customer_and_taken_as_a_file(alice, alices, held):
    page = (await alice.get("/subscriptions?q=carol")).text
    nobody = (await alice.get("/subscriptions?lang=en&q=mallory")).text
    file = await alice.get(f"/subscriptions.csv?lang=en&customer={held['user_id']}")

    assert held["name"] in page
    assert "Nothing fits" in nobody
    (row,) = rows_of(file.text)
    assert (row["Name"], row["State"], row["Customer"]) == (held["name"], "Active", "Carol")
    assert held["access"] not in file.text


async def test_whoever_only_sees_gives_nothing(new_browser, alices, held, units, everything):
    bob = new_browser()
    await bob.sign_in((await add_staff(units, alices, permissions=SEEING))[1])

    page = await bob.get("/subscriptions")
    answer = await bob.post(f"/subscriptions/{held['id']}/give", {"form_key": "f" * 20, "days": "1"})

    assert "/give" not in page.text
    assert answer.status_code == 403
    assert dict(await now(everything, held)) == dict(held)


@pytest.mark.parametrize("language", ["fa", "en"])
async def test_what_stands_on_the_gifts_button_is_part_of_what_is_spoken(alice, held, language):
    """Who steers by voice says what he sees."""
    page = (await alice.get(f"/subscriptions?lang={language}")).text

    spoken, seen = re.search(
        r'<summary class="btn btn-s" aria-label="([^"]+)">(?:<svg.*?</svg>)?([^<]+)</summary>',
        page,
        re.DOTALL,
    ).groups()

    assert seen.strip()
    assert seen.strip() in spoken

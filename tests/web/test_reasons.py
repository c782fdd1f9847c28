"""The reasons a shop rejects receipts with: its own words, its own order, and what was said stays said."""

from __future__ import annotations

import asyncio
import json
import re
import time
from html import unescape

import pytest

from shop.actors import RECEIPTS_APPROVE, SEEING
from shop.receipts import wording
from shop.receipts.rules import RejectReason
from tests.web.conftest import add_staff
from tests.web.test_meanwhile import waits

PAGE = "/settings/reasons"
PATIENCE = 20.0
"""Seconds before a test that waits for another's lock is over."""
BANK = {
    "words_fa": "رسید بانک دیگری است",
    "words_en": "This is another <bank>'s slip",
    "step_en": "Ask your bank for the right one.",
}
CHOICES = re.compile(r'name="reason_code" id="[^"]*" value="([^"]*)" data-key="(\w+)"')
OURS = [one.value for one in RejectReason if one is not RejectReason.OTHER]


@pytest.fixture
async def shop(shops):
    return await shops.open(name="Nasim")


@pytest.fixture
async def alice(shop, signed_in):
    browser = await signed_in(shop)
    await browser.get(f"{PAGE}?lang=en")
    return browser


async def written(browser, fields=BANK) -> str:
    """The code of a reason that was just written."""
    assert (await browser.post(PAGE, fields)).headers["location"] == PAGE
    return re.findall(r'id="reason-(own-[0-9a-f]+)"', (await browser.get(PAGE)).text)[-1]


async def offered(browser, sent) -> list[tuple[str, str]]:
    return CHOICES.findall((await browser.get(f"/receipts/{sent.payment_id}?reject=1")).text)


async def told(everything, shop) -> list[dict]:
    rows = await everything.fetch(
        "SELECT payload FROM outbox WHERE bot_id = $1 AND kind = 'receipt_rejected' ORDER BY id", shop.bot_id
    )
    return [json.loads(row["payload"]) for row in rows]


async def test_the_dialog_offers_ours_until_the_owner_writes_changes_and_orders_them(alice, shop, shops):
    sent = await shops.receipt(shop)
    keys = [f"Digit{n}" for n in range(1, 10)]
    assert await offered(alice, sent) == list(zip([*OURS, "other"], keys, strict=False))

    own = await written(alice)
    await alice.post(f"{PAGE}/{own}/move", {"to": "up"})
    await alice.post(f"{PAGE}/{OURS[0]}/switch")

    expected = [*OURS[1:3], own, OURS[3], "other"]
    assert await offered(alice, sent) == list(zip(expected, keys, strict=False))
    await alice.post(f"{PAGE}/{OURS[0]}/switch", {"enabled": "on"})
    assert (await offered(alice, sent))[0][0] == OURS[0]


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "This is another <bank>'s slip Ask your bank for the right one."), ("fa", BANK["words_fa"])],
)
async def test_the_customer_is_told_in_his_language_what_the_dialog_promised(
    alice, shop, shops, everything, language, words
):
    sent = await shops.receipt(shop, await shops.person(shop, language=language))
    own = await written(alice)
    page = unescape(unescape((await alice.get(f"/receipts/{sent.payment_id}")).text))
    assert words in re.sub(r"[\u2066-\u2069]", "", page)

    await alice.post(f"/receipts/{sent.payment_id}/reject", {"reason_code": own})

    (message,) = await told(everything, shop)
    # Where the next step was written in the other language alone, it is said in that one.
    assert message["text"] in (words, f"{words} {BANK['step_en']}")
    assert message["reason"] == "other"


async def test_a_reason_in_one_language_is_said_in_it_to_everybody(alice, shop, shops, everything):
    sent = await shops.receipt(shop, await shops.person(shop, language="fa"))
    own = await written(alice, {"words_en": "The slip is cut off"})

    await alice.post(f"/receipts/{sent.payment_id}/reject", {"reason_code": own})

    assert [message["text"] for message in await told(everything, shop)] == ["The slip is cut off"]


async def test_two_who_write_a_reason_at_once_write_two(alice, shop, units, everything):
    async def second() -> str:
        async with units.begin(shop.bot_id, shop.owner) as uow:
            return await wording.add(uow, {"words_en": "That"})

    deadline = time.monotonic() + PATIENCE
    async with units.begin(shop.bot_id, shop.owner) as uow:
        codes = [await wording.add(uow, {"words_en": "This"})]
        other = asyncio.ensure_future(second())
        while not other.done() and not await waits(everything):
            assert time.monotonic() < deadline
    codes.append(await other)

    page = (await alice.get(PAGE)).text
    assert [code for code in codes if f'id="reason-{code}"' not in page] == []


async def test_the_code_of_a_reason_that_is_gone_never_comes_again(alice):
    gone = await written(alice)
    await alice.post(f"{PAGE}/{gone}/delete")

    assert await written(alice) != gone


async def test_what_was_said_stays_when_the_reason_is_worded_anew_and_deleted(alice, shop, shops, everything):
    sent = await shops.receipt(shop)
    own = await written(alice)
    await alice.post(f"/receipts/{sent.payment_id}/reject", {"reason_code": own})
    kept = "SELECT reject_reason, admin_notes FROM card_to_card_payments WHERE id = $1"
    before = await everything.fetchrow(kept, sent.payment_id)

    await alice.post(f"{PAGE}/{own}", {"words_en": "Something else"})
    await alice.post(f"{PAGE}/{own}/delete")

    assert await everything.fetchrow(kept, sent.payment_id) == before
    assert before["admin_notes"].startswith("This is another <bank>'s slip")
    history = (await alice.get(f"/receipts/{sent.payment_id}/history")).text
    assert "This is another &lt;bank&gt;&#39;s slip" in history
    actions = await everything.fetch(
        "SELECT action FROM audit_log WHERE bot_id = $1 AND action LIKE 'reject_reason.%' ORDER BY id",
        shop.bot_id,
    )
    assert [row["action"] for row in actions] == [
        f"reject_reason.{verb}" for verb in ("added", "changed", "deleted")
    ]


async def test_a_reason_that_was_deleted_meanwhile_is_asked_for_again_and_nothing_happens(
    alice, shop, shops, everything
):
    sent = await shops.receipt(shop)
    own = await written(alice)
    await alice.post(f"{PAGE}/{own}/delete")

    answer = await alice.post(f"/receipts/{sent.payment_id}/reject", {"reason_code": own})

    assert answer.status_code == 422
    assert "Choose a reason." in answer.text
    assert await told(everything, shop) == []


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({}, "words_fa"),
        ({"step_en": "only a step"}, "words_fa"),
        ({"words_en": "x" * 141}, "words_en"),
        ({"words_en": "x", "step_fa": "x" * 141}, "step_fa"),
    ],
)
async def test_a_reason_that_says_nothing_or_too_much_is_asked_for_again(alice, fields, field):
    answer = await alice.post(PAGE, fields)

    assert answer.status_code == 422
    assert f'id="{field}-new-error"' in answer.text
    assert all(f'value="{typed}"' in answer.text for typed in fields.values()), "nothing typed is lost"


async def test_there_are_never_more_than_keys_to_choose_them(alice):
    for n in range(8 - len(OURS)):
        await written(alice, {"words_en": f"Reason {n}"})

    full = await alice.post(PAGE, {"words_en": "One more"})

    assert full.status_code == 422
    assert "as many as one key each can choose" in (await alice.get(PAGE)).text


async def test_ours_are_neither_worded_here_nor_deleted_and_unknown_ones_are_not_there(alice):
    for path in (OURS[0], f"{OURS[0]}/delete", "own-000000", "own-000000/move", "own-000000/switch"):
        assert (await alice.post(f"{PAGE}/{path}", BANK)).status_code == 404, path


async def test_the_first_does_not_move_up_nor_the_last_down(alice, shop, shops):
    sent = await shops.receipt(shop)

    await alice.post(f"{PAGE}/{OURS[0]}/move", {"to": "up"})
    await alice.post(f"{PAGE}/{OURS[-1]}/move", {"to": "down"})

    assert [code for code, _ in await offered(alice, sent)] == [*OURS, "other"]


async def test_a_reviewer_looks_and_changes_nothing_and_a_neighbour_has_a_list_of_his_own(
    alice, shop, shops, units, new_browser, signed_in
):
    own = await written(alice)
    _, token = await add_staff(units, shop, name="Bob", permissions=SEEING | {RECEIPTS_APPROVE})
    bob, mallory = new_browser(), await signed_in(await shops.open(name="Mallory"))
    await bob.sign_in(token)

    assert "another &lt;bank&gt;" in (await bob.get(f"{PAGE}?lang=en")).text
    for path in ("", f"/{own}", f"/{own}/move", f"/{own}/switch", f"/{own}/delete"):
        assert (await bob.post(PAGE + path, BANK)).status_code == 403, path
    assert own not in (await mallory.get(PAGE)).text
    assert (await mallory.post(f"{PAGE}/{own}/delete")).status_code == 404


async def test_the_desk_asks_no_statement_more_for_a_list_of_the_shops_own(
    alice, shop, shops, counted_queries
):
    sent = await shops.receipt(shop)
    await alice.get(f"/receipts/{sent.payment_id}")
    counted_queries()
    await alice.get(f"/receipts/{sent.payment_id}")
    ours = counted_queries()
    await written(alice)
    counted_queries()
    await alice.get(f"/receipts/{sent.payment_id}")

    assert counted_queries() == ours


async def test_who_paid_himself_is_offered_no_decision_and_told_why(alice, shop, shops, everything):
    carol = await shops.person(shop)
    sent = await shops.receipt(shop, carol)
    owner = "UPDATE staff SET telegram_id = $1 WHERE id = $2"
    await everything.execute(owner, carol.telegram_id, shop.owner.staff_id)

    page = (await alice.get(f"/receipts/{sent.payment_id}?lang=en&reject=1")).text

    assert "You paid this yourself" in page
    for verb in ("approve", "approve-other", "reject", "look"):
        assert f'/receipts/{sent.payment_id}/{verb}"' not in page, verb
    told = await alice.get(f"/events/now?topics=desk&item={sent.payment_id}")
    assert "You paid this yourself" in told.text
    other = await shops.receipt(shop)
    assert f'/receipts/{other.payment_id}/approve"' in (await alice.get(f"/receipts/{other.payment_id}")).text


async def test_the_second_of_two_who_word_a_reason_is_told_and_loses_nothing(alice, shop, units, new_browser):
    own = await written(alice)
    bob = new_browser()
    await bob.sign_in((await add_staff(units, shop))[1])

    async def seen(browser) -> str:
        page = (await browser.get(f"{PAGE}?lang=en")).text
        return re.search(r'name="seen" value="(\w+)"', page[page.index(f'action="{PAGE}/{own}"') :])[1]

    marks = [await seen(alice), await seen(bob)]
    await bob.post(f"{PAGE}/{own}", BANK | {"words_en": "Bob's words", "seen": marks[1]})

    refused = await alice.post(f"{PAGE}/{own}", BANK | {"words_en": "Alice's words", "seen": marks[0]})
    deleted = await alice.post(f"{PAGE}/{own}/delete", {"seen": marks[0]})
    page = unescape(refused.text)
    told = re.search(r'<div class="note note-warn" role="alert">(.*?)</dl>', page, re.DOTALL)[1]

    assert (refused.status_code, deleted.status_code) == (409, 409)
    assert re.search(r"saved now:\s*<bdi>Bob's words</bdi>", told)
    assert re.search(r"yours:\s*<bdi>Alice's words</bdi>", told)
    assert "<bdi>Bob</bdi>" in told
    assert told.count("<dt>") == 1
    assert "Alice's words" in page.replace(told, "")
    again = await seen(alice)
    assert (await alice.post(f"{PAGE}/{own}", BANK | {"words_en": "Both", "seen": again})).status_code == 303

"""Several duplicates rejected at once: asked about first, each by itself, and never anything else."""

from __future__ import annotations

import re

import pytest

from shop.actors import SEEING
from shop.configurations.service import set_configuration
from tests.factories import photo
from tests.web.conftest import add_staff

DOOR = "/receipts/all/reject"


@pytest.fixture
async def shop(shops):
    return await shops.open(name="Nasim")


@pytest.fixture
async def alice(shop, signed_in):
    browser = await signed_in(shop)
    await browser.get("/receipts?lang=en")
    return browser


@pytest.fixture
async def twins(shop, shops):
    """The first picture is nobody's duplicate; the two after it are."""
    twice = photo()
    return [(await shops.receipt(shop, content=twice)).payment_id for _ in range(3)]


def boxes(*ids: int, sure: bool = True) -> dict[str, str]:
    return {f"receipt-{one}": "1" for one in ids} | ({"sure": "1"} if sure else {})


async def states(everything, ids) -> list[str]:
    rows = "SELECT status FROM card_to_card_payments WHERE id = ANY($1) ORDER BY id"
    return [row["status"] for row in await everything.fetch(rows, ids)]


async def test_only_duplicates_that_wait_have_a_box(alice, twins, shop, shops):
    await shops.receipt(shop)

    page = (await alice.get("/receipts/all?state=duplicates")).text

    assert {int(one) for one in re.findall(r'name="receipt-(\d+)"', page)} == set(twins[1:])
    await alice.post(f"/receipts/{twins[1]}/reject", {"reason_code": "unreadable"})
    left = (await alice.get("/receipts/all?state=duplicates")).text
    assert {int(one) for one in re.findall(r'name="receipt-(\d+)"', left)} == {twins[2]}
    for other in ("", "?state=flagged", "?state=waiting"):
        assert 'name="receipt-' not in (await alice.get(f"/receipts/all{other}")).text


async def test_it_is_asked_about_first_and_then_told_of_each(alice, twins, shop, everything):
    asked = await alice.post(DOOR, boxes(*twins[1:], sure=False))
    assert "Reject 2 receipts?" in asked.text
    assert await states(everything, twins) == ["receipt_submitted"] * 3

    done = await alice.post(DOOR, boxes(*twins[1:]))

    assert re.search(r'role="status">\s*2 receipts rejected\s*<', done.text)
    assert await states(everything, twins) == ["receipt_submitted", "rejected", "rejected"]
    told = "SELECT payload->>'reason' AS reason FROM outbox WHERE bot_id = $1 AND kind = 'receipt_rejected'"
    assert [row["reason"] for row in await everything.fetch(told, shop.bot_id)] == ["duplicate_image"] * 2


async def test_what_cannot_be_rejected_is_named_and_stops_none_of_the_others(
    alice, twins, shop, shops, everything
):
    innocent = (await shops.receipt(shop)).payment_id
    stranger = (await shops.receipt(await shops.open(name="Mallory"))).payment_id
    await alice.post(f"/receipts/{twins[1]}/approve", {"despite_warning": "1"})

    page = (await alice.post(DOOR, boxes(innocent, twins[1], stranger, twins[0], twins[2]))).text

    assert re.search(r'role="status">\s*1 receipt rejected, 4 not', page)
    assert "It was not seen before, so it is looked at by itself." in page
    assert await states(everything, [*twins, innocent, stranger]) == [
        *("receipt_submitted", "approved", "rejected"),
        *("receipt_submitted", "receipt_submitted"),
    ]


async def test_each_is_held_and_taken_back_as_always(alice, twins, shop, units, everything):
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await set_configuration(uow, "hold_seconds", value=6)

    await alice.post(DOOR, boxes(*twins[1:]))
    await alice.post(f"/receipts/{twins[1]}/undo")

    held = "SELECT id FROM card_to_card_payments WHERE bot_id = $1 AND held_decision = 'reject'"
    assert [row["id"] for row in await everything.fetch(held, shop.bot_id)] == [twins[2]]


async def test_none_chosen_and_a_person_who_may_only_look(alice, twins, shop, units, new_browser, everything):
    _, token = await add_staff(units, shop, name="Bob", permissions=SEEING)
    bob = new_browser()
    await bob.sign_in(token)

    assert "None was chosen" in (await alice.post(DOOR, {})).text
    assert (await alice.post(DOOR, {"sure": "1"})).status_code == 422
    assert 'name="receipt-' not in (await bob.get("/receipts/all?state=duplicates")).text
    for sure in (True, False):
        assert (await bob.post(DOOR, boxes(*twins[1:], sure=sure))).status_code == 403
    assert await states(everything, twins) == ["receipt_submitted"] * 3

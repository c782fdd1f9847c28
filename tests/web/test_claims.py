"""Whose a receipt is, on the desk: taken over after a question, put off, handed to a colleague."""

from __future__ import annotations

import pytest

from shop.actors import OWNING, StaffMember
from shop.receipts import claims
from shop.staff import service as staff

PART = {"HX-Request": "true"}


@pytest.fixture
async def shop(shops):
    return await shops.open(name="Nasim")


@pytest.fixture
async def alice(signed_in, shop):
    return await signed_in(shop)


@pytest.fixture
async def sara(units, shop) -> StaffMember:
    async with units.begin(shop.bot_id, shop.owner) as uow:
        person = await staff.create_staff(uow, name="Sara", role="staff", permissions=OWNING)
    return StaffMember(person, "Sara", OWNING)


async def open_by(units, shop, actor, payment_id) -> None:
    async with units.begin(shop.bot_id, actor) as uow:
        await claims.take_over(uow, payment_id)


async def test_a_decision_on_what_a_colleague_reviews_asks_to_take_it_over_first(
    alice, shop, shops, units, sara, everything
):
    sent = await shops.receipt(shop)
    await open_by(units, shop, sara, sent.payment_id)
    url = f"/receipts/{sent.payment_id}"

    for act, fields in (
        ("approve", {}),
        ("approve-other", {"arrived": "100000", "why": "that came"}),
        ("reject", {"reason_code": "other", "reason_text": "not a slip"}),
    ):
        refused = await alice.post(f"{url}/{act}", fields)
        assert refused.status_code == 409
        assert 'id="takeover" aria-labelledby="takeover-title" data-modal open' in refused.text
        assert all(value in refused.text for value in fields.values() if value != "other")
    status = "SELECT status FROM card_to_card_payments WHERE id = $1"
    assert await everything.fetchval(status, sent.payment_id) == "receipt_submitted"

    taken = await alice.post(f"{url}/take-over")
    assert (taken.status_code, taken.headers["location"]) == (303, url)
    assert (await alice.post(f"{url}/approve")).status_code == 303
    assert await everything.fetchval(status, sent.payment_id) == "approved"


async def test_after_a_decision_the_next_one_is_claimed_and_a_colleagues_is_passed_over(
    alice, shop, shops, units, sara, everything
):
    first, second, third = [(await shops.receipt(shop)).payment_id for _ in range(3)]
    await open_by(units, shop, sara, second)

    answer = await alice.post(f"/receipts/{first}/approve")

    assert answer.headers["location"] == f"/receipts/{third}"
    claimed = "SELECT claimed_by FROM card_to_card_payments WHERE id = $1"
    assert await everything.fetchval(claimed, third) == shop.owner.staff_id
    assert await everything.fetchval(claimed, second) == sara.staff_id


async def test_later_leads_to_the_next_one(alice, shop, shops):
    first, second = [(await shops.receipt(shop)).payment_id for _ in range(2)]

    later = await alice.post(f"/receipts/{first}/later", **PART)

    assert later.status_code == 200
    assert later.headers["HX-Push-Url"] == f"/receipts/{second}"
    again = await alice.post(f"/receipts/{second}/later")
    assert again.headers["location"] == f"/receipts/{first}"


async def test_a_receipt_is_handed_on_with_a_note_that_he_then_reads(alice, shop, shops, sara):
    first, second = [(await shops.receipt(shop)).payment_id for _ in range(2)]
    page = await alice.get(f"/receipts/{first}/hand")
    assert "Sara" in page.text

    wrong = await alice.post(f"/receipts/{first}/hand", {"to": "0", "note": "is <this> his?"})
    handed = await alice.post(f"/receipts/{first}/hand", {"to": str(sara.staff_id), "note": "is <this> his?"})

    assert wrong.status_code == 422
    assert "is &lt;this&gt; his?" in wrong.text
    assert (handed.status_code, handed.headers["location"]) == (303, f"/receipts/{second}")
    shown = (await alice.get(f"/receipts/{first}")).text
    assert "is &lt;this&gt; his?" in shown


async def test_where_nobody_else_decides_the_page_says_so(alice, shop, shops):
    sent = await shops.receipt(shop)

    page = await alice.get(f"/receipts/{sent.payment_id}/hand")

    assert 'name="to"' not in page.text

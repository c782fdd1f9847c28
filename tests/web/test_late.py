"""A late receipt at the desk: how late, what it would cost now, and the three ways of its money."""

from __future__ import annotations

import csv
import re
from html import unescape
from io import StringIO

import pytest
from sqlalchemy import update

from db.models import BotPlan
from shop.configurations.service import set_configuration
from shop.plans import service as plans
from shop.receipts import holding
from tests.factories import photo

PART = {"HX_Request": "true"}


@pytest.fixture
async def shop(shops):
    return await shops.open(name="Nasim")


@pytest.fixture
async def alice(shop, signed_in):
    browser = await signed_in(shop)
    await browser.get("/receipts?lang=en")
    return browser


async def payment(everything, sent):
    return await everything.fetchrow(
        "SELECT p.status, p.amount, p.to_wallet, p.held_decision, o.status AS order_status "
        "FROM card_to_card_payments p JOIN orders o ON o.id = p.order_id WHERE p.id = $1",
        sent.payment_id,
    )


def words(page: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", unescape(page)).split())


async def test_the_desk_says_how_late_it_is_and_what_it_would_cost_now(alice, shop, shops, units):
    sent = await shops.late_receipt(shop, minutes=190)
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await plans.update_plan(uow, shop.plan_id, price=shop.price + 30_000)

    page = (await alice.get(f"/receipts/{sent.payment_id}")).text

    said = words(page)
    assert "It came 3 h after the time to pay had run out." in said
    assert "today it costs 155,000 Toman , which is 30,000 Toman more." in said
    assert "The time to pay had run out." not in said, "said once"
    assert "Approve, old price" in said
    assert 'data-key="KeyW"' in page


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"is_active": False}, "the plan is switched off, and not sold now."),
        ({"archived_at": "now"}, "the plan is archived, and not sold any more."),
        ({"price": 125_000}, "today it costs the same."),
        ({"price": 100_000}, "which is 25,000 Toman less."),
    ],
)
async def test_a_plan_that_is_sold_no_more_is_said_to_be_so(alice, shop, shops, units, change, sentence):
    sent = await shops.late_receipt(shop)
    async with units.begin(shop.bot_id, shop.owner) as uow:
        values = {name: uow.now if value == "now" else value for name, value in change.items()}
        await uow.session.execute(update(BotPlan).where(BotPlan.id == shop.plan_id).values(**values))

    assert sentence in words((await alice.get(f"/receipts/{sent.payment_id}")).text)


async def test_a_receipt_in_time_offers_no_wallet(alice, shop, shops, everything):
    sent = await shops.receipt(shop)

    page = (await alice.get(f"/receipts/{sent.payment_id}")).text
    answer = await alice.post(f"/receipts/{sent.payment_id}/to-wallet", **PART)

    assert "to-wallet" not in page
    assert 'data-dialog="wallet"' not in page
    assert answer.status_code == 422
    assert (await payment(everything, sent))["status"] == "receipt_submitted"


async def test_its_money_goes_to_the_wallet_by_a_plain_form_and_the_page_says_so(
    alice, shop, shops, everything
):
    sent = await shops.late_receipt(shop)
    page = (await alice.get(f"/receipts/{sent.payment_id}?wallet=1")).text
    assert re.search(r'<dialog[^>]*id="wallet"[^>]* open', page)

    answer = await alice.post(f"/receipts/{sent.payment_id}/to-wallet", {"arrived": "", "why": ""})

    assert (answer.status_code, answer.headers["location"]) == (303, "/receipts")
    row = await payment(everything, sent)
    assert (row["status"], row["to_wallet"], row["order_status"]) == ("approved", True, "expired")
    assert "In the customer's wallet" in words((await alice.get(f"/receipts/{sent.payment_id}")).text)
    assert "into the customer's wallet" in words(
        (await alice.get(f"/receipts/{sent.payment_id}/history")).text
    )


async def test_it_is_held_within_the_page_and_taken_back(alice, shop, shops, units, everything):
    sent = await shops.late_receipt(shop)
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await set_configuration(uow, "hold_seconds", value=6)

    part = await alice.post(f"/receipts/{sent.payment_id}/to-wallet", **PART)
    assert part.status_code == 200
    assert "Into the wallet of Carol …" in words(part.text)
    row = await payment(everything, sent)
    assert (row["status"], row["held_decision"], row["to_wallet"]) == ("receipt_submitted", "approve", True)
    looked = words((await alice.get(f"/receipts/{sent.payment_id}")).text)
    assert "Going to the wallet" in looked

    await alice.post(f"/receipts/{sent.payment_id}/undo", **PART)
    row = await payment(everything, sent)
    assert (row["held_decision"], row["to_wallet"]) == (None, False)


async def test_another_amount_is_said_with_it_and_asked_for_again_where_it_cannot_be_meant(
    alice, shop, shops, everything
):
    sent = await shops.late_receipt(shop)
    url = f"/receipts/{sent.payment_id}/to-wallet"

    wrong = await alice.post(url, {"arrived": "۱۲۰٬۰۰۰", "why": ""}, **PART)
    assert wrong.status_code == 422
    assert re.search(r'<dialog[^>]*id="wallet"[^>]* open', wrong.text)
    assert 'value="۱۲۰٬۰۰۰"' in wrong.text
    assert "Write a few words; your colleagues" in unescape(wrong.text)

    await alice.post(url, {"arrived": "۱۲۰٬۰۰۰", "why": "a fee"}, **PART)
    row = await payment(everything, sent)
    assert (row["status"], row["amount"]) == ("approved_other_amount", 120_000)
    assert (row["to_wallet"], row["order_status"]) == (True, "expired")


async def test_a_warning_is_asked_about_once_more(alice, shop, shops, everything):
    twice = photo()
    await shops.receipt(shop, content=twice)
    sent = await shops.late_receipt(shop, content=twice)

    answer = await alice.post(f"/receipts/{sent.payment_id}/to-wallet", **PART)
    assert answer.status_code == 409
    assert re.search(r'<dialog[^>]*id="wallet"[^>]* open', answer.text)
    assert "To the wallet despite the warning" in unescape(answer.text)

    await alice.post(f"/receipts/{sent.payment_id}/to-wallet", {"despite_warning": "1"}, **PART)
    assert (await payment(everything, sent))["status"] == "approved"


async def test_the_second_of_two_reviewers_is_told_who_was_first(alice, shop, shops, units, everything):
    sent = await shops.late_receipt(shop)
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await holding.hold_approval(uow, sent.payment_id, to_wallet=True)

    answer = await alice.post(f"/receipts/{sent.payment_id}/to-wallet", **PART)

    assert answer.status_code == 409
    assert re.search(
        "Already decided. Alice approved this just now ?, and the money went to the wallet.",
        words(answer.text),
    )
    count = "SELECT count(*) FROM transactions WHERE bot_id = $1"
    assert await everything.fetchval(count, shop.bot_id) == 1


async def test_while_it_is_held_the_second_of_two_is_told_where_the_money_goes(alice, shop, shops, units):
    sent = await shops.late_receipt(shop)
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await set_configuration(uow, "hold_seconds", value=6)
        await holding.hold_approval(uow, sent.payment_id, to_wallet=True)

    answer = await alice.post(f"/receipts/{sent.payment_id}/approve", **PART)

    assert answer.status_code == 409
    assert "Going to the wallet" in words(answer.text)


@pytest.mark.parametrize("amount", [None, 120_000])
async def test_wherever_it_is_told_of_later_it_is_approved_to_the_wallet_and_not_only_approved(
    alice, shop, shops, units, amount
):
    usual, sent = await shops.receipt(shop), await shops.late_receipt(shop)
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await holding.hold_approval(uow, usual.payment_id)
        await holding.hold_approval(uow, sent.payment_id, amount=amount, why="a fee", to_wallet=True)

    chosen = (await alice.get("/receipts/all?state=to_wallet")).text
    assert re.findall(r'<tr id="r-(\d+)"', chosen) == [str(sent.payment_id)]
    row = words(chosen[chosen.index("<tr id=") :])
    assert "Approved, to the wallet Late" in row
    file = csv.DictReader(StringIO((await alice.get("/receipts/all.csv")).text.removeprefix("\ufeff")))
    assert {row["Number"]: row["State"] for row in file} == {
        str(usual.payment_id): "Approved",
        str(sent.payment_id): "Approved, to the wallet",
    }
    for place in (f"/receipts/{sent.payment_id}/history", "/audit", "/audit.csv"):
        assert "approved a receipt, to the wallet" in words((await alice.get(place)).text), place
    plain = words((await alice.get(f"/receipts/{usual.payment_id}/history")).text)
    assert "approved a receipt" in plain
    assert "approved a receipt, to the wallet" not in plain
    profile = await alice.get(chosen_customer(chosen))
    assert "approved, to the wallet" in words(profile.text)


def chosen_customer(page: str) -> str:
    """The page of the customer whose receipt stands in the list."""
    found = re.search(r'<td[^>]*class="head"><a[^>]*customer=(\d+)"', page)
    assert found is not None
    return f"/customers/{found[1]}"

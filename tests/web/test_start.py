"""The list of a fresh shop says what is missing, as the shop stands now, and goes with the first sale."""

from __future__ import annotations

import re

import pytest

from shop.actors import Customer
from shop.bots import service as bots
from shop.errors import NotAllowed
from shop.onboarding.queries import load_checklist
from shop.receipts import service as receipts
from tests.factories import MASTER, telegram_token


@pytest.fixture
async def fresh(units):
    """A shop nobody has done anything in: what a new owner signs in to."""
    async with units.platform(MASTER) as uow:
        return await bots.create_bot(
            uow, name="Fresh", telegram_bot_token=telegram_token(), username="fresh_bot"
        )


async def done(units, shop):
    async with units.begin(shop.bot_id, shop.owner) as uow:
        return [step.key for step in (await load_checklist(uow)).steps if step.is_done]


async def test_a_fresh_shop_opens_with_its_list_and_everything_else_can_be_reached(fresh, new_browser):
    alice = new_browser()
    await alice.sign_in(fresh.api_token)

    sent_on = await alice.get("/")
    page = (await alice.get("/start?lang=en")).text

    assert (sent_on.status_code, sent_on.headers["location"]) == (303, "/start")
    assert "8 steps left to your first sale" in page
    assert page.count('class="done"') == 0
    for where in re.findall(r'class="btn btn-s[^"]*" href="([^"]+)"', page):
        assert (await alice.get(where)).status_code == 200
    assert 'href="/start"' in (await alice.get("/cards")).text


@pytest.mark.parametrize(
    ("key", "undo"),
    [
        ("bot", "UPDATE bots SET token_state = 'broken' WHERE id = $1"),
        ("bot", "UPDATE bots SET is_active = false WHERE id = $1"),
        ("card", "UPDATE tenant_payment_cards SET is_active = false WHERE bot_id = $1"),
        ("plan", "UPDATE bot_plans SET is_active = false WHERE bot_id = $1"),
        ("stock", "UPDATE stock_items SET status = 'withdrawn' WHERE bot_id = $1"),
        ("chat", "UPDATE bots SET admin_chat_id = NULL WHERE id = $1"),
        ("support", "UPDATE bots SET support_username = NULL WHERE id = $1"),
    ],
)
async def test_what_is_undone_is_not_done_any_more(units, make_shop, everything, key, undo):
    shop = await make_shop()
    await everything.execute(
        "UPDATE bots SET token_state = 'live', admin_chat_id = 7, support_username = 'help' WHERE id = $1",
        shop.bot_id,
    )
    assert await done(units, shop) == ["bot", "card", "plan", "stock", "chat", "support"]

    await everything.execute(undo, shop.bot_id)

    assert key not in await done(units, shop)


async def test_the_first_sale_ends_it(units, shops, make_shop, signed_in):
    shop = await make_shop()
    alice = await signed_in(shop)
    sent = await shops.receipt(shop)
    before = (await alice.get("/?lang=en")).text
    assert 'href="/start"' in before
    assert "steps left to your first sale" in before

    async with units.begin(shop.bot_id, shop.owner) as uow:
        await receipts.approve(uow, sent.payment_id)

    after = (await alice.get("/?lang=en")).text
    assert "/start" not in after
    assert "Your shop sells" in (await alice.get("/start?lang=en")).text


async def test_anothers_sale_is_not_ones_own(units, shops, make_shop):
    alices, mallorys = await make_shop(), await make_shop()
    sent = await shops.receipt(alices)
    async with units.begin(alices.bot_id, alices.owner) as uow:
        await receipts.approve(uow, sent.payment_id)

    assert "sale" in await done(units, alices)
    assert "sale" not in await done(units, mallorys)


async def test_a_master_who_looks_at_a_bare_shop_sees_its_overview(fresh, master, new_browser):
    browser = new_browser()
    await browser.sign_in(master.api_token)
    await browser.post(f"/platform/bots/{fresh.bot_id}/open")

    assert (await browser.get("/")).status_code == 200


async def test_customers_do_not_see_it(units, make_shop):
    shop = await make_shop()
    async with units.begin(shop.bot_id, Customer(1)) as uow:
        with pytest.raises(NotAllowed):
            await load_checklist(uow)

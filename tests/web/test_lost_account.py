"""Somebody lost his Telegram account, or a browser: the platform helps, and nobody else."""

from __future__ import annotations

import pytest

from shop.errors import NotAllowed, NotFound
from shop.staff import telegram
from tests.factories import MASTER
from tests.web.conftest import add_staff
from tests.web.test_second_factor import TELEGRAM_ID, chat, finish, is_in, knock, let_in, link, shop

__all__ = ("chat", "link", "shop")


async def test_only_the_platform_unlinks_an_account_and_everybody_learns_of_it(
    browser, new_browser, shop, chat, units, everything
):
    await let_in(browser, shop, chat)
    allowed, waiting = new_browser(), new_browser()
    await chat.tap(await knock(allowed, shop))
    number = await knock(waiting, shop)
    async with units.begin(shop.bot_id, shop.owner) as uow:
        for verb in (telegram.unlink(uow, shop.owner.staff_id), telegram.end_every_session(uow)):
            with pytest.raises(NotAllowed):
                await verb
    assert await is_in(browser)

    async with units.platform(MASTER) as platform:
        await telegram.unlink(await platform.enter(shop.bot_id), shop.owner.staff_id)

    assert not await is_in(browser)
    with pytest.raises(NotFound):
        await chat.tap(number)
    for other in (allowed, waiting):
        await finish(other)
        assert not await is_in(other)
    told = "SELECT chat_id FROM outbox WHERE bot_id = $1 AND kind = 'telegram_unlinked'"
    assert await everything.fetchval(told, shop.bot_id) == TELEGRAM_ID
    noted = "SELECT actor FROM audit_log WHERE bot_id = $1 AND action = 'staff.telegram_unlinked'"
    assert await everything.fetchval(noted, shop.bot_id) == "master:1"
    assert (await new_browser().sign_in(shop.api_token)).headers["location"] == "/"


async def test_the_master_helps_whoever_lost_his_account_and_only_after_a_fresh_proof(
    browser, new_browser, master, shop, chat, clock
):
    await let_in(browser, shop, chat)
    clock.forward(minutes=1)
    admin = new_browser()
    await admin.sign_in(master.api_token)
    page = await admin.get(f"/platform/bots/{shop.bot_id}?lang=en")
    assert "Telegram linked" in page.text
    unlink = f"/platform/bots/{shop.bot_id}/people/{shop.owner.staff_id}/unlink"
    assert unlink in page.text
    clock.forward(minutes=11)
    assert unlink not in (await admin.get(f"/platform/bots/{shop.bot_id}")).text
    assert (await admin.post(unlink)).status_code == 403
    assert await is_in(browser)
    await admin.post("/confirm", {"api_token": master.api_token})

    assert (await admin.post(unlink)).status_code == 303

    assert not await is_in(browser)
    assert "Telegram linked" not in (await admin.get(f"/platform/bots/{shop.bot_id}?lang=en")).text
    assert (await new_browser().sign_in(shop.api_token)).headers["location"] == "/"


async def test_the_master_signs_a_whole_shop_out_and_no_other(
    new_browser, signed_in, master, make_shop, units
):
    alices, mallorys = await make_shop(stock=0), await make_shop(stock=0)
    _, bobs = await add_staff(units, alices)
    alice, bob, mallory = await signed_in(alices), new_browser(), await signed_in(mallorys)
    await bob.sign_in(bobs)
    admin = new_browser()
    await admin.sign_in(master.api_token)

    await admin.post(f"/platform/bots/{alices.bot_id}/sign-out")

    assert not await is_in(alice)
    assert not await is_in(bob)
    assert await is_in(mallory)
    assert await is_in(admin)
    assert (await admin.post(f"/platform/bots/{master.bot_id}/sign-out")).status_code == 404


async def test_nobody_of_another_shop_is_unlinked_by_a_mixed_address(
    new_browser, master, shop, make_shop, link
):
    other = await make_shop(stock=0)
    admin = new_browser()
    await admin.sign_in(master.api_token)

    answer = await admin.post(f"/platform/bots/{other.bot_id}/people/{shop.owner.staff_id}/unlink")

    assert answer.status_code == 404
    browser = new_browser()
    assert (await browser.sign_in(shop.api_token)).headers["location"] == "/login/wait"

"""From the list of the first steps through the bot to the approved test, and back to the list."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from shop.staff import telegram
from tests.browser.judging import barriers, excess
from tests.browser.looking import Look, faults
from tests.browser.test_purchase import PHONE, Words, order, sign_in
from tests.factories import MASTER, photo

PATIENCE = 30_000
AFTER_THE_HOLD = 20_000


@pytest.mark.parametrize("language", ["fa", "en"])
async def test_an_owner_tries_a_purchase_and_the_list_knows(
    language, stack, browser, live_shop, live_units, make_phone
):
    words, phone = Words(language), await make_phone(live_shop, language=language, name="Alice")
    page = await sign_in(browser, stack, live_shop, language, viewport=PHONE)
    # Linked only now, or signing in would have waited for a tap.
    async with live_units.platform(MASTER) as uow:
        await telegram.link(await uow.enter(live_shop.bot_id), live_shop.owner.staff_id, phone.user_id)
    await page.goto(f"{stack.dashboard}/start")
    await expect(page.locator("#step-bot")).to_have_class("done", timeout=PATIENCE)
    await page.get_by_role("button", name=words("Try a purchase")).click()
    await expect(page.get_by_role("link", name=words("Open the bot"))).to_be_visible()

    await order(phone, words)
    await phone.send_photo(photo())
    await phone.read(words.pattern("✅ We have your receipt. Tracking number: #%(number)s"))
    await page.goto(f"{stack.dashboard}/receipts")
    await page.locator(".viewing").get_by_role("link", name=words("Look at it")).click()
    await expect(page.get_by_text(words("This is a test."))).to_be_visible()
    assert await faults(page, Look(language, "light")) + await barriers(page) + await excess(page) == []
    await page.get_by_role("button", name=words("Approve the test")).click()
    await expect(page.locator("#outcome")).to_be_visible(timeout=AFTER_THE_HOLD)
    ready = await phone.read(words.pattern("🎉 Your subscription is ready"))
    await page.goto(f"{stack.dashboard}/start")

    await expect(page.locator("#step-test")).to_have_class("done")
    assert words("🧪 Test purchase: nothing here is real, and no money is to be sent.") in ready["text"]
    await page.goto(f"{stack.dashboard}/transactions")
    await expect(page.get_by_text(re.compile("290,000|۲۹۰٬۰۰۰"))).to_have_count(0)
    assert page.complaints == []
    await page.context.close()

"""The owner writes to everybody and watches it go out; each customer reads it in his own language."""

from __future__ import annotations

import re
from datetime import timedelta

from playwright.async_api import expect
from sqlalchemy import update

from db.models import Broadcast
from shop.signals import broadcasts_changed
from tests.browser.test_purchase import PHONE, Words, sign_in


async def half_a_minute_passes(units, shop) -> None:
    """The hold is over: nobody waits it out in a test."""
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await uow.session.execute(
            update(Broadcast)
            .where(Broadcast.status == "scheduled")
            .values(starts_at=uow.now - timedelta(seconds=1))
        )
        await broadcasts_changed(uow)


async def test_what_the_owner_sends_to_everybody_is_read_by_everybody(
    stack, browser, live_units, live_shop, make_phone
):
    words = Words("en")
    carol = await make_phone(live_shop, language="en", name="Carol")
    sara = await make_phone(live_shop, language="fa", name="سارا")
    for phone in (carol, sara):
        await phone.say("/start")
        await phone.press(re.escape((Words("fa") if phone is sara else words)("🛒 Buy a subscription")))
    page = await sign_in(browser, stack, live_shop, "en", viewport=PHONE)

    await page.goto(f"{stack.dashboard}/broadcasts")
    await page.get_by_role("link", name="New broadcast").first.click()
    await expect(page.locator("#audience-count")).to_contain_text("2 people")
    await page.get_by_label("To whom").select_option("active")
    await expect(page.locator("#audience-count")).to_contain_text("0 people")
    await page.get_by_label("To whom").select_option("everybody")
    await page.locator("#words_fa").fill("سلام {nam}")
    await page.locator("#words_en").fill("Hello {name}, we are back")
    await page.get_by_role("button", name="Save and look at it").click()
    await expect(page.locator("#words_fa-error")).to_contain_text("{nam}")
    await page.locator("#words_fa").fill("سلام {name}، برگشتیم")
    await page.get_by_role("button", name="Save and look at it").click()
    await expect(page.locator(".bubble[lang=en]")).to_have_text("Hello Sara Nouri, we are back")
    await page.get_by_role("button", name="Send to 2 people").click()
    await expect(page.locator("#state-head")).to_have_text("Begins soon")
    await page.get_by_role("button", name="Take it back").click()
    await page.get_by_role("button", name="Send to 2 people").click()
    await expect(page.locator("#state-head")).to_have_text("Begins soon")
    await half_a_minute_passes(live_units, live_shop)

    await carol.read("Hello Carol, we are back")
    await sara.read("سلام سارا، برگشتیم")
    await expect(page.locator("#state-head")).to_have_text("Done", timeout=15_000)
    await expect(page.locator(".stats")).to_contain_text("2")
    assert [text for text in page.complaints if not re.search(r"\b422\b", text)] == []
    await page.context.close()

"""The owner writes to everybody and watches it go out; each customer reads it in his own language."""

from __future__ import annotations

import re
from datetime import timedelta

from playwright.async_api import expect
from sqlalchemy import update

from db.models import Broadcast
from shop.signals import broadcasts_changed
from tests.browser.test_purchase import PHONE, Words, sign_in
from tests.factories import photo


async def half_a_minute_passes(units, shop) -> None:
    """The hold is over: nobody waits it out in a test."""
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await uow.session.execute(
            update(Broadcast)
            .where(Broadcast.status == "scheduled")
            .values(starts_at=uow.now - timedelta(seconds=1))
        )
        await broadcasts_changed(uow)


async def choose_whom(page, *, named: int) -> None:
    """One audience after the other, of a shop with two customers; everybody at the end."""
    count = page.locator("#audience-count")
    await expect(count).to_contain_text("2 people")
    await page.locator("#audience").select_option("active")
    await expect(count).to_contain_text("0 people")
    await page.locator("#audience").select_option("named")
    await page.locator("#named").fill("nobody at all!")
    await expect(count).to_contain_text("no Telegram number")
    await page.locator("#named").fill(f"{named}")
    await expect(count).to_contain_text("1 person")
    await page.locator("#audience").select_option("everybody")
    await page.get_by_text("Narrow it down").click()
    await page.locator("#reads").select_option("fa")
    await expect(count).to_contain_text("1 person")
    await page.locator("#reads").select_option("")
    await expect(count).to_contain_text("2 people")


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
    await choose_whom(page, named=carol.user_id)
    await page.locator("#words_fa").fill("سلام {nam}")
    await page.locator("#words_en").fill("Hello {name}, we are back")
    await page.get_by_role("button", name="Save and look at it").click()
    await expect(page.locator("#words_fa-error")).to_contain_text("{nam}")
    await page.locator("#words_fa").fill("سلام {name}، برگشتیم")
    await page.get_by_label("A button below it leads to").select_option("plans")
    await page.locator("#label_fa").fill("پلن‌ها")
    await page.locator("#label_en").fill("See the plans")
    await page.locator("#picture").set_input_files(
        files=[{"name": "sale.jpg", "mimeType": "image/jpeg", "buffer": photo()}]
    )
    await page.get_by_role("button", name="Save and look at it").click()
    await expect(page.locator(".bubble[lang=en]")).to_have_text("Hello Sara Nouri, we are back")
    await expect(page.locator(".tg-kb").first).to_be_visible()
    assert await page.locator(".tg-pic").first.evaluate("picture => picture.decode().then(() => true)")
    await page.get_by_role("button", name="Send to 2 people").click()
    await expect(page.locator("#state-head")).to_have_text("Begins soon")
    await page.get_by_role("button", name="Take it back").click()
    await page.get_by_role("button", name="Send to 2 people").click()
    await expect(page.locator("#state-head")).to_have_text("Begins soon")
    await half_a_minute_passes(live_units, live_shop)

    came = await carol.read("Hello Carol, we are back")
    await sara.read("سلام سارا، برگشتیم")
    assert came["photo"], "the picture is above the words"
    await carol.press("See the plans")
    await carol.read("Which plan")
    await expect(page.locator("#state-head")).to_have_text("Done", timeout=15_000)
    await expect(page.locator(".stats")).to_contain_text("2")
    assert [text for text in page.complaints if not re.search(r"\b422\b", text)] == []
    await page.context.close()

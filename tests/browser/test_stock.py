"""An empty shelf, end to end: the customer is told, the owner pastes lines, the line arrives in the chat."""

from __future__ import annotations

import re

from playwright.async_api import expect

from shop.media.shelf import Shelf
from tests.browser.looking import go_to
from tests.browser.test_purchase import PHONE, Words, approve, order, sign_in
from tests.factories import Shops, photo

BEING_PREPARED = "Preparing “%(plan)s” takes a little longer; it will arrive right here."
LINE = "vless://pasted-by-the-owner@host.example:443"
NOTHING = "Paste at least one line, or choose a file that has some."
UPLOADED = "vless://uploaded-by-the-owner@host.example:443"


async def test_a_held_order_is_delivered_when_the_owner_fills_the_shelf(
    stack, browser, live_units, make_phone
):
    words = Words("fa")
    shelf = Shelf(stack.folder / "media")
    shop = await Shops(live_units, shelf).open(name="نسیم‌نت", price=290_000, stock=0)
    phones = [await make_phone(shop, language="fa", name=name) for name in ("سارا", "مینا")]
    page = await sign_in(browser, stack, shop, "fa", viewport=PHONE)
    for phone in phones:
        await order(phone, words)
        await phone.send_photo(photo())
        await phone.read(words.pattern("✅ We have your receipt. Tracking number: #%(number)s"))
        await page.goto(f"{stack.dashboard}/receipts")
        await page.locator(".qi a").first.click()
        await approve(page, words)
        await phone.read(words.pattern(BEING_PREPARED))

    await go_to(page, words("Stock"), more=words("More"))
    await expect(page.locator(".shelf")).to_contain_text("۲ سفارش منتظر")
    form = page.locator(".shelf form")
    send = form.get_by_role("button", name=words("Add to the stock"))
    await send.click()
    wrong = form.get_by_text(words(NOTHING))
    await expect(wrong).to_be_visible()
    await form.get_by_label(words("One line per access")).fill(f"{LINE}\n{LINE}\n")
    await form.locator("[type=file]").set_input_files(
        {"name": "lines.txt", "mimeType": "text/plain", "buffer": f"\ufeff{UPLOADED}\r\nspare\r\n".encode()}
    )
    await send.click()

    told = page.locator(".shelf [role=status]")
    await expect(told).to_contain_text("۳ خط اضافه شد")
    await expect(told).to_contain_text("۱ خط از پیش بود")
    await expect(told).to_contain_text("۲ سفارش منتظر تحویل شد")
    await expect(told).to_be_focused()
    await expect(page.locator(".shelf .left")).to_have_text("۱ خط مانده")
    await expect(form.get_by_label(words("One line per access"))).to_have_value("")
    for phone, line in zip(phones, (LINE, UPLOADED), strict=True):
        ready = await phone.read(words.pattern("🎉 Your subscription is ready"))
        assert line in ready["text"]
    assert [text for text in page.complaints if not re.search(r"\b422\b", text)] == []
    await page.context.close()


async def test_without_javascript_the_shelf_is_filled_too(stack, browser, live_shop):
    words = Words("en")
    context = await browser.new_context(java_script_enabled=False, locale="en")
    page = await context.new_page()
    await page.goto(f"{stack.dashboard}/login?lang=en")
    await page.get_by_label("API token", exact=True).fill(live_shop.api_token)
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await page.goto(f"{stack.dashboard}/stock")

    await page.get_by_role("button", name=words("Add to the stock")).click()
    await expect(page.get_by_text(words(NOTHING))).to_be_visible()
    await page.get_by_label(words("One line per access")).fill(LINE)
    await page.get_by_role("button", name=words("Add to the stock")).click()

    await expect(page.get_by_text("1 line added.")).to_be_visible()
    await expect(page.locator(".shelf .left")).to_have_text("6 lines left")
    await page.reload()
    await expect(page.get_by_text("1 line added.")).to_have_count(0)
    await context.close()

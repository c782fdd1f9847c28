"""A customer asks in the bot, the owner answers on the page, and both see both."""

from __future__ import annotations

import re

from playwright.async_api import expect

from tests.browser.test_purchase import PHONE, Words, sign_in
from tests.factories import photo


async def test_what_a_customer_asks_is_answered_on_the_page_and_read_in_his_chat(
    stack, browser, live_shop, make_phone
):
    words = Words("fa")
    phone = await make_phone(live_shop, language="fa", name="سارا")
    owner = await sign_in(browser, stack, live_shop, "fa", viewport=PHONE)
    await phone.say("/start")
    await phone.press(re.escape(words("💬 Support")))
    await phone.read(words("Write your message"))
    await phone.send_photo(photo(), "از دیشب وصل نمی‌شود")
    await phone.read(words.pattern("✅ We have your message, #%(id)s."))

    count = owner.locator(".bottomnav [data-count-of=tickets]")
    await expect(count).to_have_text("۱")
    await owner.goto(f"{stack.dashboard}/tickets")
    await owner.get_by_role("link", name="از دیشب وصل نمی‌شود").click()
    await expect(owner.locator(".said img")).to_be_visible()
    await owner.get_by_label(words("What the customer reads in his chat")).fill("برنامه را به‌روز کنید")
    picture = owner.get_by_label(words("A picture or a PDF, instead or as well"))
    await picture.set_input_files({"name": "how.jpg", "mimeType": "image/jpeg", "buffer": photo()})
    await owner.get_by_label(words("What the customer reads in his chat")).focus()
    await owner.keyboard.press("Control+Enter")
    await expect(owner.locator(".toast")).to_contain_text(words("Your answer is on its way."))
    await expect(owner.locator(".said-staff img")).to_be_visible()

    told = await phone.read("برنامه را به‌روز کنید")
    assert told["photo"]
    await phone.say("درست شد")
    await expect(owner.locator(".said").last).to_contain_text("درست شد")
    await owner.get_by_role("button", name=words("Close the ticket")).click()
    await phone.read(words.pattern("Your question #%(id)s is closed."))
    await expect(count).to_be_hidden()
    assert owner.complaints == []
    await owner.context.close()

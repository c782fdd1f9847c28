"""A customer asks in the bot, the owner answers on the page, and both see both."""

from __future__ import annotations

import re

from playwright.async_api import expect

from shop.tickets import replies
from tests.browser.judging import barriers
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


async def test_what_is_begun_is_there_again_on_another_device_and_outlives_a_broken_line(
    stack, browser, live_shop, make_phone
):
    words = Words("fa")
    phone = await make_phone(live_shop, language="fa", name="سارا")
    owner = await sign_in(browser, stack, live_shop, "fa", viewport=PHONE)
    await phone.say("/start")
    await phone.press(re.escape(words("💬 Support")))
    await phone.read(words("Write your message"))
    await phone.say("از دیشب وصل نمی‌شود")
    await phone.read(words.pattern("✅ We have your message, #%(id)s."))
    await owner.goto(f"{stack.dashboard}/tickets")
    await owner.get_by_role("link", name="از دیشب وصل نمی‌شود").click()
    box = owner.get_by_label(words("What the customer reads in his chat"))
    told = owner.locator("#draft")

    await box.press_sequentially("برنامه را ")
    await expect(told).to_have_text(words("Kept as a draft; only you see it, on any device."))
    await phone.say("هنوز هم")
    await expect(owner.locator(".said").last).to_contain_text("هنوز هم")
    await expect(box).to_have_value("برنامه را ")
    await owner.reload()
    await expect(box).to_have_value("برنامه را ")

    await owner.context.set_offline(True)
    await box.press("Control+End")
    await box.press_sequentially("به‌روز کنید")
    await expect(told).to_have_text(
        words("Not kept: the connection is lost. Leave this page open, it is tried again.")
    )
    await owner.context.set_offline(False)
    await expect(told).to_have_text(words("Kept as a draft; only you see it, on any device."))
    elsewhere = await sign_in(browser, stack, live_shop, "fa", viewport=PHONE)
    await elsewhere.goto(f"{stack.dashboard}/tickets")
    await expect(elsewhere.get_by_text(words("Your draft"))).to_be_visible()
    await elsewhere.get_by_role("link", name="از دیشب وصل نمی‌شود").click()
    there = elsewhere.get_by_label(words("What the customer reads in his chat"))
    await expect(there).to_have_value("برنامه را به‌روز کنید")
    await elsewhere.get_by_role("button", name=words("Send"), exact=True).click()
    await phone.read("برنامه را به‌روز کنید")
    await expect(there).to_have_value("")
    await elsewhere.reload()
    await expect(there).to_have_value("")
    assert elsewhere.complaints == []
    assert [one for one in owner.complaints if not re.search("DISCONNECTED|Failed to fetch", one)] == []
    for page in (owner, elsewhere):
        await page.context.close()


async def test_a_slash_in_the_empty_box_finds_a_ready_answer_and_the_next_one_follows(
    stack, browser, live_shop, live_units, make_phone
):
    words = Words("fa")
    async with live_units.begin(live_shop.bot_id, live_shop.owner) as uow:
        await replies.create(uow, "ساعت کار", "از نه تا پنج.")
        await replies.create(uow, "كندي", "برنامه را به‌روز کنید.")
        await replies.create(uow, "سلام", "سلام!")
    phones = [await make_phone(live_shop, language="fa", name=name) for name in ("سارا", "نیما")]
    for phone in phones:
        await phone.say("/start")
        await phone.press(re.escape(words("💬 Support")))
        await phone.read(words("Write your message"))
        await phone.say("کند است")
        await phone.read(words.pattern("✅ We have your message, #%(id)s."))
    owner = await sign_in(browser, stack, live_shop, "fa", viewport=PHONE)
    await owner.goto(f"{stack.dashboard}/tickets?sort=oldest")
    await owner.get_by_role("link", name="کند است").first.click()
    await expect(owner.locator("html")).to_have_attribute("data-line", "on")
    box = owner.get_by_label(words("What the customer reads in his chat"))
    find = owner.get_by_role("combobox", name=words("Find a ready answer"))
    rows = owner.locator("#find [role=option]:not([hidden])")

    await box.press("/")
    await expect(find).to_be_focused()
    await expect(rows).to_have_count(3)
    assert await barriers(owner) == []
    await find.press("Escape")
    await expect(box).to_have_value("/")
    await box.fill("")
    await box.press("/")
    await find.press_sequentially("كند")
    await expect(rows).to_have_count(1)
    await find.press("Enter")
    await expect(box).to_have_value("برنامه را به‌روز کنید.")
    await expect(owner.locator("#draft")).to_have_text(
        words("Kept as a draft; only you see it, on any device.")
    )
    await owner.get_by_role("button", name=words("Send, then the next")).click()
    await phones[0].read("برنامه را به‌روز کنید.")
    await expect(owner.locator(".toast")).to_contain_text(words("Your answer is on its way."))

    await expect(owner).to_have_url(re.compile(r"/tickets/\d+\?after=[0-9-]+&sort=oldest$"))
    await expect(owner.get_by_text("نیما").first).to_be_visible()
    await box.press("/")
    await find.press("ArrowDown")
    await find.press("ArrowUp")
    await find.press("ArrowUp")
    await expect(owner.locator("[role=option][aria-selected=true]")).to_have_count(1)
    await rows.first.click()
    await expect(box).to_be_focused()
    await box.press("Control+Enter")
    await expect(owner.locator(".said-staff")).to_be_visible()
    await owner.get_by_role("link", name=words("Next one waiting")).click()
    await expect(owner).to_have_url(re.compile(r"/tickets\?sort=oldest$"))
    assert owner.complaints == []
    await owner.context.close()

"""The owner keeps the price list, by drag and by arrows; the customer's keyboard in the bot follows."""

from __future__ import annotations

import re
from typing import Any

from playwright.async_api import Page, expect

from shop.plans import service
from tests.browser.test_purchase import Words, sign_in

DESK = {"width": 1440, "height": 900}


async def keyboard(page: Page) -> list[str]:
    """What the page says the bot shows, without the way home."""
    return (await page.locator("#bot-preview .tg-kb li").all_text_contents())[:-1]


async def test_what_the_owner_sorts_and_switches_is_what_the_bot_shows(
    stack, browser, live_units, live_shop, make_phone
):
    words = Words("en")
    async with live_units.begin(live_shop.bot_id, live_shop.owner) as uow:
        second = (await service.create_plan(uow, name="Second", period_days=90, price=290_000)).plan_id
    phone = await make_phone(live_shop, language="en", name="Carol")
    page = await sign_in(browser, stack, live_shop, "en", viewport=DESK)

    await page.goto(f"{stack.dashboard}/plans/new")
    await page.get_by_label("Name in English").fill("Third")
    await page.get_by_label("Price in Toman").fill("۴۹۰٬۰۰۰")
    await page.get_by_label("Days", exact=True).fill("180")
    await page.get_by_role("button", name="Add to the list").click()
    wrong = page.locator("#name_fa-error")
    await expect(wrong).to_contain_text("Give it a name")
    await expect(page.get_by_label("Price in Toman")).to_have_value("۴۹۰٬۰۰۰")
    await page.locator("#name_fa").fill("سومی")
    await expect(page.locator("#button-preview")).to_contain_text("Third, 490,000")
    await page.get_by_role("button", name="Add to the list").click()
    await expect(page).to_have_url(f"{stack.dashboard}/plans")
    await expect(page.locator(".planrow")).to_have_count(3)

    third = page.locator(".planrow", has_text="Third")
    await third.locator(".grip").drag_to(page.locator(".planrow").first.locator(".grip"))
    await expect(page.locator("#bot-preview .tg-kb li").first).to_have_text("Third, 490,000")
    await page.get_by_role("button", name="Move up: Second").click()
    await expect(page.locator("#bot-preview .tg-kb li").nth(1)).to_have_text("Second, 290,000")
    await expect(page.locator(f"#up-{second}")).to_be_focused()
    await page.get_by_role("switch", name="On sale: Second").click()
    await expect(page.locator("#bot-preview .tg-kb li")).to_have_count(3)
    shown = await keyboard(page)
    await page.reload()
    assert await keyboard(page) == shown

    await phone.say("/start")
    await phone.press(re.escape(words("🛒 Buy a subscription")))
    listed = await phone.read(re.escape(words("Which plan?")))
    buttons = [row[0]["text"] for row in listed["reply_markup"]["inline_keyboard"]]
    assert buttons[:-1] == shown
    assert [text for text in page.complaints if not re.search(r"\b422\b", text)] == []
    await page.context.close()


async def test_of_two_browsers_at_one_plan_the_second_sees_whose_change_it_was_and_loses_nothing(
    stack, browser, live_shop, make_phone
):
    words = Words("en")
    phone = await make_phone(live_shop, language="en", name="Carol")
    first, second = [await sign_in(browser, stack, live_shop, "en", viewport=DESK) for _ in range(2)]
    for page in (first, second):
        await page.goto(f"{stack.dashboard}/plans/{live_shop.plan_id}")
    await first.get_by_label("Price in Toman").fill("150000")
    await first.get_by_role("button", name="Save").click()
    await expect(first).to_have_url(f"{stack.dashboard}/plans")

    await second.get_by_label("Price in Toman").fill("۲۰۰٬۰۰۰")
    await second.get_by_role("button", name="Save").click()

    told = second.locator("#plan-form [role=alert]")
    await expect(told).to_contain_text("Somebody else changed this meanwhile")
    await expect(told).to_contain_text(live_shop.name)
    await expect(told).to_contain_text("150,000")
    await expect(second.get_by_label("Price in Toman")).to_have_value("۲۰۰٬۰۰۰")
    await second.get_by_role("button", name="Save").click()
    await expect(second).to_have_url(f"{stack.dashboard}/plans")
    await phone.say("/start")
    await phone.press(re.escape(words("🛒 Buy a subscription")))
    listed = await phone.read(re.escape(words("Which plan?")))
    assert "200,000" in listed["reply_markup"]["inline_keyboard"][0][0]["text"]
    assert [text for text in second.complaints if not re.search(r"\b409\b", text)] == []


async def test_what_the_owner_puts_into_a_group_is_behind_its_button_in_the_bot(
    stack, browser, live_units, live_shop, make_phone
):
    words = Words("en")
    async with live_units.begin(live_shop.bot_id, live_shop.owner) as uow:
        second = (await service.create_plan(uow, name="Second", period_days=90, price=290_000)).plan_id
        await service.create_plan(uow, name="Third", period_days=180, price=490_000)
    phone = await make_phone(live_shop, language="en", name="Carol")
    page = await sign_in(browser, stack, live_shop, "en", viewport=DESK)
    await page.goto(f"{stack.dashboard}/plans")

    await page.get_by_role("link", name="Add a group").click()
    await page.get_by_label("Name in Persian").fill("خانواده")
    await page.get_by_label("Name in English").fill("Family")
    await page.get_by_role("button", name="Add the group").click()
    await expect(page).to_have_url(f"{stack.dashboard}/plans")
    await page.goto(f"{stack.dashboard}/plans/{second}")
    await page.get_by_label("Group").select_option("Family")
    await page.get_by_role("button", name="Save").click()
    await expect(page).to_have_url(f"{stack.dashboard}/plans")
    first_button = page.locator("#bot-preview .tg-kb li").first
    await expect(first_button).to_have_text("Family ›")

    third = page.locator(".planrow", has_text="Third")
    await third.locator(".grip").drag_to(page.locator(f"#plan-{second} .grip"))
    await expect(page.locator("#bot-preview .tg-kb li")).to_have_count(3)
    await page.get_by_role("button", name="Move up: Second").click()
    behind = page.locator(".tg-in .tg-kb li")
    await expect(behind.first).to_have_text("Second, 290,000")
    await page.locator(".tg-in summary").click()
    await expect(behind.first).to_be_visible()
    inside = await behind.all_text_contents()

    await phone.say("/start")
    await phone.press(re.escape(words("🛒 Buy a subscription")))
    listed = await phone.read(re.escape(words("Which plan?")))
    assert labels(listed)[:-1] == await keyboard(page) == ["Family ›", "1 month, 50 GB, 290,000"]
    await phone.press("Family ›")
    assert labels(await phone.read("Family")) == inside
    assert page.complaints == []
    await page.context.close()


def labels(message: dict[str, Any]) -> list[str]:
    return [row[0]["text"] for row in message["reply_markup"]["inline_keyboard"]]


async def test_on_a_phone_the_bot_is_shown_on_a_sheet_that_a_button_opens(stack, browser, live_shop):
    page = await sign_in(browser, stack, live_shop, "en", viewport={"width": 390, "height": 844})
    await page.goto(f"{stack.dashboard}/plans")
    sheet, opener = page.locator("#in-bot"), page.get_by_role("button", name="Preview")
    await expect(sheet).to_be_hidden()

    await opener.click()

    await expect(sheet.locator(".tg-kb li").first).to_be_visible()
    box = await sheet.bounding_box()
    assert (box["x"], box["width"], round(box["y"] + box["height"])) == (0, 390, 844)
    await sheet.get_by_role("button", name="Close").click()
    await expect(sheet).to_be_hidden()
    await opener.click()
    await expect(sheet).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(sheet).to_be_hidden()
    await page.set_viewport_size(DESK)
    await expect(sheet).to_be_visible()
    await expect(opener).to_be_hidden()
    assert page.complaints == []

    without_script = await browser.new_context(
        viewport={"width": 390, "height": 844},
        java_script_enabled=False,
        storage_state=await page.context.storage_state(),
    )
    bare = await without_script.new_page()
    await bare.goto(f"{stack.dashboard}/plans")
    await bare.get_by_role("button", name="Preview").click()
    await expect(bare.locator("#in-bot .tg-kb li").first).to_be_visible()
    await without_script.close()
    await page.context.close()

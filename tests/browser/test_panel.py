"""The dashboard under somebody's hands: keys, amounts set apart in thousands, and what is not saved yet."""

from __future__ import annotations

from playwright.async_api import expect

from tests.browser.test_purchase import sign_in

DESK = {"width": 1440, "height": 900}


async def test_two_keys_lead_to_another_screen_and_one_to_its_search(stack, browser, live_shop):
    page = await sign_in(browser, stack, live_shop, "en", viewport=DESK)
    await page.goto(f"{stack.dashboard}/plans")

    await page.keyboard.press("?")
    await expect(page.locator("#keys")).to_be_visible()
    await page.keyboard.press("Escape")
    await page.keyboard.press("g")
    await page.keyboard.press("c")
    await page.wait_for_url(f"{stack.dashboard}/customers")
    await page.keyboard.press("/")
    await expect(page.get_by_role("searchbox")).to_be_focused()
    await page.keyboard.type("gr")
    await expect(page.get_by_role("searchbox")).to_have_value("gr")

    await page.goto(f"{stack.dashboard}/settings/panel")
    await page.get_by_label("Single-key shortcuts").first.select_option("off")
    await page.get_by_label("Rows of lists").select_option("compact")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator(".toast")).to_contain_text("Saved on this device")
    await expect(page.locator("html")).to_have_attribute("data-density", "compact")
    await page.keyboard.press("g")
    await page.keyboard.press("c")
    await page.goto(f"{stack.dashboard}/customers")
    await page.keyboard.press("/")
    await expect(page.get_by_role("searchbox")).not_to_be_focused()
    assert page.complaints == []
    await page.context.close()


async def test_the_keyboard_stays_where_it_was_when_the_answer_comes_or_the_network_is_gone(
    stack, browser, live_shop
):
    page = await sign_in(browser, stack, live_shop, "en", viewport=DESK)
    save, change = page.get_by_role("button", name="Save"), page.locator(f"#change-{live_shop.card_id}")
    switch = page.get_by_role("switch").first
    for path, opener, button, after in (
        ("/settings/shop", None, save, save),
        # What was open is closed by its answer: the way into it is as near as one can be.
        ("/cards", change, save.last, change),
        ("/features", None, switch, switch),
    ):
        await page.goto(stack.dashboard + path)
        if opener is not None:
            await opener.click()
        await button.focus()
        await page.keyboard.press("Enter")
        await expect(page.locator(".toast")).to_be_visible()
        await expect(after).to_be_focused()

    await page.context.set_offline(True)
    await page.keyboard.press("Enter")
    await expect(page.locator(".toast-bad")).to_contain_text("nothing was saved")
    await expect(switch).to_be_focused()
    await page.context.close()


async def test_a_token_is_seen_only_while_its_owner_wants_to(stack, browser):
    page = await (await browser.new_context()).new_page()
    await page.goto(f"{stack.dashboard}/login?lang=en")
    field, eye = page.get_by_label("API token"), page.get_by_role("button", name="Show the token")

    await expect(field).to_have_attribute("type", "password")
    await eye.click()
    await expect(field).to_have_attribute("type", "text")
    await expect(eye).to_have_attribute("aria-pressed", "true")
    await eye.click()
    await expect(field).to_have_attribute("type", "password")
    await page.context.close()


async def test_an_amount_is_set_apart_while_it_is_typed_and_leaving_unsaved_asks_first(
    stack, browser, live_shop
):
    page = await sign_in(browser, stack, live_shop, "en", viewport=DESK)
    await page.goto(f"{stack.dashboard}/plans/{live_shop.plan_id}")
    price, asked = page.get_by_label("Price in Toman"), []
    await expect(price).to_have_value("290,000")

    await price.fill("")
    await price.press_sequentially("1250000")
    await expect(price).to_have_value("1,250,000")
    await price.press("Home")
    await price.press("Delete")
    await expect(price).to_have_value("250,000")
    await price.fill("")
    await price.press_sequentially("۳۱۰۰۰۰")
    await expect(price).to_have_value("۳۱۰٬۰۰۰")

    async def stay(dialog):
        asked.append(dialog.type)
        await dialog.dismiss()

    page.once("dialog", stay)
    await page.get_by_role("link", name="Overview").first.click()
    await expect(price).to_have_value("۳۱۰٬۰۰۰")
    assert asked == ["beforeunload"]
    await page.get_by_role("button", name="Save").click()
    await page.wait_for_url(f"{stack.dashboard}/plans")
    await expect(page.locator(".planrow .price").first).to_contain_text("310,000")
    assert page.complaints == []
    await page.context.close()

"""The owner replaces his bot's token in settings; the bot answers the same people under the new one."""

from __future__ import annotations

from dataclasses import replace

from playwright.async_api import expect

from tests.browser.looking import sign_in, watch

PATIENCE = 30_000


async def test_the_bot_answers_under_the_token_that_its_owner_pasted(
    stack, browser, live_shop, make_phone, http
):
    phone = await make_phone(live_shop, language="en")
    await phone.say("/start")
    await phone.read("نسیم‌نت")
    renewed = f"{live_shop.telegram_token.split(':')[0]}:AA{'n' * 33}"
    context = await browser.new_context(locale="en")
    page = await context.new_page()
    complaints = watch(page)
    await sign_in(page, stack.dashboard, live_shop.api_token)
    await page.goto(f"{stack.dashboard}/settings/bot?lang=en")

    # Telegram does not know it yet: refused, and the old one goes on.
    await page.get_by_label("New token").fill(renewed)
    await page.get_by_role("button", name="Replace the token").click()
    await expect(page.get_by_text("Telegram does not know this token")).to_be_visible(timeout=PATIENCE)
    await phone.say("/start")
    known = await http.post(
        f"{stack.sandbox}/_c/bot",
        json={"token": renewed, "username": live_shop.username, "name": live_shop.name},
    )
    known.raise_for_status()
    await page.get_by_label("New token").fill(renewed)
    await page.get_by_role("button", name="Replace the token").click()
    await expect(page.get_by_text("Taken over:")).to_be_visible(timeout=PATIENCE)

    phone = replace(phone, token=renewed)
    before = len(await phone.messages())
    await phone.say("/start")
    await phone.read("نسیم‌نت", since=before)
    assert renewed.partition(":")[2] not in await page.content()
    assert complaints == []
    await context.close()

"""A fresh shop's owner follows the list; what he adds is what his bot sells, and the list knows."""

from __future__ import annotations

import re
import secrets

from playwright.async_api import expect

from shop.actors import OWNING, StaffMember
from shop.bots import service as bots
from tests.browser.looking import sign_in, watch
from tests.browser.test_purchase import Words
from tests.factories import MASTER, Shop, card_number, telegram_token

PATIENCE = 30_000


async def test_the_list_of_a_fresh_shop_leads_to_what_the_bot_sells(stack, browser, live_units, make_phone):
    words, token, username = Words("en"), telegram_token(), f"fresh_{secrets.token_hex(4)}_bot"
    async with live_units.platform(MASTER) as uow:
        made = await bots.create_bot(uow, name="نسیم‌نت", telegram_bot_token=token, username=username)
    context = await browser.new_context(locale="en")
    page = await context.new_page()
    complaints = watch(page)
    await sign_in(page, stack.dashboard, made.api_token)
    await page.goto(f"{stack.dashboard}/?lang=en")

    await expect(page).to_have_url(f"{stack.dashboard}/start")
    await expect(page.locator("#step-card")).not_to_have_class(re.compile("done"))
    await page.get_by_role("link", name="Add a card", exact=True).click()
    await page.get_by_label("Card number").first.fill(card_number())
    await page.locator("#holder-new").fill("مریم کاظمی")
    await page.get_by_role("button", name="Add the card").click()
    await expect(page.locator("#card-new")).not_to_have_attribute("open", "")
    await page.goto(f"{stack.dashboard}/start")
    await expect(page.locator("#step-card")).to_have_class("done")
    await page.get_by_role("link", name="Create a plan", exact=True).click()
    await page.locator("#name_fa").fill("یک‌ماهه")
    await page.get_by_label("Name in English").fill("One month")
    await page.get_by_label("Price in Toman").fill("120000")
    await page.get_by_label("Days", exact=True).fill("30")
    await page.get_by_role("button", name="Add to the list").click()
    await expect(page).to_have_url(f"{stack.dashboard}/plans")
    await page.goto(stack.dashboard)
    await expect(page.get_by_role("link", name="steps left to your first sale")).to_be_visible()

    phone = await make_phone(
        Shop(made.bot_id, "", username, StaffMember(made.owner_staff_id, "A", OWNING), "", token, 0, 0, 0, 0),
        language="en",
    )
    await phone.say("/start")
    await phone.press(re.escape(words("🛒 Buy a subscription")))
    assert (await phone.read(re.escape("Which plan?")))["reply_markup"]["inline_keyboard"][0][0][
        "text"
    ].startswith("One month")
    await page.goto(f"{stack.dashboard}/start")
    await expect(page.locator("#step-bot")).to_have_class("done", timeout=PATIENCE)
    assert complaints == []
    await context.close()

"""A decision can be taken back for some seconds, and counts afterwards whoever looks."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Browser, expect

from shop.media.shelf import Shelf
from shop.unit_of_work import UnitsOfWork
from tests.browser.people import Phone
from tests.browser.stack import Stack
from tests.browser.test_purchase import PHONE, Words, approve, order, sign_in
from tests.factories import Shop, Shops, photo

HOLD = 6
LATE = "Too late; the decision counts already and the customer was told."


@pytest.fixture
async def holding_shop(live_units: UnitsOfWork, stack: Stack) -> Shop:
    """A shop as it is opened: with the hold that is usual."""
    shops = Shops(live_units, Shelf(stack.folder / "media"))
    return await shops.open(name="نسیم‌نت", price=290_000, hold_seconds=HOLD)


@pytest.fixture
async def waiting(holding_shop: Shop, make_phone) -> Phone:
    """A customer whose receipt waits."""
    phone: Phone = await make_phone(holding_shop, language="en")
    await order(phone, Words("en"))
    await phone.send_photo(photo())
    await phone.read("We have your receipt")
    return phone


async def test_a_decision_counts_although_the_page_is_closed_at_once(
    stack, browser: Browser, holding_shop, waiting
):
    page = await sign_in(browser, stack, holding_shop, "en", viewport=PHONE)
    await page.goto(f"{stack.dashboard}/receipts")
    await page.locator(".qi a").first.click()
    await approve(page, Words("en"))
    await expect(page.locator("#hold .toast")).to_contain_text("Approving Carol…")
    assert page.complaints == []

    await page.context.close()

    await waiting.read("Your subscription is ready")


async def test_what_was_taken_back_is_under_review_again_and_nobody_hears_of_it(
    stack, browser: Browser, holding_shop, waiting
):
    page = await sign_in(browser, stack, holding_shop, "en")
    await page.goto(f"{stack.dashboard}/receipts")
    await page.locator(".qi a").first.click()
    await expect(page.locator(".payer")).to_contain_text("Carol")
    await page.keyboard.press("r")
    await page.keyboard.press("3")
    await page.keyboard.press("Enter")
    await expect(page.locator("#hold .toast")).to_contain_text("Rejecting Carol…")
    await expect(page.get_by_text("All clear")).to_be_visible()

    await page.keyboard.press("z")

    await expect(page.get_by_text(re.compile("Undone: .?Carol.? waits again"))).to_be_visible()
    await expect(page.locator(".payer")).to_contain_text("Carol")
    # Decided anew, it is this decision that counts, and the only one the customer ever hears of.
    await page.keyboard.press("a")
    await waiting.read("Your subscription is ready")
    told = [message.get("text") or "" for message in await waiting.messages()]
    assert not [text for text in told if "was not accepted" in text]
    assert page.complaints == []
    await page.context.close()


async def test_without_javascript_it_is_taken_back_within_the_hold_and_not_after(
    stack, browser: Browser, holding_shop, waiting
):
    context = await browser.new_context(java_script_enabled=False, locale="en")
    page = await context.new_page()
    await page.goto(f"{stack.dashboard}/login?lang=en")
    await page.get_by_label("API token", exact=True).fill(holding_shop.api_token)
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await page.goto(f"{stack.dashboard}/receipts")
    await page.locator(".qi a").first.click()
    await approve(page, Words("en"))

    await page.get_by_role("button", name=re.compile("Undo")).click()
    await expect(page.get_by_text("Undone; the receipt waits again.")).to_be_visible()
    await approve(page, Words("en"))
    await waiting.read("Your subscription is ready")
    await page.get_by_role("button", name=re.compile("Undo")).click()

    await expect(page.get_by_text(LATE)).to_be_visible()
    await context.close()


async def test_another_amount_is_told_to_the_customer_who_is_shown_a_card_for_the_rest(
    stack, browser: Browser, holding_shop, waiting
):
    page = await sign_in(browser, stack, holding_shop, "en")
    await page.goto(f"{stack.dashboard}/receipts")
    await page.locator(".qi a").first.click()
    await expect(page.locator(".payer")).to_contain_text("Carol")
    await page.keyboard.press("m")
    dialog = page.locator("#other")
    await expect(dialog).to_be_visible()
    await dialog.get_by_label("What arrived, in Toman").fill("2500000000")
    await dialog.get_by_label("Why, for your colleagues").fill("the bank shows it")
    await page.keyboard.press("Enter")
    await expect(dialog.get_by_role("alert")).to_contain_text("is this in Rial?")
    await expect(dialog.get_by_label("Why, for your colleagues")).to_have_value("the bank shows it")

    await dialog.get_by_label("What arrived, in Toman").fill("۲۵۰٬۰۰۰")
    await page.keyboard.press("Enter")
    await expect(page.locator("#hold .toast")).to_contain_text("250,000")

    told = await waiting.read("40,000 Toman is still missing")
    assert "250,000 Toman in place of 290,000 Toman" in told["text"]
    await waiting.press("Pay the rest")
    await waiting.read("40,000 Toman")
    # The refused form is an answer of 422, which the browser's console tells of by itself.
    assert [one for one in page.complaints if "422" not in one] == []
    await page.context.close()

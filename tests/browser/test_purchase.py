"""The main job, end to end: a person buys in the bot, the owner approves in a browser, the line arrives."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Browser, Page, expect

from shop.actors import System
from shop.i18n import gettext_for
from shop.wallet import queries as wallet
from tests.browser.people import Phone, buttons
from tests.factories import photo

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1440, "height": 900}


class Words:
    """What is written on buttons, in one language, taken from the catalogues people read."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._gettext = gettext_for(language)

    def __call__(self, english: str) -> str:
        return self._gettext(english)

    def pattern(self, english: str) -> str:
        """A regular expression for a sentence with placeholders."""
        return re.sub(r"%\\\(\w+\\\)s", ".*", re.escape(self(english)))


async def sign_in(browser: Browser, stack, shop, language: str, *, viewport=DESK) -> Page:
    context = await browser.new_context(viewport=viewport, locale=language)
    page = await context.new_page()
    page.complaints = []
    page.on("console", lambda message: page.complaints.append(message.text))
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    words = Words(language)
    await page.goto(f"{stack.dashboard}/login?lang={language}")
    await page.get_by_label(words("API token"), exact=True).fill(shop.api_token)
    await page.get_by_role("button", name=words("Sign in"), exact=True).click()
    await page.wait_for_url(f"{stack.dashboard}/")
    return page


async def order(phone: Phone, words: Words) -> dict:
    """From the first hello to the card on the screen."""
    await phone.say("/start")
    await phone.press(re.escape(words("🛒 Buy a subscription")))
    await phone.press("290,000|۲۹۰٬۰۰۰")
    await phone.press(re.escape(words("💳 Card to card")))
    return await phone.read(r"\d{4} \d{4} \d{4} \d{4}")


async def approve(page: Page, words: Words) -> None:
    await page.get_by_role("button", name=re.compile(re.escape(words("Approve")))).click()


@pytest.mark.parametrize("language", ["fa", "en"])
async def test_a_plan_is_bought_approved_and_delivered(
    language, stack, browser, live_shop, live_units, make_phone
):
    words = Words(language)
    phone = await make_phone(live_shop, language=language)
    screen = await order(phone, words)
    copied = [button["copy_text"]["text"] for button in buttons(screen) if "copy_text" in button]
    assert re.fullmatch(r"\d{16}", copied[0])
    assert copied[1] == "2900000", "what the bank wants is Rial"
    await phone.send_photo(photo(), caption="from my brother's card")
    await phone.read(words.pattern("✅ We have your receipt. Tracking number: #%(number)s"))

    page = await sign_in(browser, stack, live_shop, language)
    await page.goto(f"{stack.dashboard}/receipts")
    await page.locator(".qi a").first.click()
    await expect(page.get_by_text("from my brother's card")).to_be_visible()
    picture = page.locator("[data-shot]")
    await expect(picture).to_be_visible()
    # Waits for the bytes, which the element's size does not, and fails where they are no picture.
    assert await picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    await approve(page, words)
    await expect(page.locator(".qi")).to_have_count(0)
    ready = await phone.read(words.pattern("🎉 Your subscription is ready"))

    assert re.search(r"vless://\w+@host\.example:443", ready["text"])
    assert page.complaints == []
    async with live_units.begin(live_shop.bot_id, System("test")) as uow:
        assert await wallet.prove(uow) == []
    await page.context.close()


@pytest.mark.parametrize("language", ["fa", "en"])
async def test_a_receipt_is_rejected_with_a_reason_and_a_better_one_is_approved_on_a_phone(
    language, stack, browser, live_shop, make_phone
):
    words = Words(language)
    phone = await make_phone(live_shop, language=language)
    await order(phone, words)
    await phone.send_photo(photo())
    await phone.read(words.pattern("✅ We have your receipt. Tracking number: #%(number)s"))

    page = await sign_in(browser, stack, live_shop, language, viewport=PHONE)
    await page.goto(f"{stack.dashboard}/receipts")
    await page.locator(".qi a").first.click()
    await page.locator(".act").get_by_role("link", name=re.compile(re.escape(words("Reject")))).click()
    dialog = page.get_by_role("dialog")
    await dialog.locator("label[for=reason-amount_too_low]").click()
    await dialog.get_by_role("button", name=re.compile(re.escape(words("Reject")))).click()
    await phone.read(words.pattern("❌ Your receipt was not accepted"))
    await phone.send_photo(photo())
    await phone.read(words.pattern("✅ We have your receipt. Tracking number: #%(number)s"), since=5)
    await page.goto(f"{stack.dashboard}/receipts")
    await page.locator(".qi a").first.click()
    await approve(page, words)
    await phone.read(words.pattern("🎉 Your subscription is ready"))

    assert page.complaints == []
    await page.context.close()


async def test_the_desk_is_worked_by_keyboard_and_the_next_item_comes_by_itself(
    stack, browser, live_shop, make_phone
):
    words = Words("en")
    phones = [await make_phone(live_shop, language="en", name=name) for name in ("Ann", "Ben", "Cyn")]
    for phone in phones:
        await order(phone, words)
        await phone.send_photo(photo())
        await phone.read("We have your receipt")
    page = await sign_in(browser, stack, live_shop, "en")
    await page.goto(f"{stack.dashboard}/receipts")
    await page.locator(".qi a").first.click()
    await expect(page.locator(".payer")).to_contain_text("Ann")

    await page.keyboard.press("a")
    await expect(page.locator(".payer")).to_contain_text("Ben")
    await page.keyboard.press("r")
    await page.keyboard.press("3")
    await page.keyboard.press("Enter")
    await expect(page.locator(".payer")).to_contain_text("Cyn")

    await phones[0].read("Your subscription is ready")
    await phones[1].read("Your receipt was not accepted")
    assert page.complaints == []
    await page.context.close()


async def test_without_javascript_the_desk_still_decides(stack, browser, live_shop, make_phone):
    words = Words("en")
    phone = await make_phone(live_shop, language="en")
    await order(phone, words)
    await phone.send_photo(photo())
    await phone.read("We have your receipt")
    context = await browser.new_context(java_script_enabled=False, locale="en")
    page = await context.new_page()
    await page.goto(f"{stack.dashboard}/login?lang=en")
    await page.get_by_label("API token", exact=True).fill(live_shop.api_token)
    await page.get_by_role("button", name="Sign in", exact=True).click()

    await page.goto(f"{stack.dashboard}/receipts")
    await page.locator(".qi a").first.click()
    await approve(page, words)

    await phone.read("Your subscription is ready")
    await context.close()


async def test_the_second_of_two_reviewers_is_told_who_was_first(stack, browser, live_shop, make_phone):
    words = Words("en")
    phone = await make_phone(live_shop, language="en")
    await order(phone, words)
    await phone.send_photo(photo())
    await phone.read("We have your receipt")
    first = await sign_in(browser, stack, live_shop, "en")
    second = await sign_in(browser, stack, live_shop, "en")
    # A window that hears nothing: the others take the button away before he can press it.
    await second.route(re.compile("/events"), lambda route: route.abort())
    for page in (first, second):
        await page.goto(f"{stack.dashboard}/receipts")
        await page.locator(".qi a").first.click()
        await expect(page.get_by_role("button", name=re.compile("Approve"))).to_be_visible()

    await approve(first, words)
    await phone.read("Your subscription is ready")
    await approve(second, words)

    await expect(second.get_by_text("Already decided.")).to_be_visible()
    told = [m for m in await phone.messages() if "Your subscription is ready" in (m.get("text") or "")]
    assert len(told) == 1
    await first.context.close()
    await second.context.close()


async def test_the_whole_purchase_through_the_sandboxs_own_page(stack, browser, live_shop, make_phone):
    """How a newcomer meets the product: nothing but two browser windows."""
    words = Words("fa")
    person = await make_phone(live_shop, language="fa", name="سارا")
    context = await browser.new_context(viewport=DESK, locale="fa")
    page = await context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    chat = page.locator("#messages")

    await page.goto(f"{stack.sandbox}/?lang=fa&bot={live_shop.username}&user={person.user_id}")
    await page.locator("#start").click()
    await chat.get_by_role("button", name=words("🛒 Buy a subscription")).click()
    await chat.get_by_role("button", name="۲۹۰٬۰۰۰").click()
    await chat.get_by_role("button", name=words("💳 Card to card")).click()
    await expect(chat.get_by_role("button", name=words("📋 Copy card number"))).to_be_visible()
    await page.locator("#sample").click()
    await expect(chat.get_by_text(words("🔄 Status"))).to_be_visible()
    desk = await sign_in(browser, stack, live_shop, "fa")
    await desk.goto(f"{stack.dashboard}/receipts")
    await desk.locator(".qi a").first.click()
    await approve(desk, words)

    await expect(chat.get_by_text(words("🎉 Your subscription is ready"))).to_be_visible(timeout=20_000)
    assert complaints == desk.complaints == []
    await context.close()
    await desk.context.close()

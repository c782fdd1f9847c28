"""Every page in both languages and themes, on a desk, a phone and a very small phone."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, BrowserContext, expect

from shop.media.shelf import Shelf
from tests.browser.looking import Look, faults, watch
from tests.browser.stack import Stack
from tests.factories import Shops

SIZES = ((1440, 900), (390, 844), (320, 640))
LOOKS = [Look(language, theme) for language in ("fa", "en") for theme in ("light", "dark")]
TITLES = {"fa": "(۱) رسیدها · نسیم‌نت", "en": "(1) Receipts · نسیم‌نت"}
NOT_FOUND = "status of 404"


async def _sign_in(context: BrowserContext, stack: Stack, token: str) -> None:
    page = await context.new_page()
    await page.goto(f"{stack.dashboard}/login")
    await page.locator("#api-token").fill(token)
    await page.locator("main [type=submit]").click()
    await page.wait_for_url(lambda address: "/login" not in address)
    await page.close()


async def _look_at(context: BrowserContext, address: str, look: Look, *expected: str) -> list[str]:
    """What is wrong with one page at any width; it is opened once and made narrower."""
    page = await context.new_page()
    complaints = watch(page, *expected)
    found = []
    await page.set_viewport_size({"width": SIZES[0][0], "height": SIZES[0][1]})
    await page.goto(address)
    for width, height in SIZES:
        await page.set_viewport_size({"width": width, "height": height})
        found += [f"{address} at {width}: {fault}" for fault in await faults(page, look)]
    await page.close()
    return found + [f"{address}: {complaint}" for complaint in complaints]


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: f"{look.language}-{look.theme}")
async def test_every_page_fits_every_screen_and_asks_nobody_else(
    look, stack, browser: Browser, live_shop, live_units
):
    sent = await Shops(live_units, Shelf(stack.folder / "media")).receipt(live_shop)
    item = f"/receipts/{sent.payment_id}"
    stranger, owner, master = [await browser.new_context() for _ in range(3)]
    for context in (stranger, owner, master):
        await look.put_on(context, stack.dashboard)
    await _sign_in(owner, stack, live_shop.api_token)
    await _sign_in(master, stack, stack.tokens()[0])

    found = await _look_at(stranger, f"{stack.dashboard}/login", look)
    for path in ("/", "/receipts", item, f"{item}?reject=1", "/receipts?tab=approved", "/stock", "/sessions"):
        found += await _look_at(owner, stack.dashboard + path, look)
    found += await _look_at(owner, f"{stack.dashboard}/nothing-here", look, NOT_FOUND)
    found += await _look_at(master, f"{stack.dashboard}/platform/bots", look)
    found += await _look_at(stranger, f"{stack.sandbox}/?bot={live_shop.username}", look)

    assert found == []
    page = await owner.new_page()
    await page.goto(stack.dashboard + item)
    await expect(page).to_have_title(TITLES[look.language])
    for context in (stranger, owner, master):
        await context.close()

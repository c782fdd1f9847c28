"""The filters of a long list: a button on a phone, and as ever on a desk; with script and without."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.browser.test_purchase import DESK, PHONE, Words, sign_in

EN = Words("en")


@pytest.fixture
async def owner(stack, browser, live_shop):
    page = await sign_in(browser, stack, live_shop, "en", viewport=PHONE)
    yield page
    assert page.complaints == []
    await page.context.close()


async def test_on_a_phone_filters_are_folded_until_one_is_chosen_and_on_a_desk_never(owner, stack):
    await owner.goto(f"{stack.dashboard}/transactions")
    fold, kind = owner.locator("summary", has_text=EN("Filters")), owner.get_by_label(EN("Kind"))
    await expect(owner.get_by_role("searchbox")).to_be_visible()
    await expect(kind).to_be_hidden()

    await fold.click()
    await kind.select_option("deposit")
    await owner.wait_for_url(re.compile("kind=deposit"))
    await expect(fold).to_have_text(re.compile(r"\(1\)"))
    await expect(kind).to_be_visible()

    await owner.set_viewport_size(DESK)
    await owner.goto(f"{stack.dashboard}/transactions")
    await expect(kind).to_be_visible()
    await expect(fold).to_be_hidden()
    await kind.select_option("purchase")
    await owner.wait_for_url(re.compile("kind=purchase"))


async def test_without_script_a_phone_unfolds_them_too_and_its_button_sends_them(owner, stack, browser):
    state = await owner.context.storage_state()
    context = await browser.new_context(viewport=PHONE, java_script_enabled=False, storage_state=state)
    page = await context.new_page()
    await page.goto(f"{stack.dashboard}/customers")

    await page.locator("summary", has_text=EN("Filters")).click()
    await page.get_by_label(EN("State")).select_option("active")
    await page.get_by_role("button", name=EN("Show")).click()

    await page.wait_for_url(re.compile("state=active"))
    await expect(page.get_by_label(EN("State"))).to_have_value("active")
    await expect(page.get_by_label(EN("State"))).to_be_visible()
    await context.close()

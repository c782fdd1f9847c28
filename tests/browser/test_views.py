"""A view of a list: kept, left with another filter, come back to with one press, dropped."""

from __future__ import annotations

import re

from playwright.async_api import expect

from tests.browser.looking import Look, faults
from tests.browser.test_purchase import DESK, Words, sign_in

NARROW = {"width": 320, "height": 700}


async def test_the_owner_keeps_a_view_of_the_ledger_leaves_it_and_comes_back(stack, browser, live_shop):
    words = Words("fa")
    owner = await sign_in(browser, stack, live_shop, "fa")
    await owner.goto(f"{stack.dashboard}/transactions")
    tabs = owner.get_by_role("navigation", name=words("Saved views"))
    offer = owner.get_by_text(words("Save this view"), exact=True)
    kinds, ways = owner.locator("select[name=kind]"), owner.locator("select[name=method]")
    await expect(offer).to_have_count(0)

    for kind, name in (("purchase", "خریدها"), ("deposit", "واریزها")):
        await kinds.select_option(kind)
        await offer.click()
        await owner.get_by_label(words("Name of the view")).fill(name)
        await owner.locator("#views").get_by_role("button", name=words("Save"), exact=True).click()
        await expect(tabs.locator("[aria-current=page]")).to_have_text(name)
    await expect(offer).to_have_count(0)
    await ways.select_option("card_to_card")
    await expect(tabs.locator("[aria-current=page]")).to_have_count(0)
    await expect(offer).to_be_visible()

    await tabs.get_by_role("link", name="خریدها").click()
    await expect(tabs.locator("[aria-current=page]")).to_have_text("خریدها")
    await expect(tabs.locator("[aria-current=page]")).to_be_focused()
    await owner.wait_for_url(re.compile(r"/transactions\?kind=purchase$"))
    await expect(kinds).to_have_value("purchase")
    await expect(ways).to_have_value("")

    await owner.get_by_text(words("Change this view"), exact=True).click()
    await owner.set_viewport_size(NARROW)
    assert await faults(owner, Look("fa", "light")) == []
    await owner.set_viewport_size(DESK)
    await owner.get_by_role("button", name=words("Delete this view")).click()
    await expect(tabs.get_by_role("link")).to_have_text([words("All"), "واریزها"])
    await expect(offer).to_be_visible()
    await ways.select_option("wallet")
    await owner.wait_for_url(re.compile("method=wallet"))
    await owner.get_by_role("link", name=words("Clear filters")).first.click()
    await expect(tabs.locator("[aria-current=page]")).to_have_text(words("All"))
    await expect(kinds).to_have_value("")
    await expect(ways).to_have_value("")
    assert owner.complaints == []
    await owner.context.close()

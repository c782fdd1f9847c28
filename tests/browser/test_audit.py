"""What the owner did stands in the history at once, in words, and can be filtered without a new page."""

from __future__ import annotations

from playwright.async_api import expect

from tests.browser.test_purchase import PHONE, Words, sign_in


async def test_the_owner_finds_what_she_did(stack, browser, live_shop):
    words = Words("fa")
    owner = await sign_in(browser, stack, live_shop, "fa", viewport=PHONE)
    await owner.goto(f"{stack.dashboard}/tokens")
    await owner.get_by_label(words("Name of a new token")).fill("گوشی")
    await owner.get_by_role("button", name=words("Make a token")).click()
    await expect(owner.locator("#new-token")).to_be_visible()

    await owner.goto(f"{stack.dashboard}/audit")
    newest = owner.locator(".history li").first
    await expect(newest).to_contain_text(words("made a token"))
    await newest.get_by_text(words("Details")).click()
    await expect(newest).to_contain_text("گوشی")
    await owner.locator("summary", has_text=words("Filters")).click()
    await owner.get_by_label(words("What"), exact=True).select_option("cards")

    await expect(owner.locator(".history li").first).to_contain_text(words("added a card"))
    assert owner.url.endswith("kind=cards&actor=&since=")
    await owner.go_back()
    await expect(owner.locator(".history li").first).to_contain_text(words("made a token"))
    assert owner.complaints == []
    await owner.context.close()

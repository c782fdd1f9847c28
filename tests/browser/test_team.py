"""The owner lets a colleague in, on a phone; the colleague works, and is out the moment he is let go."""

from __future__ import annotations

from playwright.async_api import expect

from tests.browser.looking import go_to
from tests.browser.looking import sign_in as enter
from tests.browser.test_purchase import PHONE, Words, sign_in


async def test_a_colleague_comes_in_with_his_own_token_and_is_out_at_once(stack, browser, live_shop):
    words = Words("fa")
    owner = await sign_in(browser, stack, live_shop, "fa", viewport=PHONE)
    await go_to(owner, words("Team"), more=words("More"))
    await owner.get_by_text(words("Add a colleague")).click()
    form = owner.locator("form[action='/team']")
    await form.get_by_label(words("Name")).fill("سارا نوری")
    await form.get_by_label(words("Approve and reject receipts")).check()
    await form.get_by_role("button").click()
    token = (await owner.locator("#new-token").text_content() or "").strip()
    context = await browser.new_context(locale="fa")
    colleague = await context.new_page()
    await enter(colleague, stack.dashboard, token)
    await colleague.goto(f"{stack.dashboard}/team")
    await expect(colleague.locator(".member")).to_have_count(2)
    await expect(colleague.locator("form[action^='/team']")).to_have_count(0)

    await owner.get_by_role("link", name=words("I have copied it")).click()
    member = owner.locator(".member", has_text="سارا نوری")
    await member.get_by_text(words("Change"), exact=True).click()
    await member.get_by_role("button", name=words("Let go")).click()
    await expect(member).to_contain_text(words("Left"))
    await colleague.goto(f"{stack.dashboard}/receipts")

    await expect(colleague.locator("#api-token")).to_be_visible()
    assert owner.complaints == []
    await context.close()
    await owner.context.close()

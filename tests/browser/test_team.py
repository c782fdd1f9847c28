"""The owner lets a colleague in, on a phone; the colleague works, and is out the moment he is let go."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

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


async def test_a_token_opens_what_it_was_made_for_and_says_when_it_ends(stack, browser, live_shop):
    owner = await sign_in(browser, stack, live_shop, "en", viewport=PHONE)
    await owner.goto(f"{stack.dashboard}/tokens")
    last_day = (datetime.now(UTC) + timedelta(days=3)).strftime("%Y/%m/%d")
    await owner.get_by_label("Name of a new token").fill("Tablet")
    await owner.get_by_label("Or its last day").fill(last_day)
    await owner.get_by_label("It may do").select_option("chosen")
    await owner.get_by_label("See the overview and the lists").check()
    await owner.get_by_role("button", name="Make a token").click()
    token = (await owner.locator("#new-token").text_content() or "").strip()

    context = await browser.new_context(locale="en", viewport=PHONE)
    tablet = await context.new_page()
    await enter(tablet, stack.dashboard, token)
    await tablet.goto(f"{stack.dashboard}/customers?lang=en")
    await expect(tablet.get_by_text("this device is signed out then")).to_be_visible()
    await expect(tablet.locator("nav a[href='/receipts']")).to_have_count(0)
    refused = await tablet.goto(f"{stack.dashboard}/receipts")
    assert refused is not None
    assert refused.status == 403
    await expect(tablet.locator("main")).to_contain_text(re.compile("do not have the right"))

    await context.close()
    await owner.context.close()

"""The desk in a browser: part of the queue, the shop's own reasons, history, two side by side, a limit."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from playwright.async_api import Browser, expect

from shop.actors import RECEIPTS_APPROVE, SEEING
from shop.media.shelf import Shelf
from shop.receipts.browsing import Wanted, list_cards, list_receipts
from shop.staff import service as staff
from shop.unit_of_work import UnitsOfWork
from tests.browser.stack import Stack
from tests.browser.test_purchase import Words, order, sign_in
from tests.factories import Shop, Shops, photo


@pytest.fixture
def live_shops(live_units: UnitsOfWork, stack: Stack) -> Shops:
    return Shops(live_units, Shelf(stack.folder / "media"))


async def test_after_a_decision_the_next_of_the_narrowed_queue_comes(
    stack, browser: Browser, live_shops: Shops, live_units: UnitsOfWork
):
    shop = await live_shops.open(name="نسیم‌نت", price=290_000, cards_count=2)
    for _ in range(4):
        await live_shops.receipt(shop)
    async with live_units.begin(shop.bot_id, shop.owner) as uow:
        card = (await list_cards(uow, "en"))[0]
        page_of = await list_receipts(uow, Wanted(card_id=card.card_id), language="en", newest_first=False)
    first, second = [row.payment_id for row in page_of.rows]
    page = await sign_in(browser, stack, shop, "en")
    await page.goto(f"{stack.dashboard}/receipts")
    await expect(page.locator(".qi")).to_have_count(4)

    await page.get_by_role("link", name="Filter…").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Paid to card").select_option(str(card.card_id))
    await dialog.get_by_label("Amount from").fill("۲۹۰٬۰۰۰")
    await dialog.get_by_role("button", name="Show").click()
    await expect(page.locator(".qi")).to_have_count(2)
    part = f"?card={card.card_id}&least=290000"
    await expect(page).to_have_url(f"{stack.dashboard}/receipts{part}")

    await page.locator(f"#q-{first} a").click()
    await expect(page).to_have_url(f"{stack.dashboard}/receipts/{first}{part}")
    await page.keyboard.press("a")
    await expect(page).to_have_url(f"{stack.dashboard}/receipts/{second}{part}")
    await page.keyboard.press("a")
    await expect(page.get_by_text("No waiting receipt passes this filter.")).to_be_visible()

    await page.get_by_role("link", name="Clear filters").click()
    await expect(page.locator(".qi")).to_have_count(2)
    assert page.complaints == []
    await page.context.close()


async def test_the_customer_reads_the_reason_that_the_owner_wrote(
    stack, browser: Browser, live_shop: Shop, make_phone
):
    page = await sign_in(browser, stack, live_shop, "en")
    await page.goto(f"{stack.dashboard}/settings/reasons")
    form = page.locator("form[action='/settings/reasons']")
    await form.get_by_label("Reason, Persian").fill("رسید از بانک دیگری است")
    await form.get_by_label("What to do next, Persian").fill("رسید همین کارت را بفرستید.")
    await form.get_by_role("button", name="Add").click()
    mine = page.locator("li[id^='reason-own-']")
    await expect(mine).to_have_count(1)
    rows = page.locator("#reasons .rows > li")
    for place in (3, 2):
        await mine.get_by_role("button", name="Move up").click()
        await expect(rows.nth(place)).to_have_id(re.compile("^reason-own-"))
    phone = await make_phone(live_shop, language="fa")
    await order(phone, Words("fa"))
    await phone.send_photo(photo())

    await page.goto(f"{stack.dashboard}/receipts")
    await page.locator(".qi a").first.click()
    await expect(page.locator(".payer")).to_be_visible()
    await page.keyboard.press("r")
    await page.keyboard.press("3")
    await expect(page.locator(".will-read .bubble:visible")).to_contain_text("رسید از بانک دیگری است")
    await page.keyboard.press("Enter")

    told = await phone.read("رسید از بانک دیگری است")
    assert "رسید از بانک دیگری است رسید همین کارت را بفرستید." in told["text"]
    assert page.complaints == []
    await page.context.close()


async def test_a_warning_leads_to_both_pictures_and_a_note_stands_in_the_history(
    stack, browser: Browser, live_shops: Shops, live_shop: Shop
):
    twice = photo()
    first, second = [
        await live_shops.receipt(live_shop, await live_shops.person(live_shop, name=name), content=twice)
        for name in ("First", "Second")
    ]
    page = await sign_in(browser, stack, live_shop, "en")
    await page.goto(f"{stack.dashboard}/receipts/{second.payment_id}")

    await page.get_by_role("link", name="Compare").first.click()
    await expect(page.locator(".pair-shot img")).to_have_count(2)
    await page.locator(".pair-shot img").evaluate_all(
        "images => Promise.all(images.map((image) => image.decode()))"
    )
    await expect(page.get_by_text("the same").first).to_be_visible()

    await page.goto(f"{stack.dashboard}/receipts/{second.payment_id}")
    await page.keyboard.press("n")
    await page.get_by_label("A note for your colleagues").fill("the same as the other one")
    await page.get_by_role("button", name="Note it").click()
    await expect(page.locator(".history")).to_contain_text("the same as the other one")
    await page.goto(f"{stack.dashboard}/receipts/all?state=flagged")
    await expect(page.locator(f"#r-{second.payment_id}")).to_be_visible()
    await expect(page.locator(f"#r-{first.payment_id}")).to_have_count(0)
    await page.locator(f"#r-{second.payment_id}").get_by_role("link", name="History and notes").click()
    await expect(page.locator(".history")).to_contain_text("the same as the other one")
    assert page.complaints == []
    await page.context.close()


async def test_above_his_limit_a_colleague_may_reject_and_is_told_who_approves(
    stack, browser: Browser, live_shops: Shops, live_units: UnitsOfWork, live_shop: Shop, make_phone
):
    async with live_units.begin(live_shop.bot_id, live_shop.owner) as uow:
        rights = SEEING | {RECEIPTS_APPROVE}
        bob = await staff.create_staff(
            uow, name="Bob", role="staff", permissions=rights, approve_up_to=100_000
        )
        issued = await staff.issue_api_token(uow, bob, name="browser")
    phone = await make_phone(live_shop, language="en")
    await order(phone, Words("en"))
    await phone.send_photo(photo())
    await phone.read("We have your receipt")
    page = await sign_in(browser, stack, replace(live_shop, api_token=issued.token), "en")
    await page.goto(f"{stack.dashboard}/receipts")
    await page.locator(".qi a").first.click()

    await expect(page.locator(".act-limit")).to_contain_text("You approve up to 100,000")
    await expect(page.locator("#act [data-key='KeyA']")).to_have_count(0)
    await page.keyboard.press("a")
    await page.keyboard.press("r")
    await page.keyboard.press("3")
    await page.keyboard.press("Enter")

    await phone.read("the money has not arrived")
    told = [message.get("text") or "" for message in await phone.messages()]
    assert not [text for text in told if "Your subscription is ready" in text]
    assert page.complaints == []
    await page.context.close()

"""What the desk says beside a picture, in a browser: it came too late, or looks like another."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Browser, expect

from shop.actors import Customer, System
from shop.media.shelf import Shelf
from shop.unit_of_work import UnitsOfWork
from shop.users import service as users
from tests.bench import slips
from tests.browser.stack import Stack
from tests.browser.test_purchase import sign_in
from tests.factories import Person, Shop, Shops


@pytest.fixture
def live_shops(live_units: UnitsOfWork, stack: Stack) -> Shops:
    return Shops(live_units, Shelf(stack.folder / "media"))


async def test_late_money_goes_to_the_wallet_by_two_keys_and_the_customer_is_told_what_is_in_it(
    stack, browser: Browser, live_shops: Shops, live_units: UnitsOfWork, live_shop: Shop, make_phone
):
    phone = await make_phone(live_shop, language="en")
    await phone.say("/start")
    await phone.read("Welcome to")
    async with live_units.begin(live_shop.bot_id, System("test")) as uow:
        card = await users.register(uow, telegram_id=phone.user_id, first_name="Carol")
    carol = Person(card.id, phone.user_id, Customer(card.id, card.name))
    sent = await live_shops.late_receipt(live_shop, carol, minutes=190)
    page = await sign_in(browser, stack, live_shop, "en")
    await page.goto(f"{stack.dashboard}/receipts")
    await page.locator(".qi a").first.click()
    await expect(page.locator(".note-warn")).to_contain_text("It came 3 h after the time to pay had run out")

    await page.keyboard.press("w")
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("Into the wallet of Carol?")
    await page.keyboard.press("Enter")
    await expect(page.locator(".qi")).to_have_count(0)

    told = await phone.read("was not ordered and the money is kept for you")
    assert "290,000 Toman is in your wallet." in told["text"]
    await page.goto(f"{stack.dashboard}/receipts/all?state=to_wallet")
    row = page.locator(f"#r-{sent.payment_id}")
    await expect(row).to_contain_text("Approved, to the wallet")
    await page.goto(f"{stack.dashboard}/customers/{carol.user_id}")
    await expect(page.locator(".stat", has_text="Wallet")).to_contain_text("290,000")
    assert page.complaints == []
    await page.context.close()


async def test_a_picture_saved_smaller_is_amber_in_the_queue_and_a_tap_puts_it_beside_the_other(
    stack, browser: Browser, live_shops: Shops, live_shop: Shop
):
    drawn = slips.draw(slips.write(1, "light"))
    pictures = {"First": slips.png(drawn), "Second": slips.SENT_AGAIN["half the size"](drawn)}
    first, second = [
        await live_shops.receipt(live_shop, await live_shops.person(live_shop, name=name), content=content)
        for name, content in pictures.items()
    ]
    page = await sign_in(browser, stack, live_shop, "en")
    await page.goto(f"{stack.dashboard}/receipts")
    flag = page.locator(f"#q-{second.payment_id} .flag")
    await expect(flag).to_be_visible()
    await expect(flag).not_to_have_class(re.compile("flag-bad"))
    await expect(page.locator(f"#q-{first.payment_id} .flag")).to_have_count(0)

    await page.locator(f"#q-{second.payment_id} a").click()
    hint = page.locator(".note-warn", has_text="This image looks the same as one sent before")
    await expect(hint).to_contain_text("First")
    await hint.get_by_role("link", name="Compare").click()
    await expect(page.locator(".pair-shot img")).to_have_count(2)
    await page.locator(".pair-shot img").evaluate_all(
        "images => Promise.all(images.map((image) => image.decode()))"
    )
    assert page.complaints == []
    await page.context.close()

"""What the owner does to one customer arrives in that customer's chat; what he paid stands in the books."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from io import StringIO

import pytest
from playwright.async_api import Page, expect
from sqlalchemy import update

from db.models import StockItem
from shop.actors import Customer
from shop.media.shelf import Shelf
from shop.receipts import service as receipts
from tests.browser.people import Phone
from tests.browser.test_purchase import DESK, PHONE, Words, sign_in
from tests.factories import Person, Shops

WORDS = Words("fa")


@dataclass(frozen=True, slots=True)
class Known:
    """A customer who has pressed start, and the owner before the customer's profile."""

    phone: Phone
    owner: Page
    user_id: int


@pytest.fixture
async def known(stack, browser, live_shop, make_phone):
    """The owner finds him by a name typed with Arabic letters."""
    phone = await make_phone(live_shop, language="fa", name="یکتا")
    await phone.say("/start")
    await phone.read("یکتا")
    owner = await sign_in(browser, stack, live_shop, "fa", viewport=PHONE)
    await owner.goto(f"{stack.dashboard}/customers")
    await owner.get_by_role("searchbox").fill("يكتا")
    await owner.wait_for_url(re.compile("q="))
    await owner.locator("#list a[href^='/customers/']:visible").click()
    await owner.wait_for_url(re.compile(r"/customers/\d+$"))
    yield Known(phone, owner, int(owner.url.rsplit("/", 1)[1]))
    assert [text for text in owner.complaints if not re.search(r"\b4(09|22)\b", text)] == []
    await owner.context.close()


@pytest.fixture
async def bought(known: Known, stack, live_units, live_shop):
    """The same, who bought and was delivered to."""
    shops = Shops(live_units, Shelf(stack.folder / "media"))
    person = Person(known.user_id, known.phone.user_id, Customer(known.user_id, "یکتا"))
    sent = await shops.receipt(live_shop, person)
    async with live_units.begin(live_shop.bot_id, live_shop.owner) as uow:
        await receipts.approve(uow, sent.payment_id)
    await known.phone.read(WORDS.pattern("🎉 Your subscription is ready"))
    return known


async def test_words_and_money_of_the_shop_reach_the_customer(known: Known):
    owner, phone = known.owner, known.phone
    await owner.get_by_label(WORDS("What your bot says")).fill("سرور تازه آماده است")
    await owner.get_by_role("button", name=WORDS("Send"), exact=True).click()
    await expect(owner.locator(".toast")).to_be_visible()
    await phone.read("سرور تازه آماده است")

    amount = owner.get_by_label(WORDS("Amount in Toman"))
    await owner.get_by_label(WORDS("Direction")).select_option("take")
    await amount.fill("۵۰٬۰۰۰")
    await owner.get_by_label(WORDS("Reason")).fill("جبران قطعی")
    await owner.get_by_role("button", name=WORDS("Book it"), exact=True).click()
    await expect(owner.locator("#wallet-amount-error")).to_be_visible()
    await expect(amount).to_have_value("۵۰٬۰۰۰")
    await owner.get_by_label(WORDS("Direction")).select_option("add")
    await owner.get_by_role("button", name=WORDS("Book it"), exact=True).click()
    await expect(owner.locator(".stats")).to_contain_text("۵۰٬۰۰۰")

    told = await phone.read(WORDS.pattern("👛 The shop put %(amount)s into your wallet."))
    assert "جبران قطعی" in told["text"]
    await expect(owner.locator(".timeline")).to_contain_text("جبران قطعی")


async def test_a_note_on_a_customer_stays_on_the_profile_and_out_of_the_chat(known: Known):
    owner, phone = known.owner, known.phone
    before = len(await phone.messages())
    box = owner.get_by_label(WORDS("A note for your colleagues"))
    await box.fill("همیشه دیر واریز می\u200cکند")
    await owner.get_by_role("button", name=WORDS("Note it")).click()
    await expect(owner.locator("#notes li")).to_contain_text("دیر واریز")
    await expect(box).to_have_value("")

    await phone.say("/start")
    await phone.read("یکتا", since=before)
    assert all("دیر واریز" not in message["text"] for message in await phone.messages())


async def test_a_blocked_customer_is_told_so_by_the_bot_until_he_is_unblocked(known: Known):
    owner, phone = known.owner, known.phone
    await owner.locator("summary").filter(has_text=WORDS("Block…")).click()
    await owner.get_by_role("button", name=WORDS("Block"), exact=True).click()
    unblock = owner.get_by_role("button", name=WORDS("Unblock"))
    await expect(unblock).to_be_visible()
    before = len(await phone.messages())
    await phone.say("/start")
    await phone.read(WORDS.pattern("The shop cannot serve you here. Please ask its support."), since=before)

    await unblock.click()
    await expect(unblock).to_have_count(0)
    before = len(await phone.messages())
    await phone.say("/start")

    await phone.read("یکتا", since=before)


async def test_days_given_to_a_subscription_are_a_gift_in_the_chat(bought: Known, stack):
    owner = bought.owner
    await owner.goto(f"{stack.dashboard}/subscriptions?customer={bought.user_id}")
    row = owner.locator("#list .member")
    before = await row.locator(".muted").first.text_content()
    await row.locator("summary").click()
    await row.get_by_label(WORDS("Days"), exact=True).fill("۷")
    await row.get_by_role("button", name=WORDS("Give"), exact=True).click()
    await expect(row.locator(".muted").first).not_to_have_text(before or "")

    gift = await bought.phone.read(WORDS("🎁 A gift from the shop"))

    assert "۷ روز بیشتر" in gift["text"]


async def test_a_line_that_was_lost_is_sent_again_and_the_list_stays_narrowed(bought: Known, stack):
    owner, phone = bought.owner, bought.phone
    first = await phone.read(WORDS.pattern("🎉 Your subscription is ready"))
    await owner.goto(f"{stack.dashboard}/subscriptions?customer={bought.user_id}&state=active")
    before = len(await phone.messages())

    await owner.get_by_role("button", name=WORDS("Send again")).click()

    await expect(owner.locator(".toast")).to_contain_text(WORDS("The bot sends the line again now."))
    assert f"customer={bought.user_id}" in owner.url
    again = await phone.read(WORDS.pattern("🎉 Your subscription is ready"), since=before)
    assert again["text"] == first["text"]


async def test_the_books_say_what_was_paid_and_a_spreadsheet_says_the_same(bought: Known, stack):
    owner = bought.owner
    await owner.set_viewport_size(DESK)
    await owner.goto(f"{stack.dashboard}/transactions")
    await expect(owner.locator(".table tbody tr")).to_have_count(2)
    await owner.get_by_label(WORDS("Kind")).select_option("deposit")
    await owner.wait_for_url(re.compile("kind="))
    await expect(owner.locator(".table tbody tr")).to_have_count(1)
    await expect(owner.locator(".stats")).to_contain_text("۲۹۰٬۰۰۰")

    async with owner.expect_download() as download:
        await owner.get_by_role("link", name=WORDS("CSV file")).click()

    saved = (await (await download.value).path()).read_text("utf-8")
    assert saved.startswith("\ufeff"), "without it Excel reads no Persian"
    rows = list(csv.DictReader(StringIO(saved.removeprefix("\ufeff"))))
    assert [(row["مشتری"], row["آمده (تومان)"], row["رفته (تومان)"]) for row in rows] == [
        ("یکتا", "290000", "0")
    ]


async def test_a_paid_order_nobody_could_be_handed_is_tried_again_and_served(
    known: Known, stack, live_units, live_shop
):
    owner, phone = known.owner, known.phone
    shops = Shops(live_units, Shelf(stack.folder / "media"))
    sent = await shops.receipt(
        live_shop, Person(known.user_id, known.phone.user_id, Customer(known.user_id, "یکتا"))
    )
    async with live_units.begin(live_shop.bot_id, live_shop.owner) as uow:
        await uow.session.execute(update(StockItem).values(status="withdrawn"))
        await receipts.approve(uow, sent.payment_id)
    await owner.goto(f"{stack.dashboard}/subscriptions?customer={known.user_id}&state=undelivered")
    order = owner.locator(f"#order-{sent.order_id}")

    await order.get_by_role("button", name=WORDS("Try again")).click()
    await expect(owner.locator(".toast")).to_contain_text(
        WORDS("Nothing is left in stock for it; it is served as soon as you fill it.")
    )
    await expect(order).to_be_visible()
    await order.get_by_role("link", name=WORDS("Fill the stock")).click()
    await owner.locator("textarea[name=lines]").fill("vless://last-one")
    await owner.get_by_role("button", name=WORDS("Add to the stock")).click()

    ready = await phone.read(WORDS.pattern("🎉 Your subscription is ready"))
    assert "vless://last-one" in ready["text"]
    await owner.goto(f"{stack.dashboard}/subscriptions?state=undelivered")
    await expect(order).to_have_count(0)

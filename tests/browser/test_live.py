"""Two people and a chat at one desk, receipts arriving meanwhile: nothing is lost, nobody decides twice."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from playwright.async_api import Browser, Page, expect
from sqlalchemy import select

from db.models import AuditEntry, CardToCardPayment
from shop.actors import OWNING, System
from shop.bots import service as bots
from shop.configurations import service as configurations
from shop.media.shelf import Shelf
from shop.staff import service as staff
from shop.staff import telegram
from shop.unit_of_work import UnitsOfWork
from shop.wallet import queries as wallet
from tests.browser.looking import sign_in, watch
from tests.browser.people import Phone
from tests.browser.stack import Stack
from tests.factories import MASTER, Shop, Shops

HOLD = 15
"""Seconds: the machine is shared, and what is done within the hold has to be done within it."""
PATIENCE = 15
UNDO = """async id => (await fetch(`/receipts/${id}/undo`, {
  method: "POST", headers: { "x-csrftoken": document.querySelector("[name=_csrf_token]").value } })).status"""
CONFLICT = "status of 409"
HIDE = """hidden => {
  Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


@dataclass(frozen=True, slots=True)
class Desk:
    """A shop with two people at its desk, each in a browser of their own."""

    shops: Shops
    shop: Shop
    alice: Page
    sara: Page
    complaints: list[list[str]]

    async def receive(self, name: str) -> int:
        """A receipt of a new customer, as the bot would submit it."""
        return (await self.shops.receipt(self.shop, await self.shops.person(self.shop, name=name))).payment_id


@pytest.fixture
async def desk(browser: Browser, stack: Stack, live_units: UnitsOfWork) -> AsyncIterator[Desk]:
    shops = Shops(live_units, Shelf(stack.folder / "media"))
    shop = await shops.open(name="نسیم‌نت", price=290_000, stock=20)
    async with live_units.begin(shop.bot_id, shop.owner) as uow:
        colleague = await staff.create_staff(uow, name="سارا", role="staff", permissions=OWNING)
        token = (await staff.issue_api_token(uow, colleague, name="test")).token
    contexts = [await browser.new_context(locale="fa") for _ in range(2)]
    pages = [await context.new_page() for context in contexts]
    complaints = [watch(page, CONFLICT) for page in pages]
    for page, key in zip(pages, (shop.api_token, token), strict=True):
        await sign_in(page, stack.dashboard, key)
    yield Desk(shops, shop, *pages, complaints)
    assert complaints == [[], []]
    for context in contexts:
        await context.close()


async def test_receipts_appear_by_themselves_on_every_page_and_count_in_the_title(desk: Desk, stack: Stack):
    first = await desk.receive("نیما")
    await desk.alice.goto(f"{stack.dashboard}/receipts/{first}")
    await desk.sara.goto(f"{stack.dashboard}/stock")
    await expect(desk.alice.locator(".line-on")).to_be_visible()
    await expect(desk.sara.locator(".line-on")).to_be_visible()

    second = await desk.receive("پریسا")

    await expect(desk.alice.locator(".qi a")).to_have_text(["نیما", "پریسا"])
    await expect(desk.alice.locator(".qi.on")).to_have_id(f"q-{first}")
    await expect(desk.alice).to_have_title(re.compile(r"^\(۲\) رسیدها"))
    await expect(desk.sara.locator(".side [data-count-of=receipts]")).to_have_text("۲")
    await desk.alice.locator(f"#q-{second} a").click()
    await expect(desk.alice.locator("#desk")).to_have_attribute("data-item", str(second))
    third = await desk.receive("رضا")
    await expect(desk.alice.locator(f"#q-{third}")).to_be_visible()
    await expect(desk.alice.locator(".qi.on")).to_have_id(f"q-{second}")


async def test_what_is_typed_seen_and_turned_stays_while_receipts_arrive(desk: Desk, stack: Stack):
    first = await desk.receive("نیما")
    alice = desk.alice
    await alice.goto(f"{stack.dashboard}/receipts/{first}")
    await expect(alice.locator(".line-on")).to_be_visible()
    await alice.locator("[data-rotate]").click()
    turned = await alice.locator("[data-shot]").get_attribute("style")
    assert turned
    await alice.locator("[data-dialog=reject]").click()
    await alice.locator("label[for=reason-other]").click()
    words = alice.locator("#reason-text")
    await words.press_sequentially("مبلغ با رسید ")

    for name in ("پریسا", "رضا", "مینا"):
        await desk.receive(name)
        await words.press_sequentially(name[0])
    await expect(alice.locator(".qi")).to_have_count(4)

    await expect(words).to_be_focused()
    await expect(words).to_have_value("مبلغ با رسید پرم")
    await expect(alice.locator("#reason-mirror")).to_have_text("مبلغ با رسید پرم")
    assert await alice.locator("#reject").evaluate("dialog => dialog.open")
    assert await alice.locator("[data-shot]").get_attribute("style") == turned
    await expect(alice.locator(".qi.on")).to_have_id(f"q-{first}")


async def test_a_colleague_who_looks_is_named_and_decides_first(desk: Desk, stack: Stack):
    first = await desk.receive("نیما")
    alice, sara = desk.alice, desk.sara
    await sara.goto(f"{stack.dashboard}/receipts/{first}")
    await expect(sara.locator(".line-on")).to_be_visible()
    await alice.goto(f"{stack.dashboard}/receipts/{first}")

    await expect(alice.locator("#standing")).to_contain_text("سارا")
    await expect(sara.locator("#standing")).to_be_empty()
    await alice.locator("[data-dialog=reject]").click()
    await alice.locator("label[for=reason-other]").click()
    await alice.locator("#reason-text").fill("نخواناست")
    await sara.keyboard.press("a")

    await expect(alice.locator("#act")).to_contain_text("تأییدشده")
    await expect(alice.locator("#act")).to_contain_text("سارا")
    await expect(alice.locator("#act button, #act a")).to_have_count(0)
    told = alice.locator("#reject .standing")
    await expect(told).to_have_class(re.compile("is-over"))
    await expect(told).to_contain_text("سارا")
    await expect(alice.locator("#reason-text")).to_have_value("نخواناست")


async def test_where_a_focused_button_was_the_outcome_is_focused(desk: Desk, stack: Stack):
    first = await desk.receive("نیما")
    for page in (desk.sara, desk.alice):
        await page.goto(f"{stack.dashboard}/receipts/{first}")
        await expect(page.locator(".line-on")).to_be_visible()
    await desk.alice.locator("#act button[data-key=KeyA]").focus()

    await desk.sara.keyboard.press("a")

    await expect(desk.alice.locator("#act.act-done")).to_be_focused()


async def test_who_goes_looks_no_longer(desk: Desk, stack: Stack):
    first = await desk.receive("نیما")
    await desk.sara.goto(f"{stack.dashboard}/receipts/{first}")
    await desk.alice.goto(f"{stack.dashboard}/receipts")
    await expect(desk.alice.locator(f"#q-{first} .badge", has_text="سارا")).to_be_visible()

    await desk.sara.goto(f"{stack.dashboard}/stock")

    await expect(desk.alice.locator(f"#q-{first} .badge", has_text="سارا")).to_have_count(0)


async def test_a_network_that_lets_no_stream_through_is_asked_instead_and_comes_back(
    desk: Desk, stack: Stack
):
    streams = re.compile(r"/events\?")
    alice = desk.alice
    await alice.clock.install()
    await alice.route(streams, lambda route: route.abort())
    await alice.goto(f"{stack.dashboard}/receipts")
    await expect(alice.locator(".line-off")).to_be_visible()
    await expect(alice.locator(".line-on")).to_be_hidden()

    first = await desk.receive("نیما")
    await alice.clock.fast_forward(21_000)
    await expect(alice.locator(f"#q-{first}")).to_be_visible()
    await expect(alice).to_have_title(re.compile(r"^\(۱\) رسیدها"))
    await expect(alice.locator(".line-off")).to_be_visible()
    await alice.unroute(streams)
    await alice.clock.fast_forward(21_000)

    await expect(alice.locator(".line-on")).to_be_visible()
    second = await desk.receive("پریسا")
    await expect(alice.locator(f"#q-{second}")).to_be_visible()
    await expect(alice.locator("#toasts .toast")).to_have_count(0)
    cut = ("ERR_FAILED", "Failed to fetch")
    desk.complaints[0][:] = [text for text in desk.complaints[0] if not any(part in text for part in cut)]


async def test_a_desk_in_the_background_counts_and_another_page_catches_up(desk: Desk, stack: Stack):
    await desk.alice.goto(f"{stack.dashboard}/receipts")
    await desk.sara.goto(f"{stack.dashboard}/stock")
    for page in (desk.alice, desk.sara):
        await expect(page.locator(".line-on")).to_be_visible()
        await page.evaluate(HIDE, True)

    await desk.receive("نیما")

    await expect(desk.alice).to_have_title(re.compile(r"^\(۱\) رسیدها"))
    await desk.sara.evaluate(HIDE, False)
    await expect(desk.sara.locator(".side [data-count-of=receipts]")).to_have_text("۱")


async def test_a_page_whose_session_ended_asks_to_sign_in(desk: Desk, stack: Stack, browser: Browser):
    await desk.alice.goto(f"{stack.dashboard}/receipts")
    await expect(desk.alice.locator(".line-on")).to_be_visible()
    elsewhere = await (await browser.new_context()).new_page()
    await sign_in(elsewhere, stack.dashboard, desk.shop.api_token)

    await elsewhere.goto(f"{stack.dashboard}/sessions")
    await elsewhere.locator("form[action='/logout-everywhere'] button").click()

    await desk.alice.wait_for_url(re.compile(r"/login\?next=%2Freceipts"))
    desk.complaints[0].clear()
    await elsewhere.context.close()


@pytest.fixture
async def kian(desk: Desk, live_units: UnitsOfWork, make_phone) -> Phone:
    """A third reviewer, who decides in the chat that the shop named as its own."""
    phone: Phone = await make_phone(desk.shop, language="fa", name="کیان")
    await phone.say("/start")
    await phone.read("کیان")
    async with live_units.platform(MASTER) as uow:
        inside = await uow.enter(desk.shop.bot_id)
        colleague = await staff.create_staff(inside, name="کیان", role="staff", permissions=OWNING)
        await telegram.link(inside, colleague, phone.user_id)
        await bots.update_bot(uow, desk.shop.bot_id, admin_chat_id=phone.user_id)
    return phone


async def test_two_people_and_the_chat_work_one_queue_while_receipts_arrive(
    desk: Desk, stack: Stack, live_units: UnitsOfWork, kian: Phone
):
    alice, sara, words = desk.alice, desk.sara, desk.alice.locator("#reason-text")
    async with live_units.begin(desk.shop.bot_id, desk.shop.owner) as uow:
        await configurations.set_configuration(uow, "hold_seconds", value=HOLD)
    first, second, third = [await desk.receive(name) for name in ("نیما", "پریسا", "رضا")]
    await alice.goto(f"{stack.dashboard}/receipts/{first}")
    await sara.goto(f"{stack.dashboard}/receipts/{second}")
    for page in (alice, sara):
        await expect(page.locator(".line-on")).to_be_visible()

    # Alice writes a reason while Sara decides, takes it back and decides again, and receipts arrive.
    await alice.keyboard.press("r")
    await alice.locator("label[for=reason-other]").click()
    await words.press_sequentially("نام فرستنده ")
    await sara.keyboard.press("a")
    for page in (alice, sara):
        await expect(page.locator(f"#held-{second}")).to_be_visible()
        await expect(page.locator(f"#q-{second}")).to_have_count(0)
    fourth = await desk.receive("مینا")
    await words.press_sequentially("خوانده ")
    await sara.keyboard.press("z")
    for page in (alice, sara):
        await expect(page.locator(f"#held-{second}")).to_have_count(0)
        await expect(page.locator(f"#q-{second}")).to_be_visible()
        await expect(page.locator(f"#q-{fourth}")).to_be_visible()
    await sara.keyboard.press("a")
    await expect(alice.locator(f"#held-{second}")).to_be_visible()
    fifth = await desk.receive("ژاله")
    await kian.read("ژاله")
    await kian.press("✅")
    for page in (alice, sara):
        await expect(page.locator(f"#held-{fifth}")).to_contain_text("کیان")
        await expect(page.locator(f"#q-{fifth}")).to_have_count(0)
    await words.press_sequentially("نمی‌شود")
    await expect(words).to_have_value("نام فرستنده خوانده نمی‌شود")
    await expect(words).to_be_focused()
    await alice.keyboard.press("Enter")
    await expect(alice.locator(f"#held-{first}")).to_be_visible()
    await expect(sara.locator(f"#q-{first}")).to_have_count(0)

    # Both want the same one at the same moment.
    for page in (alice, sara):
        await page.locator(f"#q-{third} a").click()
        await expect(page.locator("#desk")).to_have_attribute("data-item", str(third))
        await expect(page.locator("#act button[data-key=KeyA]")).to_be_visible()
    await asyncio.gather(alice.keyboard.press("a"), sara.keyboard.press("a"))
    for page in (alice, sara):
        await expect(page.locator(f"#held-{third}")).to_be_visible()

    # After the hold nothing can be taken back.
    for page in (alice, sara):
        await expect(page.locator("#hold .toast")).to_have_count(0, timeout=1000 * (HOLD + PATIENCE))
        await expect(page.locator(".qi a")).to_have_text(["مینا"])
    await kian.read("✅ .?کیان")
    for payment_id in (first, second, third, fifth):
        assert await sara.evaluate(UNDO, payment_id) == 409
    assert await outcomes(live_units, desk.shop) == {
        first: ("rejected", "نام فرستنده خوانده نمی‌شود"),
        second: ("approved", None),
        third: ("approved", None),
        fourth: ("receipt_submitted", None),
        fifth: ("approved", None),
    }
    async with live_units.begin(desk.shop.bot_id, System("test")) as uow:
        decided = await uow.session.scalars(
            select(AuditEntry.subject_id).where(
                AuditEntry.action.in_(("receipt.approved", "receipt.rejected"))
            )
        )
        assert sorted(decided) == [first, second, third, fifth]
        assert await wallet.prove(uow) == []


async def test_two_people_are_given_different_receipts_and_one_takes_over_what_the_other_has(
    desk: Desk, stack: Stack
):
    alice, sara = desk.alice, desk.sara
    first, second, third, fourth = [await desk.receive(name) for name in ("نیما", "پریسا", "رضا", "مینا")]
    await alice.goto(f"{stack.dashboard}/receipts/{first}")
    await sara.goto(f"{stack.dashboard}/receipts/{second}")
    for page in (alice, sara):
        await expect(page.locator(".line-on")).to_be_visible()

    # Both decide at the same moment: each is given another one to go on with.
    await asyncio.gather(alice.keyboard.press("a"), sara.keyboard.press("a"))
    for page, mine in ((alice, first), (sara, second)):
        await expect(page.locator("#desk")).not_to_have_attribute("data-item", str(mine))
    hers, his = [await page.locator("#desk").get_attribute("data-item") for page in (alice, sara)]
    assert {hers, his} == {str(third), str(fourth)}

    # What Sara has open, Alice decides only after she took it over, and Sara sees whose it is.
    await alice.locator(f"#q-{his} a").click()
    await expect(alice.locator("#standing")).to_contain_text("سارا")
    await alice.keyboard.press("a")
    await alice.locator("#takeover [type=submit]").click()
    await expect(alice.locator("#standing")).to_be_empty()
    await expect(sara.locator("#standing")).not_to_be_empty()
    await alice.keyboard.press("a")
    await expect(sara.locator("#act")).to_contain_text("تأییدشده")


async def outcomes(units: UnitsOfWork, shop: Shop) -> dict[int, tuple[str, str | None]]:
    """What the books say became of each receipt, and in which words."""
    async with units.begin(shop.bot_id, System("test")) as uow:
        rows = await uow.session.execute(
            select(CardToCardPayment.id, CardToCardPayment.status, CardToCardPayment.admin_notes)
        )
        return {row.id: (row.status, row.admin_notes) for row in rows}

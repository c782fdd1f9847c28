"""Words of strangers in a real browser: they are read, and never become a part of the page."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from playwright.async_api import Error, Page, Request, expect
from sqlalchemy import update

from db.models import BotPlan, CardToCardPayment
from shop.actors import System
from shop.media.shelf import Shelf
from tests.browser.looking import sign_in, watch
from tests.factories import Shops

if TYPE_CHECKING:
    from playwright.async_api import Browser

    from shop.unit_of_work import UnitsOfWork
    from tests.browser.stack import Stack

MARK = "planted"
"""Every payload asks for an address that holds this word, or leaves an element or a variable of this name."""
PAYLOADS = (
    f"<img class={MARK} src=/{MARK}/1 onerror=window.{MARK}=1>",
    f'"><div class={MARK} hx-get="/{MARK}/2" hx-trigger="load">',
    f"<script class={MARK}>window.{MARK}=1</script>",
    f"<svg class={MARK} onload=window.{MARK}=1>",
    f"'><form class={MARK} action=/{MARK}/3><input autofocus>",
    f"</textarea></title><b class={MARK}>",
    f"<iframe class={MARK} src=/{MARK}/4></iframe>",
    f"<a class={MARK} href='javascript:window.{MARK}=1'>x</a>",
    f"<link class={MARK} rel=stylesheet href=/{MARK}/5>",
    "{{7*7}}{% if 1 %}${7*7}",
)
PLANTED = f"() => document.querySelectorAll('.{MARK}').length + (window.{MARK} ?? 0)"


async def test_words_of_strangers_are_read_and_do_nothing(
    browser: Browser, stack: Stack, live_units: UnitsOfWork
):
    shops = Shops(live_units, Shelf(stack.folder / "media"))
    shop = await shops.open(name=PAYLOADS[1], price=290_000)
    contexts = [await browser.new_context(locale="en") for _ in range(2)]
    owner, master = [await context.new_page() for context in contexts]
    fired: list[str] = []
    complaints = []
    for page in (owner, master):
        page.on("request", lambda request: note(request, fired))
        complaints.append(watch(page))
    await sign_in(owner, stack.dashboard, shop.api_token)
    await sign_in(master, stack.dashboard, stack.tokens()[0])
    await owner.goto(f"{stack.dashboard}/receipts")
    await expect(owner.locator(".line-on")).to_be_visible()

    # Names arrive by themselves, in the snapshot that a stream carries.
    for at, payload in enumerate(PAYLOADS):
        other = PAYLOADS[at - 1]
        async with live_units.begin(shop.bot_id, System("test")) as uow:
            await uow.session.execute(update(BotPlan).where(BotPlan.id == shop.plan_id).values(name=other))
        sent = await shops.receipt(shop, await shops.person(shop, name=payload))
        async with live_units.begin(shop.bot_id, System("test")) as uow:
            said = update(CardToCardPayment).where(CardToCardPayment.id == sent.payment_id)
            await uow.session.execute(said.values(receipt_text=payload))
        await expect(owner.locator(f"#q-{sent.payment_id} a")).to_contain_text(payload)
        assert await planted(owner) == 0

        await owner.goto(f"{stack.dashboard}/receipts/{sent.payment_id}?reject=1")
        await expect(owner.locator("#desk")).to_contain_text(payload)
        await expect(owner.locator("#desk")).to_contain_text(other)
        await owner.locator("label[for=reason-other]").click()
        await owner.locator("#reason-text").fill(payload)
        await expect(owner.locator("#reason-mirror")).to_have_text(payload)
        await expect(owner.locator(".line-on")).to_be_visible()
        assert await planted(owner) == 0

    for page, path in ((owner, "/"), (owner, "/stock"), (master, "/platform/bots")):
        await page.goto(stack.dashboard + path)
        await expect(page.locator("body")).to_contain_text(PAYLOADS[1])
        assert await planted(page) == 0
    assert fired == []
    assert complaints == [[], []]
    for context in contexts:
        await context.close()


def note(request: Request, fired: list[str]) -> None:
    if MARK in request.url:
        fired.append(request.url)


async def planted(page: Page) -> int:
    """Elements and variables that came out of a stranger's words."""
    return await page.evaluate(PLANTED)


async def test_a_picture_and_a_pdf_opened_by_themselves_run_nothing(
    browser: Browser, stack: Stack, live_units: UnitsOfWork
):
    shops = Shops(live_units, Shelf(stack.folder / "media"))
    shop = await shops.open(price=290_000)
    sent = await shops.receipt(shop)
    paper = await shops.receipt(shop, content=b"%PDF-1.7\n<script>window.planted=1</script>\n%%EOF")
    context = await browser.new_context(accept_downloads=True)
    page = await context.new_page()
    await sign_in(page, stack.dashboard, shop.api_token)

    shown = await page.goto(f"{stack.dashboard}/receipts/{sent.payment_id}/image")

    assert shown is not None
    assert shown.headers["content-type"] == "image/webp"
    assert "sandbox" in shown.headers["content-security-policy"]
    assert await page.evaluate("() => document.images[0].naturalWidth > 0 && self.origin === 'null'")
    async with page.expect_download() as download:
        # Chromium gives a navigation up that turns into a download.
        with contextlib.suppress(Error):
            await page.goto(f"{stack.dashboard}/receipts/{paper.payment_id}/image")
    assert (await (await download.value).path()).read_bytes().startswith(b"%PDF-1.7")
    await context.close()

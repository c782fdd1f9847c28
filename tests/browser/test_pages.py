"""Every page in both languages and themes, on a desk, a phone and a very small phone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from playwright.async_api import Browser, Page, expect

from shop.media.shelf import Shelf
from shop.unit_of_work import UnitsOfWork
from tests.browser.looking import Look, faults, sign_in, watch
from tests.browser.stack import Stack
from tests.factories import Shops

SIZES = ((1440, 900), (390, 844), (320, 640))
LOOKS = [Look(language, theme) for language in ("fa", "en") for theme in ("light", "dark")]
TITLES = {"fa": "(۱) رسیدها · نسیم‌نت", "en": "(1) Receipts · نسیم‌نت"}
NOT_FOUND = "status of 404"


@dataclass(frozen=True, slots=True)
class Windows:
    """One window of each who may look, and the receipt that waits in the owner's shop."""

    stranger: Page
    owner: Page
    master: Page
    receipt: str
    bot: str
    bot_id: int
    plan_id: int


@pytest.fixture(scope="module")
async def windows(browser: Browser, stack: Stack, live_units: UnitsOfWork) -> AsyncIterator[Windows]:
    shops = Shops(live_units, Shelf(stack.folder / "media"))
    shop = await shops.open(name="نسیم‌نت", price=290_000)
    sent = await shops.receipt(shop)
    contexts = [await browser.new_context() for _ in range(3)]
    stranger, owner, master = [await context.new_page() for context in contexts]
    await sign_in(owner, stack.dashboard, shop.api_token)
    await sign_in(master, stack.dashboard, stack.tokens()[0])
    yield Windows(
        stranger, owner, master, f"/receipts/{sent.payment_id}", shop.username, shop.bot_id, shop.plan_id
    )
    for context in contexts:
        await context.close()


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: f"{look.language}-{look.theme}")
async def test_every_page_fits_every_screen_and_asks_nobody_else(look: Look, windows: Windows, stack: Stack):
    dashboard, item = stack.dashboard, windows.receipt
    owners = (
        "/",
        "/receipts",
        item,
        f"{item}?reject=1",
        "/receipts?tab=approved",
        "/stock",
        "/plans",
        "/plans?tab=archived",
        "/plans/new",
        f"/plans/{windows.plan_id}",
        f"/plans/prices?percent=10&step=1000&plan={windows.plan_id}",
        "/settings",
        "/settings/payments",
        "/settings/notifications",
        "/customers",
        "/subscriptions",
        "/transactions",
        "/settings/texts",
        "/settings/texts/card",
        "/features",
        "/features/card_to_card",
        "/cards",
        "/cards/simulator?amount=290000",
        "/sessions",
        "/team",
        "/audit",
        "/tokens",
    )
    owners += ("/confirm?next=/tokens",)
    visits = [
        (windows.stranger, f"{dashboard}/login"),
        *((windows.owner, dashboard + path) for path in owners),
        (windows.owner, f"{dashboard}/nothing-here"),
        (windows.master, f"{dashboard}/platform/bots"),
        (windows.master, f"{dashboard}/platform/bots/{windows.bot_id}"),
        (windows.stranger, f"{stack.sandbox}/?bot={windows.bot}"),
    ]
    complaints = {page: watch(page, NOT_FOUND) for page in (windows.stranger, windows.owner, windows.master)}
    for page in complaints:
        await look.put_on(page.context, dashboard)

    found = []
    for page, address in visits:
        await page.goto(address)
        for width, height in SIZES:
            await page.set_viewport_size({"width": width, "height": height})
            found += [f"{address} at {width}: {fault}" for fault in await faults(page, look)]

    assert found == []
    assert [*complaints.values()] == [[], [], []]


@pytest.mark.parametrize("language", ["fa", "en"])
async def test_the_title_counts_what_waits(language: str, windows: Windows, stack: Stack):
    await Look(language, "light").put_on(windows.owner.context, stack.dashboard)

    await windows.owner.goto(stack.dashboard + windows.receipt)

    await expect(windows.owner).to_have_title(TITLES[language])

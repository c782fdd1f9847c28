"""The overview while somebody looks: another range in place, figures that follow, a table that stays open."""

from __future__ import annotations

from playwright.async_api import Browser, expect

from shop.media.shelf import Shelf
from shop.receipts import service as receipts
from shop.unit_of_work import UnitsOfWork
from tests.browser.looking import sign_in, watch
from tests.browser.stack import Stack
from tests.factories import Shops

PATIENCE = 15_000


async def test_a_sale_appears_in_every_figure_and_the_open_table_stays_open(
    browser: Browser, stack: Stack, live_units: UnitsOfWork
):
    shops = Shops(live_units, Shelf(stack.folder / "media"))
    shop = await shops.open(price=290_000)

    async def sell() -> None:
        sent = await shops.receipt(shop)
        async with live_units.begin(shop.bot_id, shop.owner) as uow:
            await receipts.approve(uow, sent.payment_id)

    await sell()
    context = await browser.new_context(locale="en")
    page = await context.new_page()
    complaints = watch(page)
    await sign_in(page, stack.dashboard, shop.api_token)
    await page.goto(f"{stack.dashboard}/?lang=en")
    await page.get_by_role("link", name="7 d", exact=True).click()
    await expect(page.get_by_role("heading", name="Sales, last 7 days")).to_be_visible()
    assert "range=7" in page.url
    await expect(page.locator("#top-plans")).to_contain_text("last 7 days")
    await page.get_by_text("View data as a table").click()

    await sell()

    for part in ("#figures", "#chart", "#chart-table"):
        await expect(page.locator(part)).to_contain_text("580,000", timeout=PATIENCE)
    await expect(page.locator("#top-plans")).to_contain_text("2 sold")
    await expect(page.locator("#chart-table")).to_be_visible()
    assert await page.locator("#chart-table tbody tr").count() == 7
    assert complaints == []
    await context.close()

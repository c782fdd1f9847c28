"""Every page in both languages and themes, on a desk, a phone and a very small phone.

axe-core judges each page twice: in one language and theme on a desk, in the other of both on a phone.
With EVERY_LOOK=1 (`make axe`) it judges the page in every look and at every size.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, Page, expect

from shop.actors import RECEIPTS_SEE
from shop.media.shelf import Shelf
from shop.receipts import service as receipts
from shop.receipts.rules import RejectReason
from shop.staff import service as staff
from shop.unit_of_work import UnitsOfWork
from tests.browser.judging import barriers, excess
from tests.browser.looking import Look, faults, sign_in, watch
from tests.browser.stack import Stack
from tests.factories import Shops, photo
from tests.web.test_matrix import ROUTES

SIZES = ((1440, 900), (390, 844), (320, 640))
LOOKS = [Look(language, theme) for language in ("fa", "en") for theme in ("light", "dark")]
TITLES = {"fa": "(۲) رسیدها · نسیم‌نت", "en": "(2) Receipts · نسیم‌نت"}
NOT_FOUND, FORBIDDEN = "status of 404", "status of 403"
EVERY_LOOK = bool(os.environ.get("EVERY_LOOK"))
JUDGED = {LOOKS[0]: (0, 1440), LOOKS[3]: (0, 390), LOOKS[1]: (1, 390), LOOKS[2]: (1, 1440)}
"""Which half of the pages axe judges in a look, and how wide; of the others, nothing."""
OPENED = 200
NO_PAGES = re.compile(
    r"[.]csv$|[.]ico$|^/static|^/health|^/events|/(image|picture|wait|count|button|after|next)$|/files/|^/start/tests/"
)
"""Files, streams and parts of pages; a test purchase is looked at where one is made (test_rehearsals.py)."""


@dataclass(frozen=True, slots=True)
class Windows:
    """One window of each who may look, and what there is to see in the owner's shop."""

    stranger: Page
    owner: Page
    reviewer: Page
    master: Page
    receipt: str
    late: str
    twin: str
    ticket: str
    broadcast: str
    buyer: int
    bot: str
    bot_id: int
    plan_id: int
    group_id: int


@pytest.fixture(scope="module")
async def windows(browser: Browser, stack: Stack, live_units: UnitsOfWork) -> AsyncIterator[Windows]:
    shops = Shops(live_units, Shelf(stack.folder / "media"))
    shop = await shops.open(name="نسیم‌نت", price=290_000)
    picture = photo()
    bought, sent = [await shops.receipt(shop) for _ in range(2)]
    twin, copied = [await shops.receipt(shop, content=picture) for _ in range(2)]
    late = await shops.late_receipt(shop)
    ticket, broadcast = await shops.ticket(shop), await shops.broadcast(shop)
    async with live_units.begin(shop.bot_id, shop.owner) as uow:
        await receipts.approve(uow, bought.payment_id)
        for payment_id in (twin.payment_id, copied.payment_id):
            await receipts.reject(uow, payment_id, reason=RejectReason.DUPLICATE_IMAGE)
        colleague = await staff.create_staff(uow, name="سارا", role="staff", permissions={RECEIPTS_SEE})
        token = (await staff.issue_api_token(uow, colleague, name="test")).token
    contexts = [await browser.new_context() for _ in range(4)]
    stranger, owner, reviewer, master = [await context.new_page() for context in contexts]
    await sign_in(owner, stack.dashboard, shop.api_token)
    await sign_in(reviewer, stack.dashboard, token)
    await sign_in(master, stack.dashboard, stack.tokens()[0])
    family = await shops.group(shop, "خانواده")
    yield Windows(
        stranger=stranger,
        owner=owner,
        reviewer=reviewer,
        master=master,
        receipt=f"/receipts/{sent.payment_id}",
        late=f"/receipts/{late.payment_id}",
        twin=f"/receipts/{copied.payment_id}",
        ticket=f"/tickets/{ticket.ticket_id}",
        broadcast=f"/broadcasts/{broadcast.broadcast_id}",
        buyer=bought.person.user_id,
        bot=shop.username,
        bot_id=shop.bot_id,
        plan_id=shop.plan_id,
        group_id=family.group_id,
    )
    for context in contexts:
        await context.close()


def visits(windows: Windows, stack: Stack) -> list[tuple[Page, str]]:
    """Every page there is, filled, empty and forbidden, with the window of somebody who looks at it."""
    dashboard, item = stack.dashboard, windows.receipt
    owners = (
        "/",
        "/receipts",
        item,
        f"{item}?reject=1",
        f"{item}/hand",
        f"{item}/history",
        windows.late,
        f"{windows.twin}/compare",
        "/receipts?tab=approved",
        "/tickets",
        "/tickets?state=closed",
        windows.ticket,
        "/tickets/replies",
        "/stock",
        f"/stock/{windows.plan_id}",
        "/plans",
        "/plans?tab=archived",
        "/plans/new",
        "/plans/groups/new",
        f"/plans/groups/{windows.group_id}",
        f"/plans/{windows.plan_id}",
        f"/plans/prices?percent=10&step=1000&plan={windows.plan_id}",
        "/settings",
        "/settings/bot",
        "/settings/payments",
        "/settings/notifications",
        "/settings/panel",
        "/customers",
        "/broadcasts",
        "/broadcasts/new",
        windows.broadcast,
        f"{windows.broadcast}/missed",
        f"/customers/{windows.buyer}",
        "/customers?q=nobody",
        "/subscriptions",
        "/subscriptions?q=nobody",
        "/receipts?card=1&least=much",
        "/receipts/all",
        "/receipts/all?state=reversed&since=soon",
        "/transactions",
        "/transactions?kind=bonus",
        "/settings/reasons",
        "/settings/texts",
        "/settings/texts/card",
        "/features",
        "/features/card_to_card",
        "/start",
        "/cards",
        "/cards/simulator?amount=290000",
        "/sessions",
        "/team",
        "/audit",
        "/audit?kind=broadcasts",
        "/tokens",
    )
    owners += ("/confirm?next=/tokens",)
    return [
        (windows.stranger, f"{dashboard}/login"),
        *((windows.owner, dashboard + path) for path in owners),
        (windows.owner, f"{dashboard}/nothing-here"),
        (windows.reviewer, f"{dashboard}/receipts"),
        (windows.reviewer, f"{dashboard}/cards"),
        (windows.reviewer, f"{dashboard}/settings/panel"),
        (windows.master, f"{dashboard}/platform/bots"),
        (windows.master, f"{dashboard}/platform/bots/{windows.bot_id}"),
        (windows.stranger, f"{stack.sandbox}/?bot={windows.bot}"),
    ]


async def test_every_page_there_is_is_visited_and_opens(windows: Windows, stack: Stack):
    visited = visits(windows, stack)
    paths = {urlsplit(address).path for _, address in visited}
    pages = {path for method, path in ROUTES if method == "GET" and not NO_PAGES.search(path)}
    answers = [(address, await page.request.get(address)) for page, address in visited]

    missing = [
        page
        for page in pages
        if not any(re.fullmatch(re.sub(r"{[^}]+}", "[^/]+", page), path) for path in paths - (pages - {page}))
    ]
    refused = {
        urlsplit(address).path: answer.status for address, answer in answers if answer.status != OPENED
    }

    assert missing == []
    assert refused == {"/nothing-here": 404, "/cards": 403}


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: f"{look.language}-{look.theme}")
async def test_every_page_fits_every_screen_and_shuts_nobody_out(look: Look, windows: Windows, stack: Stack):
    pages = {page for page, _ in visits(windows, stack)}
    complaints = {page: watch(page, NOT_FOUND, FORBIDDEN) for page in pages}
    for page in complaints:
        await look.put_on(page.context, stack.dashboard)

    found = []
    half, judged_at = JUDGED[look]
    for at, (page, address) in enumerate(visits(windows, stack)):
        await page.goto(address)
        for width, height in SIZES:
            await page.set_viewport_size({"width": width, "height": height})
            found += [f"{address} at {width}: {fault}" for fault in await faults(page, look)]
            if EVERY_LOOK or (at % 2, judged_at) == (half, width):
                found += [f"{address} at {width}: {fault}" for fault in await barriers(page)]

    assert found == []
    assert [text for said in complaints.values() for text in said] == []


# What a screen reader is told of each row, and the columns it can say with every cell.
TOLD = """() => [...document.querySelectorAll('.folds tr')].filter((row) => row.checkVisibility())
  .map((row) => [...row.cells].filter((cell) => cell.checkVisibility()).length)"""


@pytest.mark.parametrize("path", ["/transactions", "/customers", "/receipts/all"])
@pytest.mark.parametrize("width", [1440, 390])
async def test_a_table_that_folds_into_cards_is_a_table_all_the_same(
    width: int, path: str, windows: Windows, stack: Stack
):
    page = windows.owner
    await page.set_viewport_size({"width": width, "height": 844})
    await page.goto(stack.dashboard + path)
    devtools = await page.context.new_cdp_session(page)

    seen = await devtools.send("Accessibility.getFullAXTree")
    roles = Counter(one["role"]["value"] for one in seen["nodes"] if not one["ignored"])
    rows = await page.evaluate(TOLD)
    lines = await page.locator(".folds tbody tr").first.evaluate(
        "(row) => new Set([...row.cells].map((cell) => cell.getBoundingClientRect().top)).size"
    )

    assert rows[1:] == [rows[0]] * (len(rows) - 1), "every row has a cell for every column, were it empty"
    assert roles["table"] == 1
    assert roles["row"] == len(rows) > 1
    assert roles["columnheader"] == rows[0]
    assert roles["cell"] == sum(rows[1:])
    assert (lines > 1) == (width == 390)


async def test_every_page_stays_within_its_budget(windows: Windows, stack: Stack):
    found = []
    for page, address in visits(windows, stack):
        await page.goto(address)
        if address.startswith(stack.dashboard):
            found += [f"{address}: {fault}" for fault in await excess(page)]

    assert found == []


async def test_a_page_that_shuts_somebody_out_or_weighs_too_much_is_noticed(windows: Windows, stack: Stack):
    await windows.stranger.goto(f"{stack.dashboard}/login")
    assert await barriers(windows.stranger) == await excess(windows.stranger) == []

    await windows.stranger.evaluate("""() => {
      document.querySelector('[for=api-token]').remove();
      document.querySelector('form').append(...Array.from({ length: 9000 }, () => crypto.randomUUID()));
    }""")

    assert "axe label" in [fault.split(":")[0] for fault in await barriers(windows.stranger)]
    assert len(await excess(windows.stranger)) == 2


@pytest.mark.parametrize("language", ["fa", "en"])
async def test_the_title_counts_what_waits(language: str, windows: Windows, stack: Stack):
    await Look(language, "light").put_on(windows.owner.context, stack.dashboard)

    await windows.owner.goto(stack.dashboard + windows.receipt)

    await expect(windows.owner).to_have_title(TITLES[language])

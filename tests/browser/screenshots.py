"""`make screenshots`: the pictures of docs/screenshots, taken from the running product and its demo shop.

Every page is checked while it is taken: a message in the console, a page that is too wide for its screen
or heavier than its budget, a complaint of axe's, and no picture is kept.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.async_api import Browser, BrowserContext, Error, Page, async_playwright, expect

from db.crypto import Vault
from db.engine import build_engine, build_sessions
from db.settings import Settings
from shop.actors import RECEIPTS_SEE, Master
from shop.bots import service as bots
from shop.demo.script import OWNER_TELEGRAM, USERNAME
from shop.i18n import gettext_for
from shop.platform import queries as platform
from shop.staff import service as staff
from shop.unit_of_work import UnitsOfWork
from tests.browser.conftest import ARGUMENTS
from tests.browser.find import BrowserMissing, find_chromium
from tests.browser.judging import barriers, excess
from tests.browser.looking import Look, faults, sign_in, watch
from tests.browser.stack import ROOT, Stack, running_stack

TARGET = ROOT / "docs" / "screenshots"
MOST_BYTES = 5_500_000
COLORS = 256
AFTERNOON = 17
"""The hour of the shop in every picture, so that a day with sales is always behind it."""
SIZES = {"desk": (1440, 900), "phone": (390, 844)}
PLAIN = Look("fa", "light")
MORE = (Look("fa", "dark"), Look("en", "light"))
CUSTOMERS = {"fa": 700_001, "en": 700_002}
"""The sandbox's own people."""
LISTS = (
    *("customers", "subscriptions", "transactions", "tickets", "broadcasts", "cards", "plans", "stock"),
    *("features", "settings", "team", "audit", "tokens", "sessions", "start"),
)
"""Pages of the owner that are pictured as they open."""
PICTURES_IN_SIGHT_ARE_THERE = """images => Promise.all(images.filter((image) => {
  const box = image.getBoundingClientRect();
  return box.bottom >= 0 && box.top <= innerHeight;
}).map((image) => image.decode()))"""
"""Waits in a single call: what asks again and again is evaluated in the page, and its policy forbids that."""
REFUSED = ("status of 403", "status of 404")
"""What the browser says of a page that is pictured because it is refused."""
AFTER_THE_HOLD = 15_000
"""Milliseconds; a decision counts after the shop's six seconds."""


@dataclass(frozen=True, slots=True)
class Studio:
    """The running product with the windows of four people: nobody yet, the owner, a colleague, the master."""

    stack: Stack
    stranger: Page
    owner: Page
    colleague: Page
    """May look at receipts, and at nothing else."""
    master: Page
    complaints: list[str]
    folder: Path

    async def take(self, page: Page, name: str, look: Look, address: str = "") -> None:
        """The page at ``address``, or as it stands, on a desk and on a phone."""
        for form, (width, height) in SIZES.items():
            await look.put_on(page.context, self.stack.dashboard)
            await page.set_viewport_size({"width": width, "height": height})
            if address:
                await page.goto(address)
                if await page.locator("[data-live]").count():
                    await expect(page.locator("html[data-line=on]")).to_have_count(1)
            await page.locator("img").evaluate_all(PICTURES_IN_SIGHT_ARE_THERE)
            file = f"{name}-{look.language}.{look.theme}.{form}.png"
            wrong = await faults(page, look) + await barriers(page)
            if page.url.startswith(self.stack.dashboard):
                wrong += await excess(page)
            self.complaints.extend(f"{file}: {fault}" for fault in wrong)
            _keep(await page.screenshot(), self.folder / file)


def main() -> int:
    if not _has_emoji():
        sys.stderr.write(
            "No emoji font is installed, so emoji will be boxes (Debian: fonts-noto-color-emoji).\n"
        )
    with tempfile.TemporaryDirectory() as place:
        taken = Path(place) / "taken"
        taken.mkdir()
        try:
            with running_stack(Path(place) / "data", DEMO="1") as stack:
                complaints = asyncio.run(_shoot(stack, taken))
        except BrowserMissing as error:
            complaints = [str(error)]
        size = sum(file.stat().st_size for file in taken.iterdir())
        if size > MOST_BYTES:
            complaints.append(f"the pictures take {size} bytes, more than {MOST_BYTES}")
        if complaints:
            sys.stderr.write("\n".join(["Nothing was kept:", *complaints, ""]))
            return 1
        shutil.rmtree(TARGET, ignore_errors=True)
        shutil.copytree(taken, TARGET)
        sys.stdout.write(f"{len(list(taken.iterdir()))} pictures, {size // 1024} KB\n")
    return 0


async def _shoot(stack: Stack, folder: Path) -> list[str]:
    """Take every picture; what was wrong with any of the pages."""
    zone = _zone_of_afternoon(datetime.now(UTC))
    token = await _prepare_shop(stack, zone)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS)
        stranger, owner, colleague, master = [
            await (await _context(browser, zone)).new_page() for _ in range(4)
        ]
        complaints: list[str] = []
        with _heard([stranger, owner, colleague, master], complaints):
            studio = Studio(stack, stranger, owner, colleague, master, complaints, folder)
            for page, entry in zip((master, owner, colleague), (*stack.tokens(), token), strict=True):
                await sign_in(page, stack.dashboard, entry)
            await _dashboard(studio)
            for look in (PLAIN, *MORE):
                await _purchase(studio, look)
        await browser.close()
    return complaints


async def _dashboard(studio: Studio) -> None:
    address = studio.stack.dashboard
    item, warned = await _receipts(studio)
    plan = await _first(studio, "/plans")
    for look in (PLAIN, *MORE):
        await studio.take(studio.owner, "overview", look, f"{address}/")
        await studio.take(studio.owner, "receipts", look, address + item)
    for name, path in (
        ("receipts-list", "/receipts"),
        ("receipts-warning", warned),
        ("receipts-reject", f"{item}?reject=1"),
        *((name, f"/{name}") for name in LISTS),
        ("customer", await _first(studio, "/customers")),
        ("ticket", await _first(studio, "/tickets")),
        ("ticket-replies", "/tickets/replies"),
        ("stock-plan", plan.replace("/plans", "/stock")),
        ("plan", plan),
        ("plans-prices", f"/plans/prices?percent=10&step=1000&plan={plan.rsplit('/', 1)[1]}"),
        ("cards-simulator", "/cards/simulator?amount=290000"),
        ("settings-bot", "/settings/bot"),
        ("settings-payments", "/settings/payments"),
        ("settings-notifications", "/settings/notifications"),
        ("texts", "/settings/texts"),
        ("text", "/settings/texts/card"),
        ("settings-panel", "/settings/panel"),
        ("settings-reasons", "/settings/reasons"),
        ("broadcast", "/broadcasts/1"),
        ("broadcast-draft", "/broadcasts/2"),
        ("broadcast-missed", "/broadcasts/1/missed"),
        ("receipts-all", "/receipts/all"),
        ("receipt-history", f"{item}/history"),
        ("receipt-hand", f"{item}/hand"),
        ("receipt-compare", f"{warned}/compare"),
        ("broadcasts-new", "/broadcasts/new"),
        ("plans-new", "/plans/new"),
        ("plans-group-new", "/plans/groups/new"),
        ("plans-archived", "/plans?tab=archived"),
        ("customers-nobody", "/customers?q=nobody"),
        ("not-found", "/nothing-here"),
    ):
        await studio.take(studio.owner, name, PLAIN, address + path)
    await studio.take(studio.colleague, "forbidden", PLAIN, f"{address}/plans")
    await studio.owner.goto(f"{address}/plans")
    await studio.owner.keyboard.press("?")
    await studio.take(studio.owner, "keys", PLAIN)
    await studio.take(studio.stranger, "sign-in", PLAIN, f"{address}/login")
    await studio.take(studio.master, "shops", PLAIN, f"{address}/platform/bots")
    shop = studio.master.locator("main a[href^='/platform/bots/']:visible").first
    await studio.take(studio.master, "shop", PLAIN, address + (await shop.get_attribute("href") or ""))
    owners = f"{studio.stack.sandbox}/?bot={USERNAME}&user={OWNER_TELEGRAM}"
    await studio.stranger.goto(owners)
    await expect(studio.stranger.locator("#messages .m").last).to_be_visible()
    await studio.take(studio.stranger, "sandbox-deciding", PLAIN)


async def _first(studio: Studio, path: str) -> str:
    """Where the first row of a list leads."""
    await studio.owner.goto(studio.stack.dashboard + path)
    rows = studio.owner.locator(f"main a[href^='{path}/']:visible")
    links = await rows.evaluate_all("links => links.map(a => a.getAttribute('href'))")
    return next(link for link in links if re.fullmatch(rf"{path}/\d+(\?.*)?", link))


async def _receipts(studio: Studio) -> tuple[str, str]:
    """A receipt without a warning, and one with a red one, which asks again before it is approved."""
    page, address = studio.owner, studio.stack.dashboard
    await page.goto(f"{address}/receipts")
    paths = await page.locator(".qi a").evaluate_all("links => links.map(a => a.getAttribute('href'))")
    calm = await page.locator(".qi:not(:has(.flag)) a").first.get_attribute("href")
    for path in paths:
        await page.goto(address + path)
        if calm and await page.locator("#approve").count():
            return calm, path
    raise RuntimeError("the demo shop has no receipt with a red warning")


async def _purchase(studio: Studio, look: Look) -> None:
    """In the sandbox's page: once with the card on the screen, once with what was bought."""
    say, page = gettext_for(look.language), studio.stranger
    address = f"{studio.stack.sandbox}/?bot={USERNAME}&user={CUSTOMERS[look.language]}"
    chat = page.locator("#messages")
    await look.put_on(page.context, studio.stack.dashboard)
    await page.set_viewport_size({"width": SIZES["desk"][0], "height": SIZES["desk"][1]})
    await page.goto(address)
    await _begin(page)
    await chat.get_by_role("button", name=say("🛒 Buy a subscription")).last.click()
    await chat.get_by_role("button", name=re.compile("125,000|۱۲۵٬۰۰۰")).last.click()
    await chat.get_by_role("button", name=say("💳 Card to card")).last.click()
    received = chat.get_by_text(say("🔄 Status"))
    ready = chat.get_by_text(say("🎉 Your subscription is ready"))
    receipts, bought = await received.count(), await ready.count()
    card = page.locator("#messages .m").last.get_by_role("button", name=say("📋 Copy card number"))
    await expect(card).to_be_visible()
    await studio.take(page, "sandbox-card", look)

    await page.locator("#sample").click()
    await expect(received).to_have_count(receipts + 1)
    await _approve_newest(studio)
    await expect(ready).to_have_count(bought + 1, timeout=AFTER_THE_HOLD)
    await page.locator("#messages .m").last.scroll_into_view_if_needed()
    await studio.take(page, "sandbox", look)


async def _begin(page: Page) -> None:
    """Which of the two ways is there turns out when the page has read the chat."""
    while True:
        with suppress(Error):
            await page.locator("#start").click(timeout=1_000)
            return
        with suppress(Error):
            await page.locator("#text").fill("/start", timeout=1_000)
            await page.locator("#send").click(timeout=1_000)
            return


async def _approve_newest(studio: Studio) -> None:
    page = studio.owner
    await page.set_viewport_size({"width": SIZES["desk"][0], "height": SIZES["desk"][1]})
    await page.goto(f"{studio.stack.dashboard}/receipts")
    waiting = await page.locator(".qi").count()
    await page.locator(".qi a").last.click()
    await page.locator(".act [data-key=KeyA]").click()
    await page.locator("#hold .toast").wait_for()
    await expect(page.locator(".qi")).to_have_count(waiting - 1)


async def _context(browser: Browser, zone: str) -> BrowserContext:
    return await browser.new_context(timezone_id=zone, reduced_motion="reduce")


@contextmanager
def _heard(pages: list[Page], complaints: list[str]) -> Iterator[None]:
    """What the browser says while the pages are used, added to ``complaints`` at the end."""
    heard = [watch(page, *REFUSED) for page in pages]
    yield
    complaints.extend(text for said in heard for text in said)


def _zone_of_afternoon(now: datetime) -> str:
    """A time zone in which it is about five now. Its name counts westward."""
    ahead = (AFTERNOON - now.hour + 11) % 24 - 11
    return f"Etc/GMT{-ahead:+d}" if ahead else "Etc/GMT"


async def _prepare_shop(stack: Stack, zone: str) -> str:
    """The demo shop in an afternoon, with a colleague more; his token."""
    settings = Settings.from_env(stack.environment)
    engine = build_engine(settings.database_url, application_name="screenshots")
    units = UnitsOfWork(build_sessions(engine), Vault(settings.secret_keys), channel="web")
    async with units.platform(Master(1, "Master")) as uow:
        shops = await platform.list_shops(uow)
        demo = next(shop.bot_id for shop in shops if shop.username == USERNAME)
        await bots.update_bot(uow, demo, timezone=zone)
        inside = await uow.enter(demo)
        name, rights = "زهرا نوری", {RECEIPTS_SEE}
        colleague = await staff.create_staff(inside, name=name, role="staff", permissions=rights)
        token = (await staff.issue_api_token(inside, colleague, name="Phone")).token
    await engine.dispose()
    return token


def _keep(picture: bytes, file: Path) -> None:
    """With a palette: a third of the bytes, and no difference to see but in the sandbox's soft background."""
    image = Image.open(BytesIO(picture)).convert("RGB")
    if file.name.startswith("sandbox"):
        image.save(file, "PNG", optimize=True)
        return
    # One round of k-means keeps the pale surfaces from taking a tint.
    drawn = image.quantize(COLORS, Image.Quantize.MAXCOVERAGE, kmeans=1, dither=Image.Dither.NONE)
    drawn.save(file, "PNG", optimize=True)


def _has_emoji() -> bool:
    if not shutil.which("fc-list"):
        return True
    found = subprocess.run(["fc-list", ":lang=und-zsye"], capture_output=True, check=False)
    return bool(found.stdout.strip())


if __name__ == "__main__":
    sys.exit(main())

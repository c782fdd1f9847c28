"""Keys, sign-in and the second factor on the running product, with three workers behind a proxy."""

from __future__ import annotations

import asyncio
import json
import re
import secrets
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg
import httpx
import pytest
from playwright.async_api import Browser, BrowserContext, Locator, Page, Request, expect

from db.crypto import Vault
from db.datadir import socket_folder
from db.engine import build_engine, build_sessions
from db.settings import Settings
from db.urls import DATABASE
from shop.formatting import latin
from shop.media.shelf import Shelf
from shop.staff import telegram
from shop.staff.rules import _check_sum
from shop.unit_of_work import UnitsOfWork
from tests.browser.people import Phone
from tests.browser.stack import Stack, running_stack
from tests.factories import MASTER, Shop, Shops
from tests.web.test_live import eventually

TOKEN = re.compile(r"pk_live_[a-z0-9]{8}_[A-Za-z0-9_-]{49}")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = Path(tmp_path_factory.mktemp("keys")) / "data"
    settings = {"DEMO": "0", "WEB_WORKERS": "3", "LOG_FORMAT": "json", "TRUSTED_PROXIES": "127.0.0.1"}
    with running_stack(folder, **settings) as running:
        yield running


@pytest.fixture(scope="module")
async def live_units(stack: Stack) -> AsyncIterator[UnitsOfWork]:
    settings = Settings.from_env(stack.environment)
    engine = build_engine(settings.database_url, application_name="browser tests")
    yield UnitsOfWork(build_sessions(engine), Vault(settings.secret_keys), channel="test")
    await engine.dispose()


@pytest.fixture
async def shop(live_units: UnitsOfWork, stack: Stack) -> Shop:
    return await Shops(live_units, Shelf(stack.folder / "media")).open(name="نسیم‌نت", stock=0)


@dataclass
class Alice:
    """At her browser; what went over the wire and what the pages showed is kept."""

    context: BrowserContext
    page: Page
    dashboard: str
    urls: list[str] = field(default_factory=list)

    @classmethod
    async def at(cls, browser: Browser, stack: Stack, **options: object) -> Alice:
        context = await browser.new_context(locale="en", **options)
        alice = cls(context, await context.new_page(), stack.dashboard)
        alice.page.on("request", alice.note)
        return alice

    def note(self, request: Request) -> None:
        self.urls.append(request.url)

    async def show(self, token: str) -> None:
        await self.page.goto(f"{self.dashboard}/login?lang=en")
        await self.page.get_by_label("API token", exact=True).fill(token)
        await self.page.get_by_role("button", name="Sign in", exact=True).click()

    async def sign_in(self, token: str) -> None:
        await self.show(token)
        await self.page.wait_for_url(f"{self.dashboard}/")

    async def new_token(self) -> str:
        shown = self.page.locator("#new-token")
        await expect(shown).to_be_visible()
        (token,) = TOKEN.findall(await shown.inner_text())
        await self.page.get_by_role("link", name="I have copied it").click()
        await expect(self.page.get_by_role("heading", name="API tokens", level=1)).to_be_visible()
        return token

    async def change(self, token: str) -> Locator:
        """The list's row of a token, opened for changes."""
        row = self.page.locator(".token", has_text=token.split("_")[2])
        await row.locator("summary").click()
        return row

    async def is_out(self) -> bool:
        await self.page.goto(f"{self.dashboard}/receipts")
        return "/login" in self.page.url


async def everything_in(stack: Stack) -> str:
    """Every row of every table, as the database would hand it to a thief."""
    connection = await asyncpg.connect(
        host=str(socket_folder(stack.folder)), port=5432, user="postgres", database=DATABASE
    )
    try:
        tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        rows = [await connection.fetch(f"SELECT t::text FROM {table} t") for (table,) in tables]  # noqa: S608  (our own names)
    finally:
        await connection.close()
    return "\n".join(row[0] for found in rows for row in found)


async def test_keys_are_made_replaced_and_revoked_and_are_found_nowhere_afterwards(stack, browser, shop):
    alice, elsewhere = [await Alice.at(browser, stack) for _ in range(2)]
    await alice.sign_in(shop.api_token)
    await elsewhere.sign_in(shop.api_token)
    page = alice.page

    await page.goto(f"{stack.dashboard}/tokens")
    await page.get_by_label("Name of a new token").fill("Laptop")
    await page.get_by_role("button", name="Make a token").click()
    laptop = await alice.new_token()
    row = await alice.change(shop.api_token)
    await row.get_by_label("stops now").check()
    await row.get_by_role("button", name="Replace", exact=True).click()
    replaced = await alice.new_token()

    assert await elsewhere.is_out()
    await elsewhere.show(shop.api_token)
    await expect(elsewhere.page.get_by_role("alert")).to_contain_text("not valid or was revoked")
    await elsewhere.sign_in(laptop)
    await page.reload()
    await expect(page.locator(".token", has_text=laptop.split("_")[2])).to_contain_text("Last used just now")
    row = await alice.change(laptop)
    await row.get_by_role("button", name="Revoke", exact=True).click()
    await expect(page.get_by_role("status").filter(has_text="Revoked")).to_be_visible()
    assert await elsewhere.is_out()
    await elsewhere.show(laptop[:-1] + ("a" if laptop[-1] != "a" else "b"))
    await expect(elsewhere.page.get_by_role("alert")).to_be_visible()
    shown = [await page.content(), await elsewhere.page.content()]
    for path in ("/sessions", "/tokens", "/", "/nowhere"):
        await page.goto(stack.dashboard + path)
        shown.append(await page.content())

    kept = await everything_in(stack)
    cookies = str([await one.context.cookies() for one in (alice, elsewhere)])
    places = [kept, stack.printed, *shown, *alice.urls, *elsewhere.urls, cookies]
    assert laptop.split("_")[2] in kept
    for token in (shop.api_token, laptop, replaced):
        secret = token.split("_", 3)[3]
        assert not any(secret in place or secret[:20] in place for place in places)
    assert stack.printed.count(stack.tokens()[0]) == 1
    for cookie in await alice.context.cookies():
        assert cookie["value"] not in kept or cookie["name"] in {"lang", "theme"}
    await alice.context.close()
    await elsewhere.context.close()


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without"])
async def test_the_page_with_a_new_token_loaded_again_shows_none_and_makes_none(stack, browser, shop, script):
    alice = await Alice.at(browser, stack, java_script_enabled=script)
    await alice.sign_in(shop.api_token)
    await alice.page.goto(f"{stack.dashboard}/tokens")
    await alice.page.get_by_label("Name of a new token").fill("Laptop")
    await alice.page.get_by_role("button", name="Make a token").click()
    await expect(alice.page.locator("#new-token")).to_be_visible()

    await alice.page.reload()

    await expect(alice.page.get_by_role("heading", name="API tokens", level=1)).to_be_visible()
    await expect(alice.page.locator(".token", has_text="Laptop")).to_have_count(1)
    assert TOKEN.search(await alice.page.content()) is None
    await alice.context.close()


async def test_signing_out_everywhere_ends_the_other_browser_too(stack, browser, shop):
    here, there = [await Alice.at(browser, stack) for _ in range(2)]
    for one in (here, there):
        await one.sign_in(shop.api_token)

    await here.page.goto(f"{stack.dashboard}/sessions")
    await expect(here.page.get_by_text("This device", exact=True)).to_have_count(1)
    await here.page.get_by_role("button", name="Sign out everywhere").click()

    await here.page.wait_for_url("**/login")
    assert await there.is_out()
    await here.context.close()
    await there.context.close()


@pytest.fixture
async def phone(stack: Stack, shop: Shop, live_units: UnitsOfWork) -> AsyncIterator[Phone]:
    """Alice's, with her shop's bot started and her account linked."""
    async with httpx.AsyncClient(timeout=10) as http:
        user_id = 10**8 + secrets.randbelow(9 * 10**8)
        person = {"id": user_id, "first_name": "Alice", "username": f"p{user_id}", "language_code": "en"}
        (await http.post(f"{stack.sandbox}/_c/user", json=person)).raise_for_status()
        made = Phone(http, stack.sandbox, shop.telegram_token, user_id)
        await made.find_bot()
        await made.say("/start")
        await made.read("Alice")
        async with live_units.platform(MASTER) as platform:
            await telegram.link(await platform.enter(shop.bot_id), shop.owner.staff_id, user_id)
        yield made


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without"])
async def test_a_tap_in_the_chat_lets_the_waiting_browser_in(stack, browser, shop, phone, script):
    alice, new = [await Alice.at(browser, stack, java_script_enabled=script) for _ in range(2)]
    await alice.sign_in(shop.api_token)
    await alice.page.goto(f"{stack.dashboard}/tokens")
    await alice.page.get_by_role("button", name="Switch on").click()
    await expect(alice.page.get_by_role("button", name="Switch off")).to_be_visible()

    await new.show(shop.api_token)
    number = latin(await new.page.locator(".match").inner_text()).strip()
    asked = await phone.read("Somebody signs in")
    assert "Chrome, Linux" in asked["text"]
    await phone.press(f"^{number}$")
    await phone.read("Confirmed.")

    if not script:
        await new.page.get_by_role("link", name="I have tapped it; go on").click()
        await new.page.get_by_role("button", name="Go on").click()
    await new.page.wait_for_url(f"{stack.dashboard}/")
    assert not await new.is_out()
    await alice.context.close()
    await new.context.close()


async def test_of_a_hundred_wrong_tokens_at_once_three_workers_look_at_twenty(stack):
    """Whatever address each claims: the proxy's word counts, and the claims left of it do not."""

    async def knock(number: int) -> int:
        async with httpx.AsyncClient(base_url=stack.dashboard, timeout=60) as browser:
            form = await browser.get("/login")
            csrf = re.search(r'name="_csrf_token" value="([^"]+)"', form.text)[1]
            body = f"pk_live_{number:08}_" + "B" * 43
            answer = await browser.post(
                "/login",
                data={"api_token": body + _check_sum(body), "_csrf_token": csrf},
                headers={
                    "Sec-Fetch-Site": "same-origin",
                    "X-Forwarded-For": f"198.18.0.{number}, 203.0.113.77",
                },
            )
            return answer.status_code

    answers = await asyncio.gather(*(knock(number) for number in range(100)))

    assert answers.count(422) == 20
    assert answers.count(429) == 80
    # A worker's line passes through the supervisor's hands, which an answer does not wait for.
    await eventually(lambda: len(_throttled(stack.printed)) >= 80)
    refused = _throttled(stack.printed)
    assert len(refused) == 80
    assert {one["address"] for one in refused} == {"203.0.113.77"}


def _throttled(printed: str) -> list[dict[str, str]]:
    whole = [line for line in printed.splitlines(keepends=True) if line.endswith("\n")]
    told = [json.loads(line) for line in whole if '"logger": "security"' in line]
    return [one for one in told if one["event"] == "sign_in.throttled"]

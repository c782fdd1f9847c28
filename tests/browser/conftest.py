"""The running product, a real Chromium, and people on both sides of the counter."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Browser, async_playwright

from db.crypto import Vault
from db.engine import build_engine, build_sessions
from db.settings import Settings
from shop.media.shelf import Shelf
from shop.unit_of_work import UnitsOfWork
from tests.browser.find import find_chromium
from tests.browser.looking import hearing_the_policy
from tests.browser.people import Phone
from tests.browser.stack import Stack, running_stack
from tests.factories import Shop, Shops

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running_stack(Path(tmp_path_factory.mktemp("product")) / "data", DEMO="0") as running:
        yield running


@pytest.fixture(scope="session")
def forbidden() -> list[str]:
    """What the policy of any page had to forbid since the test began."""
    return []


@pytest.fixture(scope="session")
async def browser(forbidden: list[str]) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS)
        launched.new_context = hearing_the_policy(launched.new_context, forbidden)
        yield launched
        await launched.close()


@pytest.fixture(autouse=True)
def nothing_was_forbidden(forbidden: list[str]) -> Iterator[None]:
    """A page that asks for what its own policy forbids is wrong, whatever else it shows."""
    forbidden.clear()
    yield
    assert forbidden == []


@pytest.fixture(scope="session")
async def live_units(stack: Stack) -> AsyncIterator[UnitsOfWork]:
    """The verbs on the running product's own database, to open shops as the platform would."""
    settings = Settings.from_env(stack.environment)
    engine = build_engine(settings.database_url, application_name="browser tests")
    yield UnitsOfWork(build_sessions(engine), Vault(settings.secret_keys), channel="test")
    await engine.dispose()


@pytest.fixture
async def live_shop(live_units: UnitsOfWork, stack: Stack) -> Shop:
    """A fresh shop whose bot the running fleet picks up by itself."""
    return await Shops(live_units, Shelf(stack.folder / "media")).open(name="نسیم‌نت", price=290_000)


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=10) as client:
        yield client


@pytest.fixture
def make_phone(http: httpx.AsyncClient, stack: Stack):
    """A new person with a phone: ``await make_phone(shop, language="en")``."""

    async def make(shop: Shop, *, language: str, name: str = "Carol") -> Phone:
        user_id = 10**8 + secrets.randbelow(9 * 10**8)
        answer = await http.post(
            f"{stack.sandbox}/_c/user",
            json={"id": user_id, "first_name": name, "username": f"p{user_id}", "language_code": language},
        )
        answer.raise_for_status()
        phone = Phone(http, stack.sandbox, shop.telegram_token, user_id)
        await phone.find_bot()
        return phone

    return make

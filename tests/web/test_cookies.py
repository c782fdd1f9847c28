"""Behind https every cookie of every route is for this host and https, away from scripts and other sites."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest
from litestar import Litestar

from shop.actors import System
from shop.staff import challenges, telegram
from tests.factories import MASTER, Shop
from tests.web.conftest import Browser
from tests.web.doors import DOORS
from web.cookies import Cookies
from web.security import Hardened

CHOICES = {"lang", "theme", "density", "keys"}
"""Scripts change them; they tell nothing."""


class Jar:
    """Every ``Set-Cookie`` there ever was."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    async def keep(self, answer: httpx.Response) -> None:
        self.lines += answer.headers.get_list("set-cookie")

    @property
    def names(self) -> set[str]:
        return {line.partition("=")[0] for line in self.lines}


@pytest.fixture
def jar() -> Jar:
    return Jar()


@pytest.fixture
async def secure(litestar: Litestar, clock, jar: Jar, monkeypatch) -> AsyncIterator[Browser]:
    """A browser at the same application, reached by https."""
    monkeypatch.setattr(litestar.state, "parts", replace(litestar.state.parts, cookies=Cookies(secure=True)))
    transport = httpx.ASGITransport(Hardened(litestar, https=True), client=("192.0.2.222", 1))  # type: ignore[arg-type]
    hooks = {"response": [jar.keep]}
    async with httpx.AsyncClient(
        transport=transport, base_url="https://shop.test", event_hooks=hooks
    ) as client:
        yield Browser(client)


async def tapped_in(browser: Browser, shop: Shop, units, everything) -> None:
    async with units.platform(MASTER) as platform:
        inside = await platform.enter(shop.bot_id)
        await telegram.link(inside, shop.owner.staff_id, 700_000_009)
    await browser.get("/sessions")
    await browser.post("/confirm", {"next": "/tokens"})
    row = await everything.fetchrow(
        "SELECT ref, number FROM sign_in_challenges WHERE bot_id = $1", shop.bot_id
    )
    async with units.begin(shop.bot_id, System("test")) as uow:
        await challenges.answer(uow, row["ref"], number=row["number"], telegram_id=700_000_009)
    await browser.post("/confirm/finish")


async def test_every_cookie_of_every_route_is_shut_in(secure, jar, make_shop, units, everything):
    shop = await make_shop()
    await secure.get("/login?lang=en&theme=dark")
    await secure.post("/login", {"api_token": shop.api_token, "remember": "1"})
    await tapped_in(secure, shop, units, everything)
    for door in DOORS:
        if door.is_stream or door.path.startswith("/logout"):
            continue
        url = door.at(plan_id=shop.plan_id, bot_id=shop.bot_id, file_path="css/app.css")
        if door.is_unsafe:
            await secure.post(url, {"lines": "a line", "name": "x"})
        else:
            await secure.get(f"{url}?lang=fa&theme=light&density=compact&keys=off")
    await secure.get("/sessions")
    await secure.post("/logout")

    assert {name.removeprefix("__Host-") for name in jar.names} == {
        *("pishkhan", "csrf", "pending", "notice"),
        *CHOICES,
    }
    for line in jar.lines:
        name, attributes = line.partition("=")[0], {part.strip().lower() for part in line.split(";")[1:]}
        assert {"secure", "path=/"} <= attributes, line
        assert not any(part.startswith("domain") for part in attributes), line
        assert f"samesite={'strict' if name == '__Host-csrf' else 'lax'}" in attributes, line
        if name not in CHOICES:
            assert name.startswith("__Host-"), line
            assert "httponly" in attributes, line


async def test_the_session_cookie_is_never_the_token_nor_a_part_of_it(secure, jar, make_shop):
    shop = await make_shop(stock=0)
    await secure.get("/login")

    await secure.post("/login", {"api_token": shop.api_token})

    (line,) = [line for line in jar.lines if line.startswith("__Host-pishkhan=")]
    assert re.match(r"__Host-pishkhan=[A-Za-z0-9_-]{43};", line)
    assert not any(shop.api_token[start : start + 8] in line for start in range(len(shop.api_token) - 8))

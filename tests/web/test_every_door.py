"""What holds for every way in, taken from the application's own routes: a new route is asked too."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import asyncpg
import httpx
import pytest
from litestar import Litestar

from tests.web.conftest import FROM_HERE, Browser
from tests.web.doors import DOORS, Door
from web import forms
from web.access import Access
from web.app import build_app
from web.security import Hardened

UNSAFE = [door for door in DOORS if door.is_unsafe]
READS = [door for door in DOORS if not door.is_unsafe and not door.is_stream]
FORM = {"content-type": "application/x-www-form-urlencoded"}
HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "cache-control": "no-store",
    "server": "pishkhan",
}
KEEPABLE = ("/static/", "/favicon.ico")
NOT_COUNTED = {"staff_sessions": ("last_seen_at", "last_address")}
"""What a request may note about itself: that its session was used."""


@pytest.fixture
async def numbers(shops) -> dict[str, object]:
    """Alice's shop with something behind every number in an address."""
    shop = await shops.open(name="Alice's shop")
    sent = await shops.receipt(shop)
    return {
        "shop": shop,
        "payment_id": sent.payment_id,
        "plan_id": shop.plan_id,
        "bot_id": shop.bot_id,
        "file_path": "css/app.css",
    }


@pytest.fixture
async def alice(numbers, signed_in) -> Browser:
    return await signed_in(numbers["shop"])


async def books(everything: asyncpg.Connection) -> dict[str, str]:
    """A hash of every table there is."""
    tables = await everything.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    found = {}
    for (table,) in tables:
        left_out = list(NOT_COUNTED.get(table, ()))
        rows = f"SELECT (to_jsonb(t) - $1::text[])::text AS row FROM {table} t"  # noqa: S608  (our own names)
        hashed = f"SELECT md5(string_agg(row, ',' ORDER BY row)) FROM ({rows}) r"  # noqa: S608  (likewise)
        found[table] = await everything.fetchval(hashed, left_out)
    return found


# Forms ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("door", UNSAFE, ids=str)
async def test_nothing_is_changed_without_the_token_of_this_session_or_from_another_site(
    door: Door, numbers, alice: Browser, shops, signed_in, everything
):
    mallory = await signed_in(await shops.open(name="Mallory's shop"))
    url, client = door.at(**numbers), alice.client
    before = await books(everything)

    answers = [
        await client.request(door.method, url, headers={**FROM_HERE, **FORM}),
        await client.request(door.method, url, headers=FORM),
        await client.request(door.method, url, headers={**FROM_HERE, **FORM, "x-csrftoken": mallory.csrf}),
        await client.request(door.method, url, data={"_csrf_token": mallory.csrf}, headers=FROM_HERE),
        await client.request(
            door.method, url, headers={**FORM, "sec-fetch-site": "cross-site", "x-csrftoken": alice.csrf}
        ),
        await client.request(
            door.method, url, headers={**FORM, "origin": "https://evil.test", "x-csrftoken": alice.csrf}
        ),
    ]

    assert [answer.status_code for answer in answers] == [refused(door)] * 4 + [403] * 2
    assert await books(everything) == before


def refused(door: Door) -> int:
    """For the owner of a shop the master's routes do not exist, token or not."""
    return 404 if door.access is Access.MASTER else 403


async def test_looking_changes_nothing(numbers, alice: Browser, master, new_browser, everything):
    owner_of_all = new_browser()
    await owner_of_all.sign_in(master.api_token)
    before = await books(everything)

    for browser in (alice, owner_of_all, new_browser()):
        for door in READS:
            for part in ("true", "false"):
                for query in ("", "?reject=1&approve=1&tab=approved&filter=flagged&range=7&lang=en"):
                    await browser.client.get(door.at(**numbers) + query, headers={"hx-request": part})

    after = await books(everything)
    assert [table for table in after if after[table] != before[table]] == []


# Headers ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("https", [False, True], ids=["http", "https"])
async def test_every_answer_of_every_door_carries_every_header(
    https: bool, numbers, alice: Browser, litestar: Litestar, break_down: Callable[[Exception], None]
):
    transport = httpx.ASGITransport(Hardened(litestar, https=https), raise_app_exceptions=False)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url=str(alice.client.base_url)) as nobody:
        answers = []
        for client in (nobody, *([alice.client] if not https else [])):
            for door in (door for door in DOORS if client is nobody or not door.is_stream):
                url = door.at(**numbers)
                answers += [
                    await client.request(door.method, url, headers=FROM_HERE),
                    await client.request("DELETE", url, headers=FROM_HERE),
                    await client.request("OPTIONS", url),
                    await client.request(door.method, url + "/nowhere", headers=FROM_HERE),
                ]
        nobody.cookies.set("pishkhan", "S" * 43)
        for problem in (RuntimeError("broken"), ConnectionRefusedError()):
            break_down(problem)
            answers += [await nobody.request(door.method, door.at(**numbers)) for door in DOORS]

    assert {200, 303, 403, 404, 405, 500, 503} <= {answer.status_code for answer in answers}
    for answer in answers:
        check(answer, https=https)


@pytest.fixture
def break_down(monkeypatch) -> Callable[[Exception], None]:
    """From now on whoever is asked who knocks fails."""

    def fail_with(problem: Exception) -> None:
        async def fail(*_args: object) -> None:
            raise problem

        monkeypatch.setattr("shop.staff.sessions.find", fail)

    return fail_with


def check(answer: httpx.Response, *, https: bool) -> None:
    where = (answer.request.method, answer.request.url, answer.status_code)
    may_be_kept = answer.request.url.path.startswith(KEEPABLE) and answer.status_code == 200
    own = {"cache-control"} if may_be_kept else set()
    own |= {"content-security-policy"} if answer.request.url.path.endswith("/image") else set()
    for name, value in HEADERS.items():
        found = answer.headers.get_list(name)
        assert len(found) == 1, (name, where)
        assert found == [value] or name in own, (name, where)
    told = answer.headers.get("strict-transport-security")
    assert told == ("max-age=31536000" if https else None), where


# Bodies that do not end -------------------------------------------------------------------------------------


@pytest.mark.parametrize("door", UNSAFE, ids=str)
async def test_a_form_that_never_ends_is_given_up(door: Door, numbers, alice: Browser, litestar, monkeypatch):
    monkeypatch.setattr(forms, "FORM_SECONDS", 0.05)
    monkeypatch.setattr(forms, "UPLOAD_SECONDS", 0.05)
    kind = "multipart/form-data; boundary=x" if door.takes_files else FORM["content-type"]

    async with asyncio.timeout(5):
        status, headers = await trickle(
            litestar, door.method, door.at(**numbers), kind, cookie=f"pishkhan={alice.session}"
        )

    expected = 404 if door.access is Access.MASTER else 408
    assert status == expected
    assert expected != 408 or headers["connection"] == "close"


async def trickle(app: Litestar, method: str, path: str, kind: str, *, cookie: str) -> tuple[int, dict]:
    """Begin a body and never end it."""
    begun = asyncio.Event()
    sent: list[dict] = []

    async def receive() -> dict:
        if begun.is_set():
            await asyncio.Event().wait()
        begun.set()
        return {"type": "http.request", "body": b"--x\r\n" if "x" in kind else b"a=", "more_body": True}

    async def send(message: dict) -> None:
        sent.append(message)

    headers = {"host": "shop.test", "cookie": cookie, "content-type": kind, **FROM_HERE}
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        "client": ("192.0.2.7", 1),
        "server": ("shop.test", 80),
        "scheme": "http",
        "http_version": "1.1",
        "root_path": "",
        "asgi": {"version": "3.0"},
    }
    await Hardened(app, https=False)(scope, receive, send)  # type: ignore[arg-type]
    start = next(message for message in sent if message["type"] == "http.response.start")
    return start["status"], {name.decode().lower(): value.decode() for name, value in start["headers"]}


@pytest.mark.parametrize("door", UNSAFE, ids=str)
async def test_a_body_larger_than_a_form_is_refused_unread(door: Door, numbers, alice: Browser):
    limit = 17 * 2**20 if door.takes_files else 2**16
    kind = "multipart/form-data; boundary=x" if door.takes_files else FORM["content-type"]

    answer = await alice.client.request(
        door.method,
        door.at(**numbers),
        content=b"a" * (limit + 1),
        headers={**FROM_HERE, "content-type": kind},
    )

    assert answer.status_code == (404 if door.access is Access.MASTER else 413)


async def test_no_variable_of_somebodys_environment_shows_our_insides(
    units, shelf, assets, monkeypatch, break_down
):
    """The framework's own page of an error prints the code around it."""
    monkeypatch.setenv("LITESTAR_DEBUG", "1")
    monkeypatch.setenv("LITESTAR_PDB", "1")

    async def ready():
        return "ready"

    app = build_app(units, shelf=shelf, assets=assets, https=False, readiness=ready)

    assert app.debug is False
    assert app.pdb_on_exception is False

"""Tokens of forms, other sites, headers on every answer, and input as strange as it comes."""

from __future__ import annotations

import re
from inspect import iscoroutinefunction

import httpx
import pytest

from tests.web.conftest import BASE, FROM_HERE, Browser
from web.app import build_app
from web.guards import GUARDS
from web.security import CONTENT_SECURITY_POLICY, HEADERS, Hardened

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'"
)


@pytest.fixture
async def desk(shops, signed_in):
    """Alice at her desk, and a receipt that waits."""
    shop = await shops.open()
    sent = await shops.receipt(shop)
    return await signed_in(shop), f"/receipts/{sent.payment_id}/approve"


@pytest.fixture
async def alice(make_shop, signed_in):
    return await signed_in(await make_shop(stock=0))


# Tokens -----------------------------------------------------------------------------------------------------


async def test_without_its_token_nothing_is_changed(desk):
    alice, url = desk

    answer = await alice.post(url, csrf="")

    assert answer.status_code == 403


@pytest.mark.parametrize("token", ["x", "é" * 43, "A" * 43, "\x00"])
async def test_a_made_up_token_changes_nothing(desk, token):
    alice, url = desk

    assert (await alice.post(url, csrf=token)).status_code == 403


async def test_the_token_of_another_session_is_worth_nothing(desk, shops, signed_in):
    alice, url = desk
    mallory = await signed_in(await shops.open())

    assert mallory.csrf
    assert (await alice.post(url, csrf=mallory.csrf)).status_code == 403


async def test_the_token_may_come_in_the_header(desk):
    alice, url = desk

    answer = await alice.client.post(url, headers={**FROM_HERE, "x-csrftoken": alice.csrf})

    assert answer.status_code == 303


@pytest.mark.parametrize("site", ["cross-site", "same-site", "bogus"])
async def test_a_page_of_another_site_cannot_post_even_with_the_token(desk, site):
    alice, url = desk

    assert (await alice.post(url, Sec_Fetch_Site=site)).status_code == 403


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (BASE, 303),
        ("null", 303),
        ("http://evil.test", 403),
        ("http://[", 403),
        ("http://shop.test.evil", 403),
    ],
)
async def test_a_browser_that_does_not_say_the_site_is_judged_by_the_origin(desk, origin, status):
    alice, url = desk

    answer = await alice.client.post(url, data={"_csrf_token": alice.csrf}, headers={"origin": origin})

    assert answer.status_code == status


async def test_the_sign_in_form_needs_the_token_of_its_cookie(browser, make_shop):
    shop = await make_shop()
    await browser.get("/login")

    for token in ("", "H" * 43):
        answer = await browser.post("/login", {"api_token": shop.api_token}, csrf=token)
        assert answer.status_code == 403
        assert browser.session is None


# Headers ----------------------------------------------------------------------------------------------------


def test_the_policy_is_the_strict_one():
    assert CONTENT_SECURITY_POLICY == CSP


def _form(alice: Browser | None) -> dict[str, str]:
    headers = {**FROM_HERE, "content-type": "application/x-www-form-urlencoded"}
    return {**headers, "x-csrftoken": alice.csrf} if alice else headers


async def test_every_answer_carries_the_headers(desk, new_browser, monkeypatch):
    alice, url = desk
    client = alice.client
    answers = [
        (200, await alice.get("/")),
        (200, await client.get("/health/live")),
        (303, await client.get("/login")),
        (403, await alice.post(url, csrf="")),
        (404, await client.get("/nowhere")),
        (404, await client.get("/receipts/999999999")),
        (404, await client.get("/static/.env")),
        (405, await client.delete("/receipts")),
        (405, await client.put("/login", headers=FROM_HERE)),
        (413, await client.post(url, content=b"a=" + b"b" * 70_000, headers=_form(None))),
        (422, await alice.post(url.replace("approve", "reject"), {"reason_code": "other"})),
        (303, await new_browser().get("/receipts")),
        (401, await new_browser().get("/receipts", HX_Request="true")),
        (204, await client.options("/receipts")),
    ]
    monkeypatch.setattr("shop.staff.sessions.find", _fail)
    answers.append((500, await alice.get("/receipts")))

    for status, answer in answers:
        assert answer.status_code == status, answer.url
        for name, value in HEADERS.items():
            assert answer.headers.get_list(name.decode()) == [value.decode()], (name, answer.url, status)


async def _fail(*_args: object) -> None:
    raise RuntimeError("secret words: SELECT 1, asyncpg")


async def test_behind_https_browsers_are_told_to_stay_there_and_cookies_are_bound_to_the_host(
    units, shelf, assets, make_shop
):
    async def ready():
        return "ready"

    app = Hardened(build_app(units, shelf=shelf, assets=assets, https=True, readiness=ready), https=True)
    shop = await make_shop()
    transport = httpx.ASGITransport(app, client=("192.0.2.200", 1))
    async with httpx.AsyncClient(transport=transport, base_url="https://shop.test") as client:
        browser = Browser(client)
        form = await browser.get("/login")
        answer = await browser.post("/login", {"api_token": shop.api_token})

        assert form.headers["strict-transport-security"] == "max-age=31536000"
        for cookie in (form.headers["set-cookie"], answer.headers["set-cookie"]):
            assert cookie.startswith("__Host-")
            assert "Secure" in cookie
            assert "HttpOnly" in cookie
            assert "Path=/" in cookie
            assert "Domain" not in cookie
        assert (await browser.get("/")).status_code == 200


async def test_over_plain_http_nothing_claims_to_be_secure(browser):
    answer = await browser.get("/login")

    assert "strict-transport-security" not in answer.headers
    assert "Secure" not in answer.headers["set-cookie"]


async def test_files_may_be_kept_for_ever_and_are_named_by_their_contents(browser, assets):
    url = assets.url("css/app.css")
    answer = await browser.get(url, Accept_Encoding="gzip")

    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["x-content-type-options"] == "nosniff"
    again = await browser.get(url, If_None_Match=answer.headers["etag"])
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    "path",
    [
        "/static/css/app.css",
        "/static/.env",
        "/static/../pyproject.toml",
        "/static/%2e%2e/pyproject.toml",
        "/static//etc/passwd",
        "/static/",
        "/static/vendor/README.md",
        "/static/fonts/OFL.txt",
    ],
)
async def test_only_what_is_listed_is_served(browser, path):
    assert (await browser.get(path)).status_code == 404


@pytest.mark.parametrize("path", ["/schema", "/schema/openapi.json", "/docs", "/metrics"])
async def test_nothing_is_public_that_nobody_asked_for(browser, path):
    assert (await browser.get(path)).status_code == 404


# Errors -----------------------------------------------------------------------------------------------------


def test_no_guard_sends_a_request_into_a_thread_and_back():
    """The framework does so with every guard that is a plain function: three hops for each request."""
    assert [guard.__name__ for guard in GUARDS if not iscoroutinefunction(guard)] == []


async def test_a_failure_gives_a_reference_and_no_detail(alice, monkeypatch, caplog):
    monkeypatch.setattr("shop.staff.sessions.find", _fail)

    answer = await alice.get("/receipts?lang=en")

    assert answer.status_code == 500
    assert "Our fault; your request was not saved." in answer.text
    for word in ("Traceback", "asyncpg", "SELECT", "secret words", "RuntimeError"):
        assert word not in answer.text
    reference = caplog.records[-1].args[0]
    assert re.fullmatch(r"[0-9A-F]{10}", reference)
    assert reference in answer.text


async def test_a_database_that_does_not_answer_is_said_so_with_a_time_to_come_back(alice, monkeypatch):
    async def refuse(*_args: object) -> None:
        raise ConnectionRefusedError("connect call failed")

    monkeypatch.setattr("shop.staff.sessions.find", refuse)

    answer = await alice.get("/receipts?lang=en")

    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
    assert "The database does not answer" in answer.text


async def test_a_part_gets_its_refusal_as_a_toast(alice):
    answer = await alice.get("/receipts/99999999?lang=en", HX_Request="true")

    assert answer.status_code == 404
    assert answer.headers["hx-retarget"] == "#toasts"
    assert answer.headers["hx-reswap"] == "beforeend"
    assert "<html" not in answer.text
    assert 'class="toast toast-bad"' in answer.text


@pytest.mark.parametrize("status_url", [("GET", "/nowhere"), ("DELETE", "/receipts"), ("GET", "/receipts/9")])
async def test_errors_speak_the_persons_language(alice, status_url):
    method, url = status_url

    persian = await alice.client.request(method, url)
    await alice.get("/?lang=en")
    english = await alice.client.request(method, url)

    assert '<html lang="fa" dir="rtl"' in persian.text
    assert '<html lang="en" dir="ltr"' in english.text


# Bad input --------------------------------------------------------------------------------------------------

IDS = [
    "0",
    "-1",
    "+1",
    "01",
    "1_0",
    "1.0",
    "1e3",
    "9223372036854775808",
    "9" * 30,
    "9" * 5000,
    "%00",
    "1%00",
    "%D9%A1",
    "%ff%fe",
    "abc",
    "null",
    "'%20OR%201=1--",
    "%E2%80%AE1",
    " 1",
]


@pytest.mark.parametrize("number", IDS)
async def test_what_is_no_id_does_not_exist(alice, number):
    for path in (f"/receipts/{number}", f"/receipts/{number}/image"):
        assert (await alice.client.get(path)).status_code == 404, path
    for path in (f"/receipts/{number}/approve", f"/receipts/{number}/reject"):
        assert (await alice.post(path, {"reason_code": "unreadable"})).status_code == 404, path


@pytest.mark.parametrize(
    "query",
    [
        "tab=%00",
        "tab=nonsense&filter=nonsense",
        "filter=%ff",
        "lang=%00",
        "lang=xx&theme=yy",
        "lang[]=en",
        "range=9999999999999999999999",
        "range=%00",
        "%",
        "%zz=%zz",
        "a" * 4000,
        "&&&==;;",
        "tab=waiting&tab=approved",
        "next=%00",
    ],
)
@pytest.mark.parametrize("path", ["/", "/receipts", "/login", "/sessions"])
async def test_a_strange_query_is_as_good_as_none(alice, path, query):
    assert (await alice.client.get(f"{path}?{query}")).status_code in {200, 303}


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/x-www-form-urlencoded", b"\xff\xfe"),
        ("application/x-www-form-urlencoded", b"a=%00&reason_text=%00&reason_code=%00"),
        ("application/x-www-form-urlencoded", b"&".join([b"a=1"] * 60)),
        ("application/x-www-form-urlencoded; charset=nonsense", b"reason_code=%ff"),
        ("multipart/form-data", b"--x\r\n"),
        (
            "multipart/form-data; boundary=x",
            b"--x\r\nContent-Disposition: form-data; name=reason_code\r\n\r\n",
        ),
        ("application/json", b"{"),
        ("text/plain", b"reason_code=not_arrived"),
        ("", b"reason_code=not_arrived"),
        ("application/x-www-form-urlencoded", b""),
    ],
)
async def test_a_body_that_is_no_form_is_refused_and_never_a_failure(desk, content_type, body):
    alice, url = desk

    for headers in ({"x-csrftoken": alice.csrf}, {}):
        answer = await alice.client.post(
            url.replace("approve", "reject"),
            content=body,
            headers={**FROM_HERE, "content-type": content_type, **headers},
        )
        assert answer.status_code in {403, 422}


async def test_nul_and_marks_of_direction_in_a_reason_are_dropped(desk, everything):
    alice, url = desk

    answer = await alice.post(
        url.replace("approve", "reject"),
        {"reason_code": "other", "reason_text": "bad\x00 \u202epicture\u202c"},
    )

    assert answer.status_code == 303
    payment_id = int(url.split("/")[2])
    notes = "SELECT admin_notes FROM card_to_card_payments WHERE id = $1"
    assert await everything.fetchval(notes, payment_id) == "bad picture"


@pytest.mark.parametrize(
    "name", ["cookie", "hx-current-url", "accept-encoding", "user-agent", "if-none-match"]
)
async def test_strange_headers_do_no_harm(alice, name):
    for value in (b"\xff\xfe", b"=;=;;=", b"http://[", b"a" * 5000, b"\x01"):
        answer = await alice.client.get("/login", headers={name: value, b"hx-request": b"true"})
        assert answer.status_code in {200, 303}, (name, value)
        answer = await alice.client.get("/receipts", headers={name: value, b"hx-request": b"true"})
        assert answer.status_code in {200, 401}, (name, value)

"""Whatever is put into an address, a query or a form: an answer, and never a failure of ours."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote_from_bytes

import httpx
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.web.conftest import FROM_HERE, Browser
from tests.web.doors import DOORS, Door
from web.jinja import TEMPLATES

TEMPLATES_OF_OURS = "\n".join(file.read_text() for file in sorted((TEMPLATES / "web").rglob("*.html")))
NAMES = sorted(
    {
        *re.findall(r'<(?:input|textarea|select|button)\b[^>]*?\sname="([a-z_]+)"', TEMPLATES_OF_OURS),
        *re.findall(r"[?&]([a-z_]+)=", TEMPLATES_OF_OURS),
        *("_csrf_token", "next", "tab", "filter", "range", "lang", "theme", "approve", "reject", "bot_id"),
    }
)
"""Every name that our pages use, wherever they use it: a route gets those of all the others too."""

NUMBERS = st.integers().map(str) | st.sampled_from(
    ["0", "-1", *(str(2**63 + at) for at in (-1, 0, 1)), str(2**64), "9" * 1500, "1e400", "0x10", "NaN"]
)
PERSIAN = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
TEXTS = st.one_of(
    st.text(max_size=40),
    st.text(st.characters(categories=["Cs", "Cc", "Cf", "Mn"]), max_size=20),
    NUMBERS,
    NUMBERS.map(lambda number: number.translate(PERSIAN)),
    st.sampled_from(
        ["\x00", "a\x00b", "\ud800", "\udfff\ud800", "e" + "\u0301" * 300, "%00", "%", "{{7*7}}", "%s%n"]
    ),
    st.sampled_from(["waiting", "all", "other", "not_arrived", "30", "/receipts", "//evil.test", "1"]),
)
"""Wild text, wild numbers, and the known values that lead further in."""
PAIRS = st.lists(st.tuples(st.sampled_from(NAMES), TEXTS), max_size=5)
LIMITS = settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


# Whoever has signed out sees nothing more.
ASKED = [door for door in DOORS if "logout" not in door.path and not door.is_stream]


def encoded(text: str) -> str:
    return quote_from_bytes(text.encode("utf-8", "surrogatepass"), safe="")


def form(pairs: list[tuple[str, str]]) -> str:
    return "&".join(f"{name}={encoded(value)}" for name, value in pairs)


def multipart(pairs: list[tuple[str, str]]) -> bytes:
    """Parts as raw as they come, every second one a file."""
    head = '--edge\r\nContent-Disposition: form-data; name="{}"{}\r\n\r\n'
    parts = [
        head.format(name, "; filename=x.txt" * (at % 2)).encode()
        + value.encode("utf-8", "surrogatepass")
        + b"\r\n"
        for at, (name, value) in enumerate(pairs)
    ]
    return b"".join(parts) + b"--edge--\r\n"


@pytest.fixture
async def alice(shops, signed_in) -> tuple[Browser, str]:
    """At her desk, with a receipt that waits; most numbers are made from nothing, some are its own."""
    shop = await shops.open()
    sent = await shops.receipt(shop)
    return await signed_in(shop), str(sent.payment_id)


async def knock(browser: Browser, door: Door, address: str, pairs: list[tuple[str, str]]) -> httpx.Response:
    headers = {**FROM_HERE, "x-csrftoken": browser.csrf}
    if door.method == "GET":
        return await browser.client.request(door.method, address)
    if door.takes_files:
        headers["content-type"] = "multipart/form-data; boundary=edge"
        return await browser.client.request(door.method, address, content=multipart(pairs), headers=headers)
    headers["content-type"] = "application/x-www-form-urlencoded"
    return await browser.client.request(door.method, address, content=form(pairs), headers=headers)


@pytest.mark.parametrize("door", ASKED, ids=str)
@LIMITS
@given(inside=TEXTS, query=PAIRS, fields=PAIRS, own=st.booleans(), part=st.booleans())
@example(inside="1", query=[], fields=[(name, "\x00\ud800") for name in NAMES], own=True, part=False)
@example(
    inside="1",
    query=[],
    fields=[("reason_code", "other"), ("reason_text", "\x00\ud800a\u202e"), ("lines", "\x00a")],
    own=True,
    part=False,
)
@example(inside=str(2**63), query=[], fields=[], own=False, part=False)
@example(inside="1", query=[(name, "9" * 4000) for name in NAMES[:3]], fields=[], own=True, part=True)
async def test_no_address_no_query_and_no_form_makes_us_fail(
    door: Door, alice: Any, inside: str, query: Any, fields: Any, own: bool, part: bool
):
    browser, receipt = alice

    browser.client.headers["hx-request"] = str(part).lower()
    inside = receipt if own else encoded(inside) or "0"
    address = door.at(**dict.fromkeys(door.parameters, inside)) + (f"?{form(query)}" if query else "")
    answer = await knock(browser, door, address, fields)

    assert answer.status_code < 500, (answer.request.url, answer.text)

"""What happens to accounts, keys and rights is one line of JSON each: who, where, what, from where, how."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from db.logs import JsonFormatter
from shop import security
from shop.actors import RECEIPTS_SEE, SEEING, System
from shop.bots import service as bots
from shop.bots.master import ensure_master_bot
from shop.configurations import service as configurations
from shop.export.service import write_shop
from shop.staff import challenges, telegram
from shop.staff import service as staff
from tests.factories import MASTER, replace_token, telegram_token
from tests.web.conftest import add_staff
from tests.web.test_sign_in import UNKNOWN, well_formed

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
MORE = {"time", "level", "logger", "message"}


class Watcher:
    """The log as a machine reads it."""

    def __init__(self, caplog) -> None:
        self.caplog = caplog

    def __call__(self, event: str | None = None) -> list[dict]:
        formatter = JsonFormatter()
        lines = [
            json.loads(formatter.format(record))
            for record in self.caplog.records
            if record.name == security.logger.name
        ]
        return [line for line in lines if event in {None, line["event"]}]

    def one(self, event: str) -> dict:
        (line,) = self(event)
        return line


@pytest.fixture
def told(caplog) -> Watcher:
    caplog.set_level(logging.INFO, logger=security.logger.name)
    return Watcher(caplog)


@pytest.fixture
async def shop(make_shop):
    return await make_shop(stock=0)


def check(line: dict) -> None:
    """Every event has the same fields, of the same types, and nothing that nobody declared."""
    assert TIME.fullmatch(line["time"])
    assert line["logger"] == "security"
    assert line["message"] == line["event"]
    assert line["outcome"] in {"ok", "refused"}
    assert line["level"] == {"ok": "info", "refused": "warning"}[line["outcome"]]
    assert set(security.FIELDS) <= set(line) <= MORE | set(security.FIELDS) | set(security.DETAILS)
    assert isinstance(line["shop"], int | None)
    for name in set(security.FIELDS) - {"shop"}:
        assert isinstance(line[name], str), name


async def test_a_sign_in_is_told_with_who_where_and_from_where(new_browser, shop, told):
    browser = new_browser(address="192.0.2.41")

    await browser.sign_in(shop.api_token)

    line = told.one("staff.signed_in")
    check(line)
    assert (line["who"], line["shop"], line["channel"]) == (shop.owner.label, shop.bot_id, "web")
    assert (line["outcome"], line["address"], line["subject"]) == (
        "ok",
        "192.0.2.41",
        f"staff:{shop.owner.staff_id}",
    )
    assert re.fullmatch(r"[0-9A-F]{10}", line["request_id"])


async def test_a_wrong_token_is_told_by_its_public_part_alone(browser, shop, told):
    await browser.get("/login")
    for typed in (well_formed(), "hello"):
        await browser.post("/login", {"api_token": typed})

    known, mistyped = told("sign_in.failed")
    assert (known["key_id"], known["reason"]) == ("aaaaaaaa", "not_valid")
    assert mistyped["reason"] == "malformed"
    for line in (known, mistyped):
        check(line)
        assert UNKNOWN[17:] not in json.dumps(line)


async def test_what_is_taken_back_is_never_told(units, shop, told):
    with pytest.raises(ZeroDivisionError):
        async with units.begin(shop.bot_id, shop.owner) as uow:
            await staff.issue_api_token(uow, shop.owner.staff_id, name="never")
            raise ZeroDivisionError

    assert told("token.issued") == []


async def test_two_requests_are_told_apart_and_the_error_page_names_its_own(signed_in, shop, told):
    alice = await signed_in(shop)

    first, second = [await alice.post("/tokens", {"name": "x"}, csrf="no") for _ in range(2)]

    lines = told("access.refused")
    assert [line["reason"] for line in lines] == ["token_missing"] * 2
    assert lines[0]["request_id"] != lines[1]["request_id"]
    for answer, line in zip((first, second), lines, strict=True):
        check(line)
        assert line["request_id"] in answer.text
        assert (line["method"], line["path"]) == ("POST", "/tokens")


@pytest.mark.parametrize(
    ("reason", "ask"),
    [
        ("token_missing", lambda b: b.post("/tokens", {"name": "x"}, csrf="")),
        ("from_another_site", lambda b: b.post("/tokens", {"name": "x"}, Sec_Fetch_Site="cross-site")),
        ("only_master", lambda b: b.get("/platform/bots")),
        ("tokens.manage", lambda b: b.post("/tokens", {"name": "x"})),
    ],
)
async def test_every_refused_access_says_why(new_browser, shop, units, told, reason, ask: Callable):
    bob, token = await add_staff(units, shop, permissions=SEEING)
    browser = new_browser()
    await browser.sign_in(token)

    await ask(browser)

    line = told.one("access.refused")
    check(line)
    assert (line["reason"], line["outcome"]) == (reason, "refused")
    assert line["who"] == ("" if reason == "from_another_site" else bob.label)


async def test_every_kind_of_event_is_told_in_the_same_form(
    new_browser, shop, make_shop, master, units, told, everything, clock, tmp_path
):
    """One run through everything; a new kind of event that happens nowhere here fails."""
    alice = new_browser()
    await alice.sign_in(shop.api_token)
    await alice.post("/tokens", {"name": "x"})
    await alice.post(f"/tokens/{shop.token_id}/replace", {"old": "now"})
    await alice.post("/tokens/link")
    await alice.post("/tokens", {"name": "x"}, csrf="")
    await alice.post("/confirm", {"api_token": "hello"})
    await alice.get("/transactions.csv")
    bob, bobs = await add_staff(units, shop)
    eve, _ = await add_staff(units, shop, name="Eve")
    for act in ("change", "let-go", "take-back"):
        await alice.post(f"/team/{eve.staff_id}/{act}", {"name": "Eva", RECEIPTS_SEE: "on"})
    browser = new_browser()
    await browser.sign_in(bobs)
    await browser.post("/confirm", {"api_token": bobs})
    await browser.post("/logout")
    await browser.sign_in(bobs)
    await browser.post("/logout-everywhere")
    for _ in range(6):
        await browser.sign_in(well_formed(bobs[:17] + "C" * 43))
    admin = new_browser()
    await admin.sign_in(master.api_token)
    await admin.post(f"/platform/bots/{shop.bot_id}/open")
    await admin.post("/platform/leave")
    async with units.platform(MASTER) as platform:
        inside = await platform.enter(shop.bot_id)
        await telegram.link(inside, bob.staff_id, 700_000_003)
        await telegram.end_every_session(inside)
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await configurations.set_configuration(uow, "second_factor", value=True)
    for choice in (0, 1):
        clock.forward(minutes=16)
        await browser.sign_in(bobs)
        row = await everything.fetchrow(
            "SELECT ref, number FROM sign_in_challenges WHERE bot_id = $1 ORDER BY created_at DESC",
            shop.bot_id,
        )
        async with units.begin(shop.bot_id, System("test")) as uow:
            await challenges.answer(uow, row["ref"], number=row["number"] * choice, telegram_id=700_000_003)
    crown, other = telegram_token(), await make_shop(stock=0)
    await replace_token(units, shop.bot_id, crown)
    await replace_token(units, shop.bot_id, other.telegram_token)
    async with units.platform(MASTER) as platform:
        await telegram.unlink(await platform.enter(shop.bot_id), bob.staff_id)
        await bots.update_bot(platform, shop.bot_id, name="Renamed")
        await bots.deactivate_bot(platform, other.bot_id)
        await bots.activate_bot(platform, other.bot_id)
        await bots.delete_bot(platform, other.bot_id)
    async with units.platform(MASTER) as platform:
        await ensure_master_bot(platform, crown)
    async with units.begin(shop.bot_id, System("test")) as uow:
        await write_shop(uow, lambda name: (tmp_path / name).open("w"))
    security.tell("sign_in.forged", channel="bot", shop=shop.bot_id)  # tests/bot/test_sign_in.py really taps

    for line in told():
        check(line)
    assert {line["event"] for line in told()} == {*security.NOTED, *security.SEEN}


def test_every_event_stands_in_the_documents():
    page = (Path(__file__).parents[2] / "docs" / "settings.md").read_text()

    for event in (*security.NOTED, *security.SEEN):
        assert f"`{event}`" in page

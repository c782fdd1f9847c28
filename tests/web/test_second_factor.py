"""Sign-in that waits for a tap in the person's chat, and proofs by the same way."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest

from shop.actors import SEEING, System
from shop.configurations import service as configurations
from shop.errors import NotFound
from shop.staff import challenges, telegram
from shop.staff import service as staff
from tests.factories import MASTER, Shop
from tests.web.conftest import Browser, Platform, add_staff

TELEGRAM_ID = 700_000_001
STRANGER = 700_000_002
NUMBER = re.compile(r'<p class="match">(\d\d)</p>')


@dataclass(frozen=True)
class Asked:
    """What stands in the chat."""

    ref: str
    choices: list[int]
    payload: dict
    chat_id: int


@dataclass(frozen=True)
class Chat:
    """The owner's chat with the shop's bot, as far as the shop knows it."""

    units: object
    everything: object
    bot_id: int

    async def newest(self) -> Asked:
        row = await self.everything.fetchrow(
            "SELECT payload, chat_id FROM outbox WHERE bot_id = $1 AND kind = 'sign_in_asked' "
            "ORDER BY id DESC LIMIT 1",
            self.bot_id,
        )
        payload = json.loads(row["payload"])
        return Asked(payload["ref"], payload["choices"], payload, row["chat_id"])

    async def count(self) -> int:
        return await self.everything.fetchval(
            "SELECT count(*) FROM outbox WHERE bot_id = $1 AND kind = 'sign_in_asked'", self.bot_id
        )

    async def tap(self, number: int, *, by: int = TELEGRAM_ID, ref: str = "", bot_id: int = 0):
        ref = ref or (await self.newest()).ref
        async with self.units.begin(bot_id or self.bot_id, System("test")) as uow:
            return await challenges.answer(uow, ref, number=number, telegram_id=by)


@pytest.fixture
def link(units) -> Callable[..., Awaitable[None]]:
    async def link(bot_id: int, staff_id: int, telegram_id: int = TELEGRAM_ID) -> None:
        async with units.platform(MASTER) as platform:
            await telegram.link(await platform.enter(bot_id), staff_id, telegram_id)

    return link


@pytest.fixture
async def shop(make_shop, link, units) -> Shop:
    """Alice linked Telegram, and her shop wants a tap."""
    opened = await make_shop(stock=0)
    await link(opened.bot_id, opened.owner.staff_id)
    async with units.begin(opened.bot_id, opened.owner) as uow:
        await configurations.set_configuration(uow, "second_factor", value=True)
    return opened


@pytest.fixture
def chat(units, everything, shop) -> Chat:
    return Chat(units, everything, shop.bot_id)


async def knock(browser: Browser, shop: Shop, **more) -> int:
    """The token is good; the number on the page that waits."""
    answer = await browser.sign_in(shop.api_token, **more)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/login/wait")
    assert browser.session is None
    return await number_on(browser, answer.headers["location"])


async def number_on(browser: Browser, url: str = "/login/wait") -> int:
    page = await browser.get(f"{url}{'&' if '?' in url else '?'}lang=en")
    return int(NUMBER.search(page.text)[1])


async def finish(browser: Browser, fields: dict[str, str] | None = None, **headers: str):
    """The form of the page that waits, whatever state that page is in."""
    browser.plant("csrf", "C" * 43)
    return await browser.post("/login/finish", fields, csrf="C" * 43, **headers)


async def is_in(browser: Browser) -> bool:
    return (await browser.get("/sessions")).status_code == 200


async def test_the_right_number_lets_the_browser_in_and_nothing_before_it(browser, shop, chat):
    number = await knock(browser, shop)
    assert not await is_in(browser)
    await finish(browser)
    assert not await is_in(browser)

    assert (await chat.tap(number)).state == "approved"

    assert 'action="/login/finish"' in (await browser.get("/login/wait")).text
    assert not await is_in(browser)
    answer = await finish(browser)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert await is_in(browser)


async def test_the_chat_is_told_who_knocks_and_not_which_number_is_right(new_browser, shop, chat, everything):
    browser = new_browser(address="192.0.2.123")
    browser.client.headers["user-agent"] = "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko Firefox/140.0"

    number = await knock(browser, shop)

    asked = await chat.newest()
    assert asked.chat_id == TELEGRAM_ID
    assert (asked.payload["address"], asked.payload["browser"]) == ("192.0.2.123", "Firefox, Windows")
    assert number in asked.choices
    assert len(set(asked.choices)) == 3
    assert set(asked.payload) == {"ref", "purpose", "choices", "address", "browser", "asked_at"}


async def test_a_tap_is_worth_one_session(browser, new_browser, shop, chat):
    number = await knock(browser, shop)
    cookie = browser.client.cookies["pending"]
    await chat.tap(number)
    await finish(browser)

    thief = new_browser()
    thief.plant("pending", cookie)
    answer = await finish(thief)

    assert answer.headers["location"] == "/login/wait"
    assert not await is_in(thief)
    assert await is_in(browser)


async def test_what_is_tapped_for_one_browser_lets_no_other_in(browser, new_browser, shop, chat):
    number = await knock(browser, shop)
    mallory = new_browser()
    await knock(mallory, shop)
    first = await chat.everything.fetchval(
        "SELECT ref FROM sign_in_challenges WHERE bot_id = $1 ORDER BY created_at, number = $2 DESC LIMIT 1",
        shop.bot_id,
        number,
    )
    await chat.tap(number, ref=first)

    await finish(mallory)

    assert not await is_in(mallory)
    await finish(browser)
    assert await is_in(browser)


@pytest.mark.parametrize("cookie", ["", "A" * 43, "\u00e9", "x" * 5000])
async def test_a_made_up_cookie_waits_for_nothing(browser, cookie):
    browser.client.headers["cookie"] = f"pending={cookie}".encode().decode("latin-1")

    page = await browser.get("/login/wait?lang=en")

    assert "The time is up, or this was used already." in page.text


async def test_after_five_minutes_neither_the_tap_nor_the_browser_counts(browser, shop, chat, clock):
    number = await knock(browser, shop)
    clock.forward(minutes=5)

    assert (await chat.tap(number)).state == "over"
    assert "The time is up" in (await browser.get("/login/wait?lang=en")).text

    number = await knock(browser, shop)
    await chat.tap(number)
    await browser.get("/login/wait")
    clock.forward(minutes=5)
    await finish(browser)
    assert not await is_in(browser)


async def test_it_is_answered_once(browser, shop, chat):
    number = await knock(browser, shop)
    wrong = next(other for other in (await chat.newest()).choices if other != number)

    assert (await chat.tap(number)).state == "approved"
    assert (await chat.tap(number)).state == "over"
    assert (await chat.tap(wrong)).state == "over"

    await finish(browser)
    assert await is_in(browser)


@pytest.mark.parametrize("is_not_me", [True, False])
async def test_another_number_refuses_and_the_right_one_comes_too_late(browser, shop, chat, is_not_me):
    number = await knock(browser, shop)
    wrong = 0 if is_not_me else next(other for other in (await chat.newest()).choices if other != number)

    assert (await chat.tap(wrong)).state == "refused"
    assert (await chat.tap(number)).state == "over"

    assert "Refused in Telegram" in (await browser.get("/login/wait?lang=en")).text
    await finish(browser)
    assert not await is_in(browser)


async def test_nobody_else_may_tap(browser, shop, chat, make_shop, link, units, everything):
    number = await knock(browser, shop)
    bob, _ = await add_staff(units, shop)
    await link(shop.bot_id, bob.staff_id, STRANGER)
    mallorys = await make_shop(stock=0)
    await link(mallorys.bot_id, mallorys.owner.staff_id)

    for who, where in ((STRANGER, shop.bot_id), (12345, shop.bot_id), (TELEGRAM_ID, mallorys.bot_id)):
        with pytest.raises(NotFound):
            await chat.tap(number, by=who, bot_id=where)

    assert await number_on(browser) == number


async def test_an_account_that_is_not_linked_any_more_taps_in_vain(browser, shop, chat, everything):
    number = await knock(browser, shop)
    await everything.execute("UPDATE staff SET telegram_id = NULL WHERE bot_id = $1", shop.bot_id)

    with pytest.raises(NotFound):
        await chat.tap(number)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE bots SET status = 'suspended' WHERE id = $1",
        "UPDATE staff SET is_active = false WHERE bot_id = $1",
    ],
)
async def test_whoever_may_not_sign_in_any_more_is_not_let_in_by_a_tap(
    browser, shop, chat, everything, change
):
    await chat.tap(await knock(browser, shop))
    await everything.execute(change, shop.bot_id)

    await finish(browser)

    assert not await is_in(browser)


async def test_a_token_revoked_meanwhile_lets_nobody_in(browser, signed_in, shop, chat, units):
    await chat.tap(await knock(browser, shop))
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await staff.revoke_api_token(uow, shop.token_id)

    await finish(browser)

    assert not await is_in(browser)


async def test_the_chat_is_not_flooded(new_browser, shop, chat, clock):
    for _ in range(5):
        await knock(new_browser(), shop)

    refused = await new_browser().sign_in(shop.api_token)

    assert refused.status_code == 429
    assert await chat.count() == 5
    clock.forward(minutes=15)
    await knock(new_browser(), shop)


async def test_a_wrong_token_never_asks_anybody(browser, shop, chat):
    await browser.sign_in(shop.api_token[:-1] + "x")

    assert await chat.count() == 0


async def test_where_one_was_and_to_be_remembered_survive_the_waiting(browser, shop, chat):
    answer = await browser.sign_in(shop.api_token, remember=True, next_="/receipts?tab=approved")
    assert answer.headers["location"] == "/login/wait?next=%2Freceipts%3Ftab%3Dapproved"
    await chat.tap(await number_on(browser, answer.headers["location"]))
    page = await browser.get(answer.headers["location"])
    assert 'name="next" value="/receipts?tab=approved"' in page.text

    answer = await finish(browser, {"next": "/receipts?tab=approved"})

    assert answer.headers["location"] == "/receipts?tab=approved"
    assert "Max-Age=2592000" in answer.headers["set-cookie"]


async def test_htmx_asks_for_the_part_and_goes_on_by_itself(browser, shop, chat):
    await chat.tap(await knock(browser, shop))

    part = await browser.get("/login/wait", HX_Request="true")
    answer = await finish(browser, HX_Request="true")

    assert "<html" not in part.text
    assert 'hx-trigger="load, submit"' in part.text
    assert (answer.status_code, answer.headers["hx-redirect"]) == (200, "/")
    assert await is_in(browser)


async def test_only_a_form_of_ours_finishes(browser, shop, chat):
    await chat.tap(await knock(browser, shop))

    assert (await browser.post("/login/finish", csrf="")).status_code == 403
    assert (await finish(browser, Sec_Fetch_Site="cross-site")).status_code == 403

    assert not await is_in(browser)


# Who is asked -----------------------------------------------------------------------------------------------


async def test_whoever_linked_nothing_signs_in_by_the_token_alone(browser, shop, units):
    _, token = await add_staff(units, shop)

    assert (await browser.sign_in(token)).headers["location"] == "/"


async def test_a_shop_that_did_not_wish_it_asks_nobody(browser, make_shop, link):
    shop = await make_shop(stock=0)
    await link(shop.bot_id, shop.owner.staff_id)

    assert (await browser.sign_in(shop.api_token)).headers["location"] == "/"


async def test_the_owner_switches_it_on_and_off_and_a_colleague_does_not(
    signed_in, new_browser, make_shop, link, units
):
    shop = await make_shop(stock=0)
    await link(shop.bot_id, shop.owner.staff_id)
    alice = await signed_in(shop)
    bob = new_browser()
    _, bobs = await add_staff(units, shop, permissions=SEEING)
    await bob.sign_in(bobs)
    assert (await bob.post("/tokens/second-factor", {"second_factor": "on"})).status_code == 403
    assert (await new_browser().sign_in(shop.api_token)).headers["location"] == "/"

    await alice.post("/tokens/second-factor", {"second_factor": "on"})
    assert (await new_browser().sign_in(shop.api_token)).headers["location"] == "/login/wait"
    await alice.post("/tokens/second-factor", {"second_factor": "off"})
    assert (await new_browser().sign_in(shop.api_token)).headers["location"] == "/"


@pytest.fixture
async def linked_master(master: Platform, link, everything) -> int:
    staff_id = await everything.fetchval(
        "SELECT staff_id FROM api_tokens WHERE key_id = $1", master.api_token[8:16]
    )
    await link(master.bot_id, staff_id)
    return staff_id


async def test_the_master_is_always_asked_once_he_linked_telegram(
    browser, master, linked_master, units, everything
):
    answer = await browser.sign_in(master.api_token)

    assert answer.headers["location"] == "/login/wait"
    chat = Chat(units, everything, master.bot_id)
    await chat.tap(await number_on(browser))
    answer = await finish(browser)
    assert answer.headers["location"] == "/platform/bots"


# Proofs -----------------------------------------------------------------------------------------------------


async def let_in(browser: Browser, shop: Shop, chat: Chat) -> None:
    await chat.tap(await knock(browser, shop))
    await finish(browser)
    assert await is_in(browser)


async def test_a_linked_person_proves_himself_by_a_tap_and_not_by_the_token(
    browser, new_browser, shop, chat, clock
):
    await let_in(browser, shop, chat)
    clock.forward(minutes=11)
    assert (await browser.post("/tokens", {"name": "x"})).status_code == 403
    old = browser.session

    answer = await browser.post("/confirm", {"api_token": shop.api_token, "next": "/tokens"})

    assert answer.headers["location"] == "/confirm/wait?next=%2Ftokens"
    assert (await browser.post("/tokens", {"name": "x"})).status_code == 403
    number = await number_on(browser, answer.headers["location"])
    assert (await chat.newest()).payload["purpose"] == "confirm"
    await chat.tap(number)
    await browser.get("/confirm/wait")
    answer = await browser.post("/confirm/finish", {"next": "/tokens"})
    assert answer.headers["location"] == "/tokens"
    assert browser.session != old
    thief = new_browser()
    thief.plant("pishkhan", old)
    assert not await is_in(thief)
    assert (await browser.post("/tokens", {"name": "x"})).status_code == 200


async def test_a_tap_proves_one_session_only_and_signs_nobody_in(browser, new_browser, shop, chat, clock):
    other = new_browser()
    await let_in(browser, shop, chat)
    await let_in(other, shop, chat)
    clock.forward(minutes=11)
    await browser.post("/confirm")
    await chat.tap(await number_on(browser, "/confirm/wait"))
    cookie = browser.client.cookies["pending"]

    other.plant("pending", cookie)
    await other.get("/sessions")
    await other.post("/confirm/finish")
    assert (await other.post("/tokens", {"name": "x"})).status_code == 403
    stranger = new_browser()
    stranger.plant("pending", cookie)
    await finish(stranger)

    assert not await is_in(stranger)
    await browser.post("/confirm/finish")
    assert (await browser.post("/tokens", {"name": "x"})).status_code == 200


async def test_a_tap_for_a_sign_in_is_no_proof(browser, new_browser, shop, chat, clock):
    await let_in(browser, shop, chat)
    clock.forward(minutes=11)
    knocking = new_browser()
    await chat.tap(await knock(knocking, shop))
    browser.plant("pending", knocking.client.cookies["pending"])

    await browser.post("/confirm/finish")

    assert (await browser.post("/tokens", {"name": "x"})).status_code == 403


async def test_while_the_bot_is_out_of_order_the_token_is_proof_enough(
    browser, shop, chat, clock, everything
):
    """Otherwise nobody could give it a new Telegram token."""
    await let_in(browser, shop, chat)
    clock.forward(minutes=11)
    await everything.execute("UPDATE bots SET token_state = 'broken' WHERE id = $1", shop.bot_id)

    await browser.post("/confirm", {"api_token": shop.api_token})

    assert (await browser.post("/tokens", {"name": "x"})).status_code == 200

"""The keys to the dashboard: made, shown once, replaced, revoked; and a fresh proof before any of it."""

from __future__ import annotations

import asyncio
import re

import pytest

from shop.actors import OWNING, SEEING, Master
from shop.bots.service import FIRST_TOKEN
from shop.staff import service as staff
from tests.web.conftest import add_staff

TOKEN = re.compile(r"pk_live_[a-z0-9]{8}_[A-Za-z0-9_-]{43}[A-Za-z0-9]{6}")


def shown(answer) -> str:
    """The one token of the page."""
    found = set(TOKEN.findall(answer.text))
    assert len(found) == 1
    return found.pop()


async def is_good(new_browser, token: str) -> bool:
    browser = new_browser()
    return (await browser.sign_in(token)).status_code == 303


async def make(alice, name: str = "Laptop") -> str:
    return shown(await alice.post("/tokens", {"name": name}))


async def test_a_new_token_is_shown_once_and_opens_the_dashboard(signed_in, make_shop, new_browser):
    alice = await signed_in(await make_shop(stock=0))

    answer = await alice.post("/tokens", {"name": "  Laptop  "})

    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    token = shown(answer)
    page = await alice.get("/tokens?lang=en")
    assert token not in page.text
    assert "Laptop" in page.text
    assert f"pk_live_{token.split('_')[2]}_…" in page.text
    assert await is_good(new_browser, token)


def once_of(page: str, action: str) -> str:
    """The words of one form, by which it is known when it comes again."""
    form = page[page.index(f'action="{action}"') :].partition("</form>")[0]
    return re.search(r'name="once" value="([^"]{20,})"', form)[1]


@pytest.mark.parametrize("at_once", [False, True], ids=["later", "together"])
async def test_the_answer_with_the_token_loaded_again_makes_no_second_one(signed_in, make_shop, at_once):
    alice = await signed_in(await make_shop(stock=0))
    form = {"name": "Laptop", "once": once_of((await alice.get("/tokens")).text, "/tokens")}

    if at_once:
        answers = await asyncio.gather(*(alice.post("/tokens", form) for _ in range(3)))
    else:
        answers = [await alice.post("/tokens", form) for _ in range(3)]

    assert sorted(answer.status_code for answer in answers) == [200, 303, 303]
    assert {answer.headers.get("location", "/tokens") for answer in answers} == {"/tokens"}
    page = (await alice.get("/tokens?lang=en")).text
    assert "It is made already; a token is shown only once." in page
    assert page.count("Laptop") == 1


async def test_another_name_and_another_form_make_another_token(signed_in, make_shop):
    alice = await signed_in(await make_shop(stock=0))
    one, other = [once_of((await alice.get("/tokens")).text, "/tokens") for _ in range(2)]

    made = [
        shown(await alice.post("/tokens", {"name": name, "once": once}))
        for name, once in (("Laptop", one), ("Phone", one), ("Laptop", other))
    ]

    assert len(set(made)) == 3


async def test_the_first_token_is_named_in_the_readers_language(signed_in, make_shop):
    alice = await signed_in(await make_shop(stock=0))

    in_persian, in_english = [(await alice.get(f"/tokens?lang={lang}")).text for lang in ("fa", "en")]

    assert FIRST_TOKEN in in_english
    assert FIRST_TOKEN not in in_persian
    assert "نخستین توکن" in in_persian


@pytest.mark.parametrize("name", ["", "   ", "x" * 65])
async def test_a_token_has_a_name_one_knows_it_by(signed_in, make_shop, name):
    alice = await signed_in(await make_shop(stock=0))

    answer = await alice.post("/tokens", {"name": name})

    assert answer.status_code == 422
    assert 'id="name-error"' in answer.text
    assert not TOKEN.search(answer.text)


async def test_the_list_tells_when_and_from_where_a_token_was_last_used(
    signed_in, make_shop, new_browser, clock
):
    shop = await make_shop(stock=0)
    alice = await signed_in(shop)
    other = new_browser(address="192.0.2.61")
    await other.sign_in(await make(alice))

    page = (await alice.get("/tokens?lang=en")).text

    assert page.count("In use here") == 1
    assert "192.0.2.61" in page
    assert "Last used" in page


async def test_a_replaced_token_works_for_a_day_more_and_the_browser_goes_on(
    signed_in, make_shop, new_browser, clock
):
    shop = await make_shop(stock=0)
    alice = await signed_in(shop)
    other = new_browser()
    await other.sign_in(shop.api_token, remember=True)

    token = shown(await alice.post(f"/tokens/{shop.token_id}/replace", {"old": "later"}))

    assert await is_good(new_browser, token)
    clock.forward(hours=11)
    assert (await alice.get("/tokens")).status_code == 200
    clock.forward(hours=11)
    assert (await alice.get("/tokens")).status_code == 200
    clock.forward(hours=1.9)
    assert await is_good(new_browser, shop.api_token)
    assert (await other.get("/")).status_code == 200
    clock.forward(hours=0.1)
    assert not await is_good(new_browser, shop.api_token)
    assert (await other.get("/")).status_code == 303
    assert (await alice.get("/tokens")).status_code == 200
    assert await is_good(new_browser, token)


async def test_a_token_replaced_at_once_is_worth_nothing_and_signs_the_other_browsers_out(
    signed_in, make_shop, new_browser
):
    shop = await make_shop(stock=0)
    alice, other = await signed_in(shop), await signed_in(shop)

    token = shown(await alice.post(f"/tokens/{shop.token_id}/replace", {"old": "now"}))

    assert not await is_good(new_browser, shop.api_token)
    assert await is_good(new_browser, token)
    assert (await other.get("/")).status_code == 303
    assert (await alice.get("/")).status_code == 200


async def test_a_token_is_replaced_once(signed_in, make_shop, everything):
    shop = await make_shop(stock=0)
    alice = await signed_in(shop)
    await alice.post(f"/tokens/{shop.token_id}/replace", {"old": "later"})

    answer = await alice.post(f"/tokens/{shop.token_id}/replace", {"old": "later"})

    assert answer.status_code == 409
    assert await everything.fetchval("SELECT count(*) FROM api_tokens WHERE bot_id = $1", shop.bot_id) == 2


async def test_a_replacement_never_outlives_the_end_of_what_it_replaces(
    signed_in, make_shop, everything, clock
):
    shop = await make_shop(stock=0)
    alice = await signed_in(shop)
    ends = clock.now.replace(hour=20)
    await everything.execute("UPDATE api_tokens SET expires_at = $2 WHERE id = $1", shop.token_id, ends)

    await alice.post(f"/tokens/{shop.token_id}/replace", {"old": "later"})

    ended = await everything.fetch("SELECT expires_at FROM api_tokens WHERE bot_id = $1", shop.bot_id)
    assert [row["expires_at"] for row in ended] == [ends, ends]


async def test_a_revoked_token_signs_out_whoever_came_in_with_it(signed_in, make_shop, new_browser):
    shop = await make_shop(stock=0)
    alice = await signed_in(shop)
    token = await make(alice)
    other = new_browser()
    await other.sign_in(token)
    number = re.search(r"/tokens/(\d+)/revoke", (await other.get("/tokens")).text)[1]

    assert (await alice.post(f"/tokens/{number}/revoke")).status_code == 303

    assert "Revoked; whoever signed in" in (await alice.get("/tokens?lang=en")).text
    assert (await other.get("/")).status_code == 303
    assert not await is_good(new_browser, token)


async def test_a_colleague_sees_and_replaces_his_own_and_no_other(new_browser, make_shop, units, everything):
    shop = await make_shop(stock=0)
    bob, token = await add_staff(units, shop, permissions=SEEING)
    browser = new_browser()
    await browser.sign_in(token)
    own = await everything.fetchval("SELECT id FROM api_tokens WHERE staff_id = $1", bob.staff_id)

    page = (await browser.get("/tokens")).text

    assert f"/tokens/{own}/replace" in page
    assert f"token-{shop.token_id}" not in page
    assert (await browser.post("/tokens", {"name": "More"})).status_code == 403
    for verb in ("replace", "revoke"):
        assert (await browser.post(f"/tokens/{shop.token_id}/{verb}")).status_code == 403
    assert (await browser.post(f"/tokens/{own}/replace", {"old": "now"})).status_code == 200


async def test_nobody_but_the_master_touches_the_masters_key(new_browser, master, units, everything):
    """Whoever could replace it would be handed a key to every shop."""
    async with units.begin(master.bot_id, Master(1, "Master")) as uow:
        helper = await staff.create_staff(uow, name="Helper", role="staff", permissions=frozenset(OWNING))
        issued = await staff.issue_api_token(uow, helper, name="test")
    masters = await everything.fetchval("SELECT id FROM api_tokens WHERE key_id = $1", master.api_token[8:16])
    browser = new_browser()
    await browser.sign_in(issued.token)

    for verb in ("replace", "revoke"):
        assert (await browser.post(f"/tokens/{masters}/{verb}")).status_code == 403

    assert await is_good(new_browser, master.api_token)


# A part of the rights, for a time ---------------------------------------------------------------------------


async def come_in(alice, new_browser, **form: str):
    """A browser that came in by a new token of Alice's."""
    answer = await alice.post("/tokens", {"name": "Part", **form})
    browser = new_browser()
    token = shown(answer)
    assert (await browser.sign_in(token)).status_code == 303
    return browser, token


async def test_a_session_may_do_what_its_token_opens_and_no_more(signed_in, make_shop, new_browser):
    shop = await make_shop(stock=0)
    alice = await signed_in(shop)

    looking, _ = await come_in(alice, new_browser, scope="see")

    assert (await looking.get("/receipts")).status_code == 200
    assert (await looking.get("/plans/new")).status_code == 403
    assert (await looking.post("/tokens", {"name": "More"})).status_code == 403
    assert (await looking.post("/tokens/link")).status_code == 403
    page = (await looking.get("/tokens?lang=en")).text
    assert 'action="/tokens"' not in page
    assert f"/tokens/{shop.token_id}/replace" not in page
    assert (await looking.post(f"/tokens/{shop.token_id}/replace", {"old": "later"})).status_code == 403
    assert (await alice.get("/plans/new")).status_code == 200


async def test_an_account_is_not_linked_by_a_token_that_opens_a_part(signed_in, make_shop, new_browser):
    """Whoever presses in the chat has all rights of the person."""
    alice = await signed_in(await make_shop(stock=0))

    deciding, _ = await come_in(alice, new_browser, scope="receipts")

    assert (await deciding.post("/tokens/link")).status_code == 403
    assert (await alice.post("/tokens/link")).status_code == 200


async def test_a_token_that_opens_less_proves_nothing_for_a_session_that_may_more(
    signed_in, make_shop, new_browser
):
    shop = await make_shop(stock=0)
    alice = await signed_in(shop)
    looking, token = await come_in(alice, new_browser, scope="see")

    assert (await alice.post("/confirm", {"api_token": token})).status_code == 422
    assert (await looking.post("/confirm", {"api_token": token})).status_code == 303
    assert (await alice.post("/confirm", {"api_token": shop.api_token})).status_code == 303


async def test_what_is_ticked_is_what_it_opens_and_the_list_says_so(signed_in, make_shop, new_browser):
    alice = await signed_in(await make_shop(stock=0))

    planning, _ = await come_in(
        alice, new_browser, **{"scope": "chosen", "shop.see": "on", "plans.manage": "on"}
    )

    assert (await planning.get("/plans/new")).status_code == 200
    assert (await planning.get("/receipts")).status_code == 403
    page = (await alice.get("/tokens?lang=en")).text
    part = page[page.index("It may: ") :].partition("</p>")[0]
    assert "See the overview and the lists" in part
    assert "Change plans and prices" in part
    assert "receipts" not in part


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"scope": "all of it"}, "scope"),
        ({"days": "2"}, "days"),
        ({"days": "x"}, "days"),
        ({"last_day": "1406/01/01"}, "last-day"),
        ({"days": "", "last_day": "۱۴۰۵/۸/۳۰"}, "last-day"),
        ({"days": "", "last_day": "1408/09/02"}, "last-day"),
        ({"days": "", "last_day": "1405/12/30"}, "last-day"),
        ({"days": "", "last_day": "soon"}, "last-day"),
    ],
)
async def test_a_refused_form_says_why_beside_the_field_and_loses_nothing(signed_in, make_shop, form, field):
    alice = await signed_in(await make_shop(stock=0))

    answer = await alice.post("/tokens", {"name": "Laptop", "days": "30", "plans.manage": "on", **form})

    assert answer.status_code == 422
    assert f'id="{field}-error-new"' in answer.text
    assert 'value="Laptop"' in answer.text
    assert f'value="{form.get("last_day", "")}"' in answer.text
    assert 'name="plans.manage" value="on" checked' in answer.text
    assert not TOKEN.search(answer.text)


async def test_a_token_for_nothing_is_not_made(signed_in, make_shop):
    alice = await signed_in(await make_shop(stock=0))

    answer = await alice.post("/tokens", {"name": "Laptop", "scope": "chosen"})

    assert answer.status_code == 422
    assert 'id="scope-error-new"' in answer.text


async def test_the_end_of_a_token_ends_its_sessions_and_is_told_a_week_before(
    signed_in, make_shop, new_browser, clock
):
    shop = await make_shop(stock=0)
    alice = await signed_in(shop)
    answer = await alice.post("/tokens", {"name": "Short", "days": "30"})
    other = new_browser()
    await other.sign_in(shown(answer), remember=True)
    warning = "this device is signed out then"

    assert warning not in (await other.get("/?lang=en")).text
    clock.forward(days=24)
    assert warning in (await other.get("/?lang=en")).text
    await alice.sign_in(shop.api_token)
    other = new_browser()
    await other.sign_in(shown(await alice.post("/tokens", {"name": "Week", "days": "7"})), remember=True)
    clock.forward(days=7)
    assert (await other.get("/")).status_code == 200
    clock.forward(days=1)
    assert (await other.get("/")).status_code == 303


@pytest.mark.parametrize("typed", ["۱۴۰۵/۹/۳", "1405-09-03", "2026/11/24"])
async def test_the_last_day_may_be_chosen_in_either_calendar(
    signed_in, make_shop, new_browser, clock, everything, typed
):
    """Today is the first of Azar, noon in Tehran: the day after tomorrow ends in sixty hours."""
    alice = await signed_in(await make_shop(stock=0))
    other = new_browser()
    token = shown(await alice.post("/tokens", {"name": "Chosen", "last_day": typed}))

    await other.sign_in(token, remember=True)
    assert "this device is signed out then" in (await other.get("/?lang=en")).text
    clock.forward(hours=59.9)
    assert (await other.get("/")).status_code == 200
    clock.forward(hours=0.1)
    assert (await other.get("/")).status_code == 303


async def test_the_list_says_which_token_ends_soon(signed_in, make_shop):
    alice = await signed_in(await make_shop(stock=0))
    await alice.post("/tokens", {"name": "Long", "days": "90"})

    assert "Ends soon" not in (await alice.get("/tokens?lang=en")).text
    await alice.post("/tokens", {"name": "Short", "days": "1"})
    assert (await alice.get("/tokens?lang=en")).text.count("Ends soon") == 1


async def test_the_masters_token_has_no_scope(new_browser, master):
    browser = new_browser()
    await browser.sign_in(master.api_token)

    assert 'name="scope"' not in (await browser.get("/tokens")).text
    assert (await browser.post("/tokens", {"name": "Part", "scope": "see"})).status_code == 422


# A fresh proof ----------------------------------------------------------------------------------------------


@pytest.fixture
async def stale(signed_in, make_shop, clock):
    """Alice, who signed in longer ago than a proof counts, and her shop."""
    shop = await make_shop(stock=0)
    alice = await signed_in(shop)
    clock.forward(minutes=10)
    return alice, shop


async def test_after_ten_minutes_the_page_asks_for_a_proof_instead_of_showing_forms(stale):
    alice, _ = stale

    page = (await alice.get("/tokens")).text

    assert "/confirm?next=/tokens" in page
    assert 'action="/tokens"' not in page
    assert "/revoke" not in page


async def test_a_proof_gives_a_new_cookie_ten_minutes_and_the_way_back(stale, new_browser, clock):
    alice, shop = stale
    refused = await alice.post("/tokens", {"name": "Laptop"})
    assert 'name="next" value="/tokens"' in refused.text
    old = alice.session

    answer = await alice.post("/confirm", {"api_token": shop.api_token, "next": "/tokens"})

    assert (answer.status_code, answer.headers["location"]) == (303, "/tokens")
    assert alice.session != old
    thief = new_browser()
    thief.plant("pishkhan", old)
    assert (await thief.get("/")).status_code == 303
    clock.forward(minutes=9.9)
    assert (await alice.post("/tokens", {"name": "Laptop"})).status_code == 200
    clock.forward(minutes=0.1)
    assert (await alice.post("/tokens", {"name": "Laptop"})).status_code == 403


async def test_only_a_token_of_ones_own_is_a_proof(stale, make_shop, units):
    alice, shop = stale
    _, bobs = await add_staff(units, shop)
    mallorys = await make_shop(stock=0)

    for typed in (bobs, mallorys.api_token, shop.api_token[:-1], "", "\x00"):
        answer = await alice.post("/confirm", {"api_token": typed, "next": "/tokens"})
        assert answer.status_code == 422
        assert typed not in answer.text or not typed

    assert (await alice.post("/tokens", {"name": "Laptop"})).status_code == 403


async def test_a_proof_keeps_the_end_of_the_session(signed_in, make_shop, clock, new_browser):
    shop = await make_shop(stock=0)
    alice = new_browser()
    await alice.sign_in(shop.api_token, remember=True)
    clock.forward(days=29)

    answer = await alice.post("/confirm", {"api_token": shop.api_token})

    assert "Max-Age=86400" in answer.headers["set-cookie"]
    clock.forward(days=1)
    assert (await alice.get("/")).status_code == 303


async def test_htmx_is_sent_to_the_proof_and_from_there_back(stale):
    alice, shop = stale

    answer = await alice.post(f"/tokens/{shop.token_id}/revoke", HX_Request="true")

    assert answer.status_code == 403
    assert answer.headers["hx-redirect"] == "/confirm?next=%2Ftokens"


@pytest.mark.parametrize(
    "target", ["//evil.test", "https://evil.test", "/\\evil.test", "javascript:alert(1)"]
)
async def test_a_proof_sends_nobody_to_another_site(stale, target):
    alice, shop = stale

    page = await alice.client.get("/confirm", params={"next": target})
    answer = await alice.post("/confirm", {"api_token": shop.api_token, "next": target})

    assert "evil" not in page.text
    assert answer.headers["location"] == "/"


async def test_the_master_proves_himself_by_his_own_token_while_he_looks_at_a_shop(
    new_browser, master, make_shop, clock
):
    shop = await make_shop(stock=0)
    browser = new_browser()
    await browser.sign_in(master.api_token)
    await browser.post(f"/platform/bots/{shop.bot_id}/open")
    clock.forward(minutes=11)

    assert (await browser.post("/confirm", {"api_token": shop.api_token})).status_code == 422
    assert (await browser.post("/confirm", {"api_token": master.api_token})).status_code == 303
    assert (await browser.post("/tokens", {"name": "x"})).status_code == 403


async def test_a_code_for_a_chat_is_shown_once_and_only_after_a_fresh_proof(signed_in, make_shop, clock):
    alice = await signed_in(await make_shop(stock=0))

    answer = await alice.post("/tokens/link")
    code = re.search(r"/link ([A-Z2-9]{4}-[A-Z2-9]{4})<", answer.text)
    page = await alice.get("/tokens")
    clock.forward(minutes=11)
    late = await alice.post("/tokens/link")

    assert code is not None
    assert code[1] not in page.text
    assert answer.headers["cache-control"] == "no-store"
    assert late.status_code == 403


async def test_whoever_may_not_decide_gets_no_code(signed_in, make_shop, new_browser, units):
    shop = await make_shop(stock=0)
    bob = new_browser()
    _, token = await add_staff(units, shop, permissions=SEEING)
    await bob.sign_in(token)

    assert "/tokens/link" not in (await bob.get("/tokens")).text
    assert (await bob.post("/tokens/link")).status_code == 403

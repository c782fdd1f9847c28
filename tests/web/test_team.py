"""The team: let in, changed, let go; nobody gives more than he holds."""

from __future__ import annotations

import csv
import html
import json
import re
from io import StringIO

import pytest

from shop.actors import (
    OWNING,
    PLANS_MANAGE,
    RECEIPTS_APPROVE,
    RECEIPTS_SEE,
    SEEING,
    SHOP_SEE,
    TOKENS_MANAGE,
)
from shop.staff import rules, team
from tests.web.conftest import add_staff

TOKEN = re.compile(r'id="new-token"[^>]*>(pk_live_[^<]+)<')
BOB = {"name": "باب", SHOP_SEE: "on", RECEIPTS_APPROVE: "on"}


@pytest.fixture
async def alices(shops):
    return await shops.open(name="Alice's shop")


@pytest.fixture
async def alice(signed_in, alices):
    return await signed_in(alices)


async def colleagues(units, shop) -> dict[str, team.Colleague]:
    async with units.begin(shop.bot_id, shop.owner) as uow:
        return {one.name: one for one in await team.load_team(uow)}


async def test_a_colleague_comes_in_with_the_token_shown_once_and_does_what_he_may(
    alice, alices, shops, new_browser
):
    sent = await shops.receipt(alices)

    token = TOKEN.search((await alice.post("/team", BOB)).text)[1]
    bob = new_browser()
    await bob.sign_in(token)

    assert token not in (await alice.get("/team")).text
    assert (await bob.post(f"/receipts/{sent.payment_id}/approve")).status_code == 303
    assert (await bob.post("/team", BOB)).status_code == 403


async def test_the_answer_with_a_token_loaded_again_lets_nobody_in_twice(alice, alices, units):
    def once(page: str, action: str) -> str:
        return re.search(rf'action="{action}".*?name="once" value="([^"]+)"', page, re.DOTALL)[1]

    async def twice(action: str, **fields: str) -> None:
        form = fields | {"once": once((await alice.get("/team")).text, action)}
        first, again = [await alice.post(action, form) for _ in range(2)]
        assert TOKEN.search(first.text)
        assert (again.status_code, again.headers["location"]) == (303, "/team")

    await twice("/team", **BOB)
    bob = (await colleagues(units, alices))["باب"]
    assert len(await colleagues(units, alices)) == 2
    await twice(f"/team/{bob.staff_id}/token", name="Phone")
    await alice.post(f"/team/{bob.staff_id}/let-go")
    await twice(f"/team/{bob.staff_id}/take-back")

    assert (await colleagues(units, alices))["باب"].tokens == 1


async def test_whoever_decides_on_receipts_sees_them_too(alice, alices, units):
    await alice.post("/team", BOB)

    held = (await colleagues(units, alices))["باب"].permissions
    assert held == {SHOP_SEE, RECEIPTS_APPROVE, RECEIPTS_SEE}


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"name": " ", SHOP_SEE: "on"}, "Give it a name"),
        ({"name": "n" * 65, SHOP_SEE: "on"}, "at most 64"),
        ({"name": "Bob"}, "Choose at least one thing"),
        ({"name": "Bob", "platform.manage": "on"}, "Choose at least one thing"),
    ],
)
async def test_a_form_that_cannot_be_taken_says_why_and_keeps_what_was_typed(
    alice, alices, units, fields, sentence
):
    answer = await alice.post("/team?lang=en", fields)

    assert answer.status_code == 422
    assert sentence in answer.text
    assert f'value="{fields["name"]}"' in answer.text
    assert len(await colleagues(units, alices)) == 1


async def test_changed_rights_count_from_the_next_request_on(alice, alices, units, new_browser, everything):
    bob, token = await add_staff(units, alices, permissions=OWNING)
    browser = new_browser()
    await browser.sign_in(token)
    assert (await browser.post("/tokens", {"name": "Laptop"})).status_code == 200

    answer = await alice.post(f"/team/{bob.staff_id}/change", {"name": "Robert", SHOP_SEE: "on"})

    assert answer.status_code == 303
    assert (await browser.post("/tokens", {"name": "Laptop"})).status_code == 403
    assert (await colleagues(units, alices))["Robert"].permissions == {SHOP_SEE}
    data = await everything.fetchval(
        "SELECT data FROM audit_log WHERE bot_id = $1 AND action = 'staff.changed'", alices.bot_id
    )
    assert sorted(OWNING) == json.loads(data)["before"]


async def test_whoever_leaves_is_signed_out_at_once_and_his_tokens_open_nothing(
    alice, alices, units, new_browser
):
    bob, token = await add_staff(units, alices, permissions=OWNING)
    browser = new_browser()
    await browser.sign_in(token)

    await alice.post(f"/team/{bob.staff_id}/let-go")

    assert (await browser.get("/sessions")).headers["location"].startswith("/login")
    assert (await new_browser().sign_in(token)).status_code == 422
    assert not (await colleagues(units, alices))["Bob"].is_active


async def test_whoever_is_taken_back_has_his_rights_and_a_new_token_and_the_old_one_stays_dead(
    alice, alices, units, new_browser
):
    bob, old = await add_staff(units, alices, permissions=SEEING)
    await alice.post(f"/team/{bob.staff_id}/let-go")

    token = TOKEN.search((await alice.post(f"/team/{bob.staff_id}/take-back")).text)[1]

    assert (await new_browser().sign_in(token)).status_code == 303
    assert (await new_browser().sign_in(old)).status_code == 422
    assert (await colleagues(units, alices))["Bob"].permissions == SEEING


@pytest.mark.parametrize("act", ["change", "token", "let-go", "take-back"])
async def test_nobody_changes_an_owner_or_himself(alice, alices, units, new_browser, act):
    helper, token = await add_staff(units, alices, name="Helper")
    browser = new_browser()
    await browser.sign_in(token)

    for staff_id in (alices.owner.staff_id, helper.staff_id):
        answer = await browser.post(f"/team/{staff_id}/{act}", {"name": "Eve", SHOP_SEE: "on"})
        assert answer.status_code == 403

    assert {"Helper"} < set(await colleagues(units, alices))
    assert all(one.is_active for one in (await colleagues(units, alices)).values())


async def test_nobody_gives_what_he_does_not_hold_and_takes_it_from_nobody(alices, units, new_browser):
    _, token = await add_staff(units, alices, name="Helper", permissions=SEEING | {TOKENS_MANAGE})
    bob, _ = await add_staff(units, alices, permissions=SEEING | {PLANS_MANAGE})
    helper = new_browser()
    await helper.sign_in(token)

    given = await helper.post("/team", {"name": "Eve", PLANS_MANAGE: "on"})
    await helper.post(f"/team/{bob.staff_id}/change", {"name": "Bob", SHOP_SEE: "on"})

    assert given.status_code == 403
    team_now = await colleagues(units, alices)
    assert "Eve" not in team_now
    assert team_now["Bob"].permissions == {SHOP_SEE, PLANS_MANAGE}


async def test_who_may_only_see_reads_the_team_without_a_form(alices, units, new_browser):
    _, token = await add_staff(units, alices, permissions=SEEING)
    bob = new_browser()
    await bob.sign_in(token)

    page = (await bob.get("/team")).text

    assert "Bob" in page
    assert 'action="/team' not in page


async def test_the_page_takes_as_many_statements_for_twenty_people_as_for_two(
    alice, alices, units, counted_queries
):
    counted_queries()
    await alice.get("/team")
    few = counted_queries()
    for at in range(20):
        await add_staff(units, alices, name=f"Colleague {at}", permissions=SEEING)
    counted_queries()

    page = (await alice.get("/team")).text

    assert counted_queries() == few
    assert page.count("Colleague") >= 20


async def test_every_permission_is_told_in_words():
    assert set(rules.ABOUT) == OWNING


async def test_a_name_that_is_markup_is_read_as_it_is(alice, alices):
    await alice.post("/team", {"name": "<img src=x onerror=a>", SHOP_SEE: "on"})

    page = (await alice.get("/team")).text

    assert "<img src=x" not in page
    assert html.escape("<img src=x onerror=a>", quote=False) in page


async def test_a_limit_set_on_the_page_is_said_by_the_desk_and_holds(
    alice, alices, shops, units, new_browser
):
    sent = await shops.receipt(alices)
    token = TOKEN.search((await alice.post("/team", BOB | {"up_to": "۱۰۰٬۰۰۰"})).text)[1]
    bob = new_browser()
    await bob.sign_in(token)
    await bob.get("/receipts?lang=en")

    page = (await bob.get(f"/receipts/{sent.payment_id}")).text
    assert "You approve up to \u2068100,000 Toman\u2069" in page or "You approve up to 100,000 Toman" in page
    assert f'action="/receipts/{sent.payment_id}/approve"' not in page
    answer = await bob.post(f"/receipts/{sent.payment_id}/approve")
    assert answer.status_code == 409
    assert "You approve up to 100,000 Toman; a colleague" in html.unescape(answer.text)
    assert "approves up to" in (await alice.get("/team?lang=en")).text
    bob_id = (await colleagues(units, alices))["باب"].staff_id
    await alice.post(f"/team/{bob_id}/change", BOB | {"up_to": ""})
    assert (await bob.post(f"/receipts/{sent.payment_id}/approve")).status_code == 303


@pytest.mark.parametrize(("typed", "sentence"), [("0", "At least 1"), ("much", "A whole number, please.")])
async def test_a_limit_that_is_none_is_asked_for_again(alice, typed, sentence):
    await alice.get("/team?lang=en")

    answer = await alice.post("/team", BOB | {"up_to": typed})

    assert answer.status_code == 422
    assert sentence in answer.text
    assert f'value="{typed}"' in answer.text


# Part of a colleague's rights, until a day -----------------------------------------------------------------


def one_token(answer) -> str:
    return TOKEN.search(answer.text)[1]


async def test_a_colleagues_token_opens_a_part_of_his_rights_until_a_day(
    alice, alices, units, new_browser, clock
):
    """Today is the first of Azar, noon in Tehran: tomorrow ends in thirty-six hours."""
    colleague, _ = await add_staff(units, alices, permissions=SEEING | {RECEIPTS_APPROVE, PLANS_MANAGE})
    form = {"name": "Tablet", "scope": "chosen", SHOP_SEE: "on", PLANS_MANAGE: "on", "last_day": "۱۴۰۵/۹/۲"}
    bob = new_browser()

    await bob.sign_in(one_token(await alice.post(f"/team/{colleague.staff_id}/token", form)), remember=True)

    assert (await bob.get("/plans/new")).status_code == 200
    assert (await bob.get("/receipts")).status_code == 403
    assert "this device is signed out then" in (await bob.get("/plans?lang=en")).text
    clock.forward(hours=36)
    assert (await bob.get("/plans")).status_code == 303


async def test_what_a_new_colleague_comes_in_with_may_end_by_itself(alice, new_browser, clock):
    bob = new_browser()

    await bob.sign_in(one_token(await alice.post("/team", {**BOB, "days": "1"})), remember=True)

    assert (await bob.get("/receipts")).status_code == 200
    clock.forward(hours=36)
    assert (await bob.get("/receipts")).status_code == 303


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"last_day": "1405/8/30"}, "This day is over already."),
        ({"last_day": "1409/1/1"}, "At most three years ahead"),
        ({"last_day": "1405/9/31"}, "A day as 1405/12/29"),
        ({"last_day": "1405/9/20", "days": "7"}, "not both"),
        ({"scope": "chosen", PLANS_MANAGE: "on"}, "A token may do nothing that you may not do"),
        ({"scope": "chosen"}, "Choose at least one thing"),
    ],
)
async def test_a_refused_token_for_a_colleague_says_why_and_loses_nothing(
    alice, alices, units, wrong, sentence
):
    colleague, _ = await add_staff(units, alices, permissions=SEEING | {RECEIPTS_APPROVE})

    answer = await alice.post(f"/team/{colleague.staff_id}/token?lang=en", {"name": "Tablet", **wrong})

    assert answer.status_code == 422
    form = answer.text[answer.text.index(f'action="/team/{colleague.staff_id}/token"') :].partition(
        "</form>"
    )[0]
    assert sentence in html.unescape(form)
    assert 'value="Tablet"' in form
    assert f'value="{wrong.get("last_day", "")}"' in form
    assert TOKEN.search(answer.text) is None


async def test_a_new_colleague_is_not_let_in_with_a_token_of_yesterday(alice, alices, units):
    answer = await alice.post("/team?lang=en", {**BOB, "last_day": "1405/8/30"})

    assert answer.status_code == 422
    assert "This day is over already." in answer.text
    assert "باب" in answer.text
    assert "باب" not in await colleagues(units, alices)


async def test_the_team_is_a_file_too_with_what_each_may_do_and_no_token(alice, alices, units):
    await add_staff(units, alices, permissions=SEEING, name="=Bob")

    file = await alice.get("/team.csv?lang=en")

    owner, bob = csv.DictReader(StringIO(file.text.removeprefix("\ufeff")))
    assert (owner["Role"], bob["Role"], bob["Name"]) == ("owner", "colleague", "'=Bob")
    assert bob["May"].split("; ") == [words for one, words in rules.ABOUT.items() if one in SEEING]
    assert "pk_live" not in file.text

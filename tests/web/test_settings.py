"""The settings of a shop: what is kept, what is refused beside its field, and the test of its chats."""

from __future__ import annotations

import json
import re

import pytest

from shop.actors import RECEIPTS_SEE, SEEING
from shop.bots import queries as bots
from shop.bots import service as shop_verbs
from shop.configurations import queries as configurations
from shop.configurations import service as changing
from shop.configurations.registry import SETTINGS
from tests.web.conftest import add_staff

SHOP = {
    "name": "Nasim",
    "default_language": "fa",
    "timezone": "Asia/Dubai",
    "calendar": "gregorian",
    "support_username": "@nasim_help",
}
PAYMENTS = {
    one.key: ("on" if one.default is True else str(one.default))
    for one in SETTINGS
    if one.group in {"payments", "receipts"}
}
EVENTS = [one.key for one in SETTINGS if one.group == "notifications"]
NO_TOPICS = {"notification_topic_id": "", "card_receipt_topic_id": ""}
GROUP = -1001234567890


@pytest.fixture
async def alices(shops):
    return await shops.open(name="Alice's shop")


@pytest.fixture
async def alice(signed_in, alices):
    browser = await signed_in(alices)
    await browser.get("/settings?lang=en")
    return browser


async def as_it_is(units, shop):
    async with units.begin(shop.bot_id, shop.owner) as uow:
        return await bots.get_context(uow), await configurations.get_all_configurations_dict(uow)


async def link(units, shop, **chats):
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await shop_verbs.update_bot(uow, shop.bot_id, **chats)


async def promised(everything, shop) -> list[tuple]:
    rows = await everything.fetch(
        "SELECT chat_id, topic_id, payload->>'about' AS about FROM outbox "
        "WHERE bot_id = $1 AND kind = 'test_message' ORDER BY id",
        shop.bot_id,
    )
    return [tuple(row) for row in rows]


async def test_the_shops_own_particulars_are_kept_and_shown(alice, alices, units):
    answer = await alice.post("/settings/shop", SHOP)
    page = (await alice.get(answer.headers["location"])).text

    assert answer.headers["location"] == "/settings/shop"
    kept, _ = await as_it_is(units, alices)
    assert (kept.name, kept.timezone, kept.calendar, kept.support_username) == (
        "Nasim",
        "Asia/Dubai",
        "gregorian",
        "nasim_help",
    )
    assert 'value="Asia/Dubai"' in page


async def test_the_history_says_what_it_was_and_what_it_is(alice, alices, everything):
    await alice.post("/settings/shop", SHOP)

    data = json.loads(
        await everything.fetchval(
            "SELECT data FROM audit_log WHERE bot_id = $1 AND action = 'bot.updated'",
            alices.bot_id,
        )
    )
    assert (data["before"]["timezone"], data["after"]["timezone"]) == ("Asia/Tehran", "Asia/Dubai")


@pytest.mark.parametrize(
    ("tab", "wrong", "sentence"),
    [
        ("shop", {"timezone": "Mars/Olympus"}, "This time zone is not known"),
        ("shop", {"timezone": "../../etc/passwd"}, "This time zone is not known"),
        ("shop", {"name": " "}, "Give it a name"),
        ("shop", {"support_username": "two words"}, "letters, digits and underscores"),
        ("shop", {"calendar": "maya"}, "Choose one of those offered."),
        ("shop", {"default_language": "ru"}, "Choose one of those offered."),
        ("payments", {"payment_minutes": "4"}, "At least 5, please."),
        ("payments", {"max_open_orders": "x"}, "A whole number, please."),
        ("notifications", {"notification_topic_id": "general"}, "A whole number, please."),
        ("notifications", {"card_receipt_topic_id": "99999999999"}, "A whole number, please."),
    ],
)
@pytest.mark.parametrize("part", ["true", "false"])
async def test_what_cannot_be_is_told_beside_its_field_and_nothing_is_kept_or_lost(
    alice, alices, units, tab, wrong, sentence, part
):
    before = await as_it_is(units, alices)
    form = {"shop": SHOP, "payments": PAYMENTS, "notifications": {}}[tab] | wrong

    answer = await alice.post(f"/settings/{tab}", form, HX_Request=part)

    field = next(iter(wrong))
    assert answer.status_code == 422
    assert re.search(f'id="set-{field}-error"[^>]*>.*?{sentence}', answer.text, re.DOTALL)
    assert f'aria-invalid="true" data-focus aria-describedby="set-{field}-error ' in answer.text
    assert await as_it_is(units, alices) == before
    if tab == "shop" and field != "name":
        assert 'value="Nasim"' in answer.text


async def test_the_tab_of_payments_sets_its_own_settings_and_no_others(alice, alices, units):
    form = PAYMENTS | {"payment_minutes": "۴۵", "second_factor": "on", "card_rotation_minutes": "5"}
    form.pop("show_rial")

    await alice.post("/settings/payments", form)

    _, kept = await as_it_is(units, alices)
    assert (kept["payment_minutes"], kept["show_rial"]) == (45, False)
    assert (kept["second_factor"], kept["card_rotation_minutes"]) == (False, 60)


async def test_a_form_of_the_shop_never_moves_its_chats_or_its_token(alice, alices, everything):
    taken = (
        "SELECT admin_chat_id, notification_group_id, telegram_bot_token, status, is_master "
        "FROM bots WHERE id = $1"
    )
    before = await everything.fetchrow(taken, alices.bot_id)

    for tab in ("shop", "notifications"):
        more = {"admin_chat_id": "5", "notification_group_id": "5", "telegram_bot_token": "x", "status": "x"}
        await alice.post(f"/settings/{tab}", SHOP | more | {"is_master": "on"})

    assert await everything.fetchrow(taken, alices.bot_id) == before


# Chats -----------------------------------------------------------------------------------------------------


async def test_a_test_goes_to_the_chat_and_topic_of_each_kind_of_message(alice, alices, units, everything):
    await link(units, alices, notification_group_id=GROUP)
    await alice.post("/settings/notifications", {"notification_topic_id": "۷", "card_receipt_topic_id": "9"})

    answer = await alice.post("/settings/notifications/test", HX_Request="true")

    assert "The test is on its way" in answer.text
    assert await promised(everything, alices) == [(GROUP, 7, "alerts"), (GROUP, 9, "receipts")]


async def test_pressing_twice_within_the_minute_sends_one_test(alice, alices, units, everything):
    await link(units, alices, admin_chat_id=77)

    for _ in range(3):
        assert (await alice.post("/settings/notifications/test")).status_code == 303

    assert await promised(everything, alices) == [(77, None, "alerts"), (77, None, "receipts")]


async def test_what_the_team_is_told_is_switched_beside_its_chats(alice, alices, units):
    page = (await alice.get("/settings/notifications")).text
    assert len(re.findall(r'name="notify_\w+" value="on" checked', page)) == len(EVENTS)
    assert "A paid order for which nothing is on the shelf" in page
    seen = re.search(r'name="seen" value="([^"]*)"', page)[1]

    wanted = {one: "on" for one in EVENTS if one != "notify_receipts"}
    answer = await alice.post("/settings/notifications", {**NO_TOPICS, "seen": seen, **wanted})

    assert answer.status_code == 303
    _, values = await as_it_is(units, alices)
    assert {one: values[one] for one in EVENTS} == {one: one in wanted for one in EVENTS}
    page = (await alice.get("/settings/notifications")).text
    assert re.findall(r'name="(notify_\w+)" value="on"(?! checked)', page) == ["notify_receipts"]


async def test_a_topic_that_cannot_be_leaves_the_switches_as_they_were_and_as_they_were_pressed(
    alice, alices, units
):
    fields = {"notification_topic_id": "seven", "notify_questions": "on"}

    answer = await alice.post("/settings/notifications", fields)

    assert answer.status_code == 422
    assert re.findall(r'name="(notify_\w+)" value="on" checked', answer.text) == ["notify_questions"]
    _, values = await as_it_is(units, alices)
    assert all(values[one] for one in EVENTS)


async def test_whoever_pressed_a_switch_meanwhile_is_not_overwritten(alice, alices, units):
    page = (await alice.get("/settings/notifications")).text
    seen = re.search(r'name="seen" value="([^"]*)"', page)[1]
    async with units.begin(alices.bot_id, alices.owner) as uow:
        await changing.set_configuration(uow, "notify_questions", value=False)

    answer = await alice.post(
        "/settings/notifications", {**NO_TOPICS, "seen": seen, **dict.fromkeys(EVENTS, "on")}
    )

    assert answer.status_code == 409
    assert "A customer asks" in answer.text
    _, values = await as_it_is(units, alices)
    assert not values["notify_questions"]


async def test_without_a_chat_there_is_nothing_to_test_and_the_page_says_so(alice, alices, everything):
    assert 'action="/settings/notifications/test"' not in (await alice.get("/settings/notifications")).text

    answer = await alice.post("/settings/notifications/test", HX_Request="true")

    assert "No chat is linked yet" in answer.text
    assert await promised(everything, alices) == []


# Whose it is -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tab", ["nonsense", "1"])
async def test_a_tab_that_does_not_exist_is_not_found(alice, tab):
    assert (await alice.get(f"/settings/{tab}")).status_code == 404
    assert (await alice.post(f"/settings/{tab}")).status_code == 404


async def test_a_colleague_without_the_right_sees_the_settings_and_changes_none(
    new_browser, alices, units, everything
):
    await link(units, alices, admin_chat_id=77)
    _, token = await add_staff(units, alices, permissions=SEEING)
    bob = new_browser()
    await bob.sign_in(token)
    before = await as_it_is(units, alices)

    for tab, form in (("shop", SHOP), ("payments", PAYMENTS), ("notifications", {})):
        assert "whoever may change settings" in (await bob.get(f"/settings/{tab}?lang=en")).text
        assert (await bob.post(f"/settings/{tab}", form)).status_code == 403
    assert (await bob.post("/settings/notifications/test")).status_code == 403
    assert await as_it_is(units, alices) == before
    assert await promised(everything, alices) == []


async def test_mallorys_settings_are_not_alices(alices, shops, signed_in, units):
    mallory = await signed_in(await shops.open(name="Mallory's shop"))

    await mallory.post("/settings/shop", SHOP)

    assert (await as_it_is(units, alices))[0].name == "Alice's shop"


async def test_a_number_may_be_set_apart_in_thousands_as_it_is_shown(alice, alices, units):
    assert 'value="5,000,000"' in (await alice.get("/settings/payments")).text

    await alice.post("/settings/payments", PAYMENTS | {"correction_limit": "۱۲٬۵۰۰٬۰۰۰"})

    assert (await as_it_is(units, alices))[1]["correction_limit"] == 12_500_000


async def test_what_one_device_chooses_is_remembered_by_it_alone(alice, alices, signed_in):
    answer = await alice.get("/settings/panel?lang=en&theme=dark&density=compact&keys=off")
    page = (await alice.get(answer.headers["location"])).text

    assert answer.headers["location"] == "/settings/panel"
    assert '<html lang="en" dir="ltr" data-theme="dark" data-density="compact" data-keys="off">' in page
    assert 'data-density="roomy" data-keys="on"' in (await (await signed_in(alices)).get("/settings")).text


async def test_whoever_decides_on_receipts_alone_chooses_how_his_own_device_looks(alices, units, new_browser):
    _, token = await add_staff(units, alices, permissions=frozenset({RECEIPTS_SEE}))
    bob = new_browser()
    await bob.sign_in(token)

    answer = await bob.get("/settings/panel?keys=off")
    page = (await bob.get(answer.headers["location"])).text

    assert 'data-keys="off"' in page
    assert 'href="/settings/shop"' not in page


async def test_a_choice_nobody_offers_counts_for_nothing(alice):
    await alice.get("/settings/panel?density=cosy&keys=maybe")

    assert 'data-density="roomy" data-keys="on"' in (await alice.get("/settings/panel")).text

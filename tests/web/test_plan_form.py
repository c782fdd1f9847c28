"""The form of one plan: what it takes, what it refuses, and two people at it."""

from __future__ import annotations

import re
from html import unescape

import pytest

from shop.plans import service
from tests.web.conftest import Browser
from tests.web.test_plans import PLAN, listed, shown
from web.typed import read_number


@pytest.fixture
async def alices(shops):
    return await shops.open(name="Alice's shop", price=125_000, stock=2)


@pytest.fixture
async def alice(signed_in, alices) -> Browser:
    browser = await signed_in(alices)
    await browser.get("/plans?lang=en")
    return browser


async def test_an_example_fills_in_the_form_of_a_new_plan_all_but_the_price(alice, alices, units):
    empty = (await alice.get("/plans/new?like=nonsense")).text
    filled = (await alice.get("/plans/new?like=month")).text

    assert fields_of(empty)["name_en"] == ""
    kept = fields_of(filled)
    assert (kept["name_en"], kept["period_days"], kept["traffic_limit_gb"], kept["price"]) == (
        *("1 month, 50 GB", "30", "50"),
        "",
    )
    refused = await alice.post("/plans", kept)
    assert (refused.status_code, fields_of(refused.text)["name_en"]) == (422, "1 month, 50 GB")
    await alice.post("/plans", {**kept, "price": "125000"})
    assert [plan.period_days for plan in await listed(units, alices)][-1] == 30


def fields_of(page: str) -> dict[str, str]:
    """What the boxes of the form hold."""
    boxes = re.findall(r'<input class="input" id="\w+" name="(\w+)" value="([^"]*)"', page)
    return {name: unescape(value) for name, value in boxes}


async def test_a_new_plan_stands_at_the_end_in_both_languages(alice, alices, units):
    answer = await alice.post("/plans", PLAN)

    assert answer.status_code == 303
    plan = (await listed(units, alices))[-1]
    assert (plan.name, plan.translations) == (
        PLAN["name_fa"],
        {"en": {"name": PLAN["name_en"], "description": PLAN["description_en"]}},
    )
    assert (plan.price, plan.period_days, plan.traffic_limit_gb, plan.device_limit) == (290_000, 90, 120, 0)
    assert (plan.low_stock_at, plan.renewal_policy, plan.is_active) == (5, "reset", True)
    assert (plan.old_price, plan.most_per_person) == (350_000, 2)
    page = (await alice.get("/plans")).text
    assert "Saved" in page
    assert re.search(r"<s [^>]*>.*350,000.*</s>", page)
    assert "2 times per customer" in page


async def test_what_the_form_shows_of_a_plan_saves_it_as_it_is(alice, alices, units):
    await alice.post("/plans", PLAN)
    before = (await listed(units, alices))[-1]
    page = (await alice.get(f"/plans/{before.plan_id}")).text
    typed = {
        **dict(re.findall(r'<input class="input" id="(\w+)" name="\1" value="([^"]*)"', page)),
        **dict(re.findall(r'<textarea[^>]*name="(\w+)"[^>]*>\n?(.*?)</textarea>', page)),
        "renewal_policy": re.findall(r'<option value="(\w+)" selected', page)[-1],
    }

    await alice.post(f"/plans/{before.plan_id}", {name: unescape(value) for name, value in typed.items()})

    assert (await listed(units, alices))[-1] == before


async def test_a_change_moves_no_order_that_was_placed(alice, alices, shops, everything):
    sent = await shops.receipt(alices)
    orders = "SELECT amount, snapshot::text FROM orders WHERE id = $1"
    before = await everything.fetchrow(orders, sent.order_id)

    answer = await alice.post(f"/plans/{alices.plan_id}", PLAN, HX_Request="true")

    assert (answer.status_code, answer.headers["hx-redirect"]) == (200, "/plans")
    assert "290,000" in (await alice.get("/plans")).text
    assert await everything.fetchrow(orders, sent.order_id) == before


@pytest.mark.parametrize(
    ("difference", "field", "sentence"),
    [
        ({"name_fa": " "}, "name_fa", "Give it a name"),
        ({"name_en": "x" * 65}, "name_en", "At most 64 characters, please."),
        ({"description_fa": "x" * 1001}, "description_fa", "At most 1,000 characters, please."),
        ({"price": "0"}, "price", "At least 1, please."),
        ({"price": "free"}, "price", "A whole number, please."),
        ({"price": "125.5"}, "price", "A whole number, please."),
        ({"price": "9" * 14}, "price", "At most 1,000,000,000,000, please."),
        ({"period_days": ""}, "period_days", "A whole number, please."),
        ({"old_price": "290000"}, "old_price", "At least 290,001, please."),
        ({"old_price": "soon"}, "old_price", "A whole number, please."),
        ({"most_per_person": "-1"}, "most_per_person", "At least 0, please."),
        ({"most_per_person": "1001"}, "most_per_person", "At most 1,000, please."),
        ({"device_limit": "-1"}, "device_limit", "At least 0, please."),
        ({"renewal_policy": "never"}, "renewal_policy", "Choose one of those offered."),
    ],
)
@pytest.mark.parametrize("part", ["true", "false"])
async def test_what_is_wrong_is_said_beside_its_field_and_nothing_typed_is_lost(
    difference, field, sentence, part, alice, alices, units
):
    before = await listed(units, alices)
    typed = PLAN | difference

    for url in ("/plans", f"/plans/{alices.plan_id}"):
        answer = await alice.post(url, typed, HX_Request=part)

        assert answer.status_code == 422
        assert ("<html" in answer.text) == (part == "false")
        said = re.search(rf'id="{field}-error"[^>]*>.*?</svg>([^<]*)<', answer.text, re.DOTALL)
        assert said is not None
        assert sentence in said[1]
        for name, value in typed.items():
            assert name == "renewal_policy" or value in answer.text, name
    assert await listed(units, alices) == before


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("125000", 125_000),
        ("۱۲۵٬۰۰۰", 125_000),
        ("125,000", 125_000),
        ("١٢٥،٠٠٠", 125_000),
        (" 1 250 000 ", 1_250_000),
        ("1\u202f000", 1_000),
    ],
)
def test_an_amount_is_read_as_people_write_it(text, number):
    assert read_number("price", text) == number


async def test_the_button_is_shown_while_somebody_types_and_says_when_a_name_is_cut(alice):
    good = await alice.get("/plans/button?name_fa=ماهانه&name_en=Monthly&price=۱۲۵٬۰۰۰", HX_Request="true")
    long = await alice.get(f"/plans/button?name_fa={'x' * 31}&price=1000", HX_Request="true")
    bare = await alice.get("/plans/button?price=x", HX_Request="true")

    assert shown(good.text) == ["ماهانه، ۱۲۵٬۰۰۰", "Monthly, 125,000"]
    assert shown(long.text)[1] == "x" * 29 + "…, 1,000"
    assert "too long for a button" in long.text
    assert "tg-kb" not in bare.text


# Two at once ------------------------------------------------------------------------------------------------


def seen_in(page: str) -> str:
    return re.search(r'name="seen" value="([0-9a-f]+)"', page)[1]


async def test_whoever_was_second_sees_both_and_overwrites_only_then(alice, alices, units):
    form = PLAN | {"seen": seen_in((await alice.get(f"/plans/{alices.plan_id}?lang=en")).text)}
    async with units.begin(alices.bot_id, alices.owner) as uow:
        await service.update_plan(uow, alices.plan_id, price=99_000)

    refused = await alice.post(f"/plans/{alices.plan_id}", form)

    assert refused.status_code == 409
    assert "Somebody else changed this meanwhile" in refused.text
    assert "<bdi>99,000</bdi>" in refused.text
    assert "<bdi>Alice</bdi>," in refused.text
    assert 'value="۲۹۰٬۰۰۰"' in refused.text
    assert [plan.price for plan in await listed(units, alices)] == [99_000]
    again = await alice.post(f"/plans/{alices.plan_id}", form | {"seen": seen_in(refused.text)})
    assert again.status_code == 303
    assert [plan.price for plan in await listed(units, alices)] == [290_000]


async def test_another_refusal_does_not_make_one_forget_what_was_seen(alice, alices, units):
    seen = seen_in((await alice.get(f"/plans/{alices.plan_id}")).text)
    async with units.begin(alices.bot_id, alices.owner) as uow:
        await service.update_plan(uow, alices.plan_id, price=99_000)

    wrong = await alice.post(f"/plans/{alices.plan_id}", PLAN | {"seen": seen, "price": "x"})

    assert wrong.status_code == 422
    assert seen_in(wrong.text) == seen


async def test_a_switch_and_another_place_are_no_change_of_what_the_form_holds(alice, alices, units):
    form = PLAN | {"seen": seen_in((await alice.get(f"/plans/{alices.plan_id}")).text)}
    async with units.begin(alices.bot_id, alices.owner) as uow:
        await service.deactivate_plan(uow, alices.plan_id)

    assert (await alice.post(f"/plans/{alices.plan_id}", form)).status_code == 303

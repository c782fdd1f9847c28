"""The page of plans: the list and its order, the archive."""

from __future__ import annotations

import re
from html import unescape

import pytest

from shop.actors import SEEING
from shop.plans import queries, service
from shop.receipts import service as receipts
from tests.web.conftest import Browser, add_staff

PLAN = {
    "name_fa": "سه‌ماهه ۱۲۰ گیگ",
    "name_en": "3 months, 120 GB",
    "description_fa": "برای خانواده",
    "description_en": "For a family",
    "price": "۲۹۰٬۰۰۰",
    "period_days": "۹۰",
    "traffic_limit_gb": "120",
    "old_price": "۳۵۰٬۰۰۰",
    "device_limit": "",
    "most_per_person": "2",
    "low_stock_at": "5",
    "renewal_policy": "reset",
}


@pytest.fixture
async def alices(shops):
    return await shops.open(name="Alice's shop", price=125_000, stock=2)


@pytest.fixture
async def alice(signed_in, alices) -> Browser:
    browser = await signed_in(alices)
    await browser.get("/plans?lang=en")
    return browser


async def listed(units, shop) -> list[queries.PlanRow]:
    async with units.begin(shop.bot_id, shop.owner) as uow:
        return await queries.get_plans(uow)


async def add(units, shop, **difference) -> int:
    valid = {"name": "Second", "period_days": 90, "price": 290_000}
    async with units.begin(shop.bot_id, shop.owner) as uow:
        return (await service.create_plan(uow, **(valid | difference))).plan_id


def shown(page: str) -> list[str]:
    """The words on the buttons of the bot's keyboard in the preview."""
    keyboard = re.search(r'<ul class="tg-kb">(.*?)</ul>', page, re.DOTALL)
    assert keyboard is not None
    return [unescape(words) for words in re.findall(r"<bdi>(.*?)</bdi>", keyboard[1])]


# The list ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("en", ["Plans", "1 month, 50 GB", "30 days", "125,000", "2 lines left", "Not sold in 30 days"]),
        ("fa", ["پلن‌ها", "یک‌ماهه ۵۰ گیگ", "۳۰ روز", "۱۲۵٬۰۰۰", "۲ خط مانده", "بدون فروش در ۳۰ روز"]),
    ],
)
async def test_a_plan_is_told_with_its_terms_its_price_and_its_shelf(lang, words, alice, alices):
    page = await alice.get(f"/plans?lang={lang}")

    assert [word for word in words if word not in page.text] == []
    assert f'href="/stock/{alices.plan_id}"' in page.text


async def test_what_was_paid_in_the_last_thirty_days_is_counted(alice, alices, shops):
    sent = await shops.receipt(alices)
    async with shops.units.begin(alices.bot_id, alices.owner) as uow:
        await receipts.approve(uow, sent.payment_id)

    assert "1 sale in 30 days" in (await alice.get("/plans")).text


async def test_the_preview_shows_the_words_of_the_bot_and_only_what_is_on_sale(alice, alices, units):
    second = await add(units, alices)
    assert shown((await alice.get("/plans")).text) == [
        "1 month, 50 GB, 125,000",
        "Second, 290,000",
        "🏠 Main menu",
    ]

    part = await alice.post(f"/plans/{second}/switch", {"enabled": "off"}, HX_Request="true")

    assert shown(part.text) == ["1 month, 50 GB, 125,000", "🏠 Main menu"]
    assert "<html" not in part.text
    assert shown((await alice.get("/plans?lang=fa")).text)[0] == "یک‌ماهه ۵۰ گیگ، ۱۲۵٬۰۰۰"


async def test_a_shop_without_plans_is_told_what_will_be_here(alice, alices, units):
    async with units.begin(alices.bot_id, alices.owner) as uow:
        await service.archive_plan(uow, alices.plan_id)

    page = await alice.get("/plans")

    assert "No plan yet" in page.text
    assert shown(page.text) == ["🏠 Main menu"]


async def test_the_list_takes_as_many_statements_for_twenty_plans_as_for_one(
    alice, alices, units, counted_queries
):
    counted_queries()
    await alice.get("/plans")
    few = counted_queries()
    for at in range(20):
        await add(units, alices, name=f"Plan {at}")
    counted_queries()

    page = (await alice.get("/plans")).text

    assert counted_queries() == few
    assert page.count('class="planrow') == 21


# The order --------------------------------------------------------------------------------------------------


@pytest.fixture
async def three(alices, units) -> list[int]:
    return [alices.plan_id, *[await add(units, alices, name=name) for name in ("Second", "Third")]]


async def order_of(units, shop) -> list[int]:
    return [plan.plan_id for plan in await listed(units, shop)]


async def test_a_list_that_was_dragged_is_kept_in_its_new_order(alice, alices, three, units):
    wanted = [three[2], three[0], three[1]]

    answer = await alice.post("/plans/order", {"order": ",".join(map(str, wanted))}, HX_Request="true")

    assert answer.status_code == 200
    assert await order_of(units, alices) == wanted
    assert [words.split(",")[0] for words in shown(answer.text)[:3]] == ["Third", "1 month", "Second"]


@pytest.mark.parametrize(
    ("way", "at", "places"),
    [("up", 2, [0, 2, 1]), ("down", 0, [1, 0, 2]), ("up", 0, [0, 1, 2]), ("down", 2, [0, 1, 2])],
)
async def test_an_arrow_moves_a_plan_by_one_place(way, at, places, alice, alices, three, units):
    fields = {"order": ",".join(map(str, three)), "move": f"{way}.{three[at]}"}

    answer = await alice.post("/plans/order", fields)

    assert (answer.status_code, answer.headers["location"]) == (303, "/plans")
    assert await order_of(units, alices) == [three[place] for place in places]


async def test_a_list_grown_old_is_refused_and_shown_as_it_is_now(alice, alices, three, units):
    old = {"order": ",".join(map(str, reversed(three)))}
    await add(units, alices, name="Fourth")

    part = await alice.post("/plans/order", old, HX_Request="true")
    whole = await alice.post("/plans/order", old)

    assert (part.status_code, whole.status_code) == (409, 409)
    for answer in (part, whole):
        assert "The list has changed meanwhile" in answer.text
    assert "Fourth" in part.text
    assert (await order_of(units, alices))[:3] == three


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"order": "x"},
        {"order": "1,,2"},
        {"order": "1", "move": "up.2"},
        {"order": "1", "move": "sideways.1"},
        {"order": "9" * 30},
    ],
)
async def test_what_is_no_order_is_refused(fields, alice):
    assert (await alice.post("/plans/order", fields)).status_code == 422


# Switch, archive, delete ------------------------------------------------------------------------------------


async def test_an_archived_plan_stands_apart_and_comes_back(alice, alices, units):
    answer = await alice.post(f"/plans/{alices.plan_id}/archive")
    assert answer.headers["location"] == "/plans"
    assert await listed(units, alices) == []
    archive = (await alice.get("/plans?tab=archived")).text
    assert f"/plans/{alices.plan_id}/restore" in archive
    assert (await alice.get(f"/plans/{alices.plan_id}")).status_code == 200

    await alice.post(f"/plans/{alices.plan_id}/restore", HX_Request="true")

    assert [(plan.plan_id, plan.is_active) for plan in await listed(units, alices)] == [
        (alices.plan_id, False)
    ]


async def test_only_what_nobody_ordered_is_deleted(alice, alices, units, shops):
    await shops.receipt(alices)
    second = await add(units, alices)

    refused = await alice.post(f"/plans/{alices.plan_id}/delete", HX_Request="true")
    done = await alice.post(f"/plans/{second}/delete")

    assert (refused.status_code, done.status_code) == (409, 303)
    assert refused.headers["hx-retarget"] == "#toasts"
    assert await order_of(units, alices) == [alices.plan_id]


# Whose it is ------------------------------------------------------------------------------------------------


async def test_mallory_reprices_and_sorts_none_of_alices(alices, shops, signed_in, units):
    mallorys = await shops.open(name="Mallory's shop")
    mallory = await signed_in(mallorys)

    repriced = await mallory.post(
        "/plans/prices",
        {"percent": "50", "direction": "down", "step": "1", "shown": f"{alices.plan_id}.125000"},
    )
    sorted_ = await mallory.post("/plans/order", {"order": f"{mallorys.plan_id},{alices.plan_id}"})

    assert (repriced.status_code, sorted_.status_code) == (409, 409)
    assert [plan.price for plan in await listed(units, alices)] == [125_000]


async def test_who_may_only_see_reads_the_list_and_is_offered_nothing(new_browser, alices, units):
    _, token = await add_staff(units, alices, permissions=SEEING)
    bob = new_browser()
    await bob.sign_in(token)

    page = (await bob.get("/plans?lang=en")).text
    plan = (await bob.get(f"/plans/{alices.plan_id}")).text

    assert "whoever may manage plans changes the list" in page
    assert 'action="/plans' not in page
    assert "disabled" in plan
    assert "/archive" not in plan
    for url in ("/plans/new", "/plans/prices"):
        assert (await bob.get(url)).status_code == 403
    for url in ("/plans", f"/plans/{alices.plan_id}"):
        assert (await bob.post(url, PLAN)).status_code == 403


async def test_a_name_that_is_markup_is_read_as_it_is(alice):
    await alice.post("/plans", PLAN | {"name_en": "<img src=x onerror=a>"})

    for url in ("/plans", "/plans/prices"):
        page = (await alice.get(url)).text
        assert "<img src=x" not in page
        assert "&lt;img src=x onerror=a&gt;" in page


# Undone -----------------------------------------------------------------------------------------------------


async def test_what_was_switched_offers_to_be_switched_back(alice, alices, units):
    second = await add(units, alices)

    part = (await alice.post(f"/plans/{second}/switch", {"enabled": "off"}, HX_Request="true")).text

    toast = part.partition('id="toast-oob"')[2]
    assert "Off sale" in toast
    assert f'action="/plans/{second}/switch"' in toast
    await alice.post(f"/plans/{second}/switch", dict(re.findall(r'name="(enabled)" value="(on)"', toast)))
    assert [plan.is_active for plan in await listed(units, alices)] == [True, True]


async def test_a_new_order_offers_the_one_before(alice, alices, units):
    second = await add(units, alices)
    before = f"{alices.plan_id},{second}"

    part = (await alice.post("/plans/order", {"order": f"{second},{alices.plan_id}"}, HX_Request="true")).text

    toast = part.partition('id="toast-oob"')[2]
    assert f'name="order" value="{before}"' in toast
    await alice.post("/plans/order", {"order": before})
    assert [plan.plan_id for plan in await listed(units, alices)] == [alices.plan_id, second]


async def test_the_last_plan_on_sale_asks_before_it_goes(alice, alices, units):
    last = "This is the last plan on sale"
    assert last in (await alice.get("/plans")).text

    second = await add(units, alices)
    assert last not in (await alice.get("/plans")).text

    await alice.post(f"/plans/{second}/switch", {"enabled": "off"})
    page = (await alice.get("/plans")).text
    assert page.count(last) == 1
    assert f'id="switch-{alices.plan_id}" aria-label="Take off sale' in page


@pytest.mark.parametrize(("was", "scripted"), [("on", True), ("off", False)])
async def test_an_archived_plan_is_taken_back_as_it_was_and_where_it_stood(
    alice, alices, units, was, scripted
):
    second = await add(units, alices)
    await alice.post(f"/plans/{alices.plan_id}/switch", {"enabled": was})

    headers = {"HX_Request": "true"} if scripted else {}
    await alice.post(f"/plans/{alices.plan_id}/archive", **headers)
    page = (await alice.get("/plans")).text
    toast = page.partition('id="toasts"')[2]
    back = re.search(r'name="to" value="(on|off)"', toast)[1]

    assert f'action="/plans/{alices.plan_id}/restore"' in toast
    await alice.post(f"/plans/{alices.plan_id}/restore", {"to": back}, **headers)
    assert [(plan.plan_id, plan.is_active) for plan in await listed(units, alices)] == [
        (alices.plan_id, was == "on"),
        (second, True),
    ]
    assert "/restore" not in (await alice.get("/plans")).text.partition('id="toasts"')[2]


@pytest.mark.parametrize(
    "kept", ["plan_archived.1.maybe", "settings_saved.1.on", "plan_archived.x.on", "no.1.on"]
)
async def test_a_notice_that_nobody_wrote_offers_nothing(alice, kept):
    alice.client.cookies.set("notice", kept)

    page = await alice.get("/plans")

    assert page.status_code == 200
    assert "/restore" not in page.text.partition('id="toasts"')[2]

"""Many prices at once: shown first, then exactly that; and the price list as a file."""

from __future__ import annotations

import csv
import re
from io import StringIO

import pytest

from shop.actors import SEEING
from shop.configurations.service import set_configuration
from shop.plans import service
from tests.web.conftest import Browser, add_staff
from tests.web.test_plans import add, listed


@pytest.fixture
async def alices(shops):
    return await shops.open(name="Alice's shop", price=125_000, stock=2)


@pytest.fixture
async def alice(signed_in, alices) -> Browser:
    browser = await signed_in(alices)
    await browser.get("/plans?lang=en")
    return browser


@pytest.fixture
async def three(alices, units) -> list[int]:
    return [alices.plan_id, *[await add(units, alices, name=name) for name in ("Second", "Third")]]


async def test_the_shops_own_rounding_is_offered_first(alice, alices, units):
    for step in (1000, 500):
        async with units.begin(alices.bot_id, alices.owner) as uow:
            await set_configuration(uow, "price_rounding", value=step)

        assert f'<option value="{step}" selected>' in (await alice.get("/plans/prices")).text


async def test_the_price_list_is_a_file_that_a_spreadsheet_opens(
    alice, alices, three, units, new_browser, counted_queries
):
    async with units.begin(alices.bot_id, alices.owner) as uow:
        await service.update_plan(uow, three[0], description="=1+1")
        await service.archive_plan(uow, three[1])
    assert 'href="/plans.csv"' in (await alice.get("/plans")).text
    counted_queries()

    file = await alice.get("/plans.csv?lang=en")

    assert counted_queries() < 12
    assert re.match(r'attachment; filename="plans-\d{4}-\d\d-\d\d\.csv"', file.headers["content-disposition"])
    assert file.text.startswith("\ufeff")
    rows = {int(row["Number"]): row for row in csv.DictReader(StringIO(file.text.removeprefix("\ufeff")))}
    assert set(rows) == set(three)
    assert rows[three[0]]["Description"] == "'=1+1"
    assert rows[three[0]]["Price (Toman)"] == "125000"
    assert (rows[three[1]]["Archived (UTC)"] == "", rows[three[2]]["Archived (UTC)"]) == (False, "")
    bob = new_browser()
    await bob.sign_in((await add_staff(units, alices, permissions=SEEING))[1])
    assert (await bob.get("/plans.csv")).status_code == 403
    assert "/plans.csv" not in (await bob.get("/plans")).text


async def test_many_prices_are_shown_first_and_then_become_exactly_that(alice, alices, three, units):
    page = await alice.get(
        f"/plans/prices?direction=up&percent=۱۰&step=1000&plan={three[0]}&plan={three[1]}", HX_Request="true"
    )
    assert page.status_code == 200
    assert [figure in page.text for figure in ("125,000", "138,000", "290,000", "319,000")] == [True] * 4
    assert [plan.price for plan in await listed(units, alices)] == [125_000, 290_000, 290_000]

    answer = await alice.post("/plans/prices", confirmed(page.text))

    assert answer.status_code == 303
    assert [plan.price for plan in await listed(units, alices)] == [138_000, 319_000, 290_000]


async def test_a_struck_price_never_moves_and_goes_where_the_new_price_reaches_it(alice, alices, units):
    kept = await add(units, alices, name="Kept", price=100_000, old_price=150_000)
    gone = await add(units, alices, name="Gone", price=100_000, old_price=110_000)

    page = await alice.get(f"/plans/prices?direction=up&percent=10&step=1000&plan={kept}&plan={gone}")
    await alice.post("/plans/prices", confirmed(page.text))

    assert page.text.count("the struck price goes") == 1
    plans = {plan.plan_id: (plan.price, plan.old_price) for plan in await listed(units, alices)}
    assert (plans[kept], plans[gone]) == ((110_000, 150_000), (110_000, None))


def confirmed(page: str) -> dict[str, str]:
    return dict(
        re.findall(r'<input type="hidden" name="(percent|direction|step|shown)" value="([^"]*)"', page)
    )


@pytest.mark.parametrize("part", ["true", "false"])
async def test_what_was_confirmed_too_late_changes_nothing_and_is_shown_anew(
    part, alice, alices, three, units
):
    chosen = "&".join(f"plan={plan_id}" for plan_id in three)
    page = await alice.get(f"/plans/prices?direction=down&percent=10&step=1000&{chosen}")
    async with units.begin(alices.bot_id, alices.owner) as uow:
        await service.update_plan(uow, three[1], price=300_000)
        await service.archive_plan(uow, three[2])

    old = await alice.post("/plans/prices", confirmed(page.text), HX_Request=part)

    assert old.status_code == 409
    assert "Nothing was changed; these are the figures now." in old.text
    assert [plan.price for plan in await listed(units, alices)] == [125_000, 300_000]
    await alice.post("/plans/prices", confirmed(old.text))
    assert [plan.price for plan in await listed(units, alices)] == [113_000, 270_000]


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("percent=&plan={id}&step=1000", "A whole number, please."),
        ("percent=0&plan={id}&step=1000", "At least 1, please."),
        ("percent=-5&plan={id}&step=1000", "At least 1, please."),
        ("percent=100&direction=down&plan={id}&step=1000", "At most 99, please."),
        ("percent=5&plan={id}&step=7", "Choose one of those offered."),
        ("percent=5&step=1000", "Choose at least one plan."),
        ("percent=5&plan=x&step=1000", "Choose at least one plan."),
    ],
)
async def test_a_wish_that_cannot_be_is_said_beside_its_field(query, sentence, alice, alices):
    page = await alice.get(f"/plans/prices?{query.format(id=alices.plan_id)}")

    assert page.status_code == 422
    assert sentence in page.text
    assert "becomes-panel" not in page.text


async def test_every_plan_is_chosen_at_first_and_more_than_a_form_may_hold_can_be(alice, alices, units):
    ids = [alices.plan_id, *[await add(units, alices, name=f"Plan {at}") for at in range(60)]]
    form = (await alice.get("/plans/prices")).text.partition("<dialog")[0]
    assert form.count(" checked") == 61
    chosen = "&".join(f"plan={plan_id}" for plan_id in ids)

    page = await alice.get(f"/plans/prices?percent=10&step=1000&{chosen}")
    await alice.post("/plans/prices", confirmed(page.text))

    assert {plan.price for plan in await listed(units, alices)} == {138_000, 319_000}

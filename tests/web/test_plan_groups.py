"""Groups on the page of plans: made, named, filled, put in order and put away."""

from __future__ import annotations

import csv
import re
from html import unescape
from io import StringIO

import pytest

from shop.actors import SEEING
from shop.plans import groups, service
from tests.web.conftest import Browser, add_staff
from tests.web.test_plan_form import seen_in
from tests.web.test_plans import PLAN, add, listed, shown


@pytest.fixture
async def alices(shops):
    return await shops.open(name="Alice's shop", price=125_000, stock=2)


@pytest.fixture
async def alice(signed_in, alices) -> Browser:
    browser = await signed_in(alices)
    await browser.get("/plans?lang=en")
    return browser


@pytest.fixture
async def family(units, alices) -> int:
    async with units.begin(alices.bot_id, alices.owner) as uow:
        made = await groups.create_group(uow, name="خانواده", translations={"en": {"name": "Family"}})
    return made.group_id


async def kept(units, shop) -> list[tuple[str, dict[str, object]]]:
    async with units.begin(shop.bot_id, shop.owner) as uow:
        return [(one.name, one.translations) for one in await groups.list_groups(uow)]


async def placed(units, shop) -> list[tuple[int, int | None]]:
    return [(plan.plan_id, plan.group_id) for plan in await listed(units, shop)]


async def test_a_group_is_made_in_both_languages_and_renamed(alice, alices, units):
    made = await alice.post("/plans/groups", {"name_fa": "خانواده", "name_en": "Family"})
    assert made.headers["location"] == "/plans"
    assert await kept(units, alices) == [("خانواده", {"en": {"name": "Family"}})]
    page = (await alice.get("/plans")).text
    assert "Nothing in it is on sale; the bot does not show it." in page
    group = re.search(r'href="(/plans/groups/\d+)"', page)[1]
    form = (await alice.get(group)).text
    assert 'value="Family"' in form

    answer = await alice.post(group, {"name_fa": "همه", "seen": seen_in(form)}, HX_Request="true")

    assert answer.headers["hx-redirect"] == "/plans"
    assert await kept(units, alices) == [("همه", {})]


@pytest.mark.parametrize(
    ("fields", "field", "sentence"),
    [
        ({"name_en": "Family"}, "name_fa", "Give it a name"),
        ({"name_fa": "x" * 65}, "name_fa", "at most 64 characters"),
        ({"name_fa": "x", "name_en": "y" * 65}, "name_en", "At most 64 characters"),
    ],
)
@pytest.mark.parametrize("part", ["true", "false"])
async def test_what_is_wrong_is_said_beside_its_field_and_nothing_typed_is_lost(
    fields, field, sentence, part, alice, alices, family, units
):
    before = await kept(units, alices)

    for url in ("/plans/groups", f"/plans/groups/{family}"):
        answer = await alice.post(url, fields, HX_Request=part)

        assert answer.status_code == 422
        assert ("<html" in answer.text) == (part == "false")
        said = re.search(rf'id="{field}-error"[^>]*>.*?</svg>([^<]*)<', answer.text, re.DOTALL)
        assert said is not None
        assert sentence in said[1]
        assert all(f'value="{value}"' in answer.text for value in fields.values())
    assert await kept(units, alices) == before


async def test_of_two_who_rename_a_group_the_second_sees_both(alice, alices, family, units):
    form = {"name_fa": "مال من", "seen": seen_in((await alice.get(f"/plans/groups/{family}?lang=en")).text)}
    async with units.begin(alices.bot_id, alices.owner) as uow:
        await groups.rename_group(uow, family, name="مال او", translations={})

    refused = await alice.post(f"/plans/groups/{family}", form)

    assert refused.status_code == 409
    assert "Somebody else changed this meanwhile" in refused.text
    assert "<bdi>مال او</bdi>" in refused.text
    assert 'value="مال من"' in refused.text
    await alice.post(f"/plans/groups/{family}", form | {"seen": seen_in(refused.text)})
    assert (await kept(units, alices))[0][0] == "مال من"


async def test_the_form_of_a_plan_puts_it_into_a_group_and_out_again(alice, alices, family, units, shops):
    url = f"/plans/{alices.plan_id}"
    assert f'<option value="{family}">Family</option>' in (await alice.get(url)).text

    await alice.post(url, PLAN | {"group": str(family)})
    assert await placed(units, alices) == [(alices.plan_id, family)]
    assert f'<option value="{family}" selected>' in (await alice.get(url)).text
    await alice.post(url, PLAN | {"group": ""})
    assert await placed(units, alices) == [(alices.plan_id, None)]

    anothers = (await shops.group(await shops.open(name="Mallory's shop"))).group_id
    for nonsense in (str(anothers), "0", "-1", "x", str(2**62), "9" * 30):
        refused = await alice.post(url, PLAN | {"group": nonsense})
        assert refused.status_code == 422
        assert re.search(r'id="group-error"', refused.text)
    assert await placed(units, alices) == [(alices.plan_id, None)]


async def test_the_history_says_out_of_which_group_into_which_in_the_readers_language(alice, alices, family):
    await alice.post(f"/plans/{alices.plan_id}", PLAN | {"group": str(family)})
    await alice.post("/plans/order", {"order": f"g{family},g0,{alices.plan_id}"})

    page = (await alice.get("/audit?lang=fa")).text

    assert "پلنی را به گروه دیگری برد" in page
    into, out_of = (
        "<del><span>–</span></del> <ins><span><bdi>{0}</bdi>",
        "<del><span><bdi>{0}</bdi></span></del> <ins>",
    )
    assert into.format("خانواده") in page
    assert out_of.format("خانواده") in page
    assert "حجم" in page
    assert "traffic_limit_gb" not in page


async def test_a_plan_that_was_put_into_a_group_meanwhile_is_told_by_the_groups_name(
    alice, alices, family, units
):
    form = PLAN | {"group": "", "seen": seen_in((await alice.get(f"/plans/{alices.plan_id}")).text)}
    await alice.post("/plans/order", {"order": f"g{family},{alices.plan_id},g0"})

    refused = await alice.post(f"/plans/{alices.plan_id}", form)

    assert refused.status_code == 409
    assert "saved now: <bdi>Family</bdi>" in refused.text


async def test_the_preview_shows_the_groups_first_and_what_is_behind_each(alice, alices, family, units):
    await add(units, alices, group_id=family)

    page = (await alice.get("/plans")).text

    assert shown(page) == ["Family ›", "1 month, 50 GB, 125,000", "🏠 Main menu"]
    behind = page.partition('<details class="tg-in"')[2]
    assert shown(behind) == ["Second, 290,000", "‹ Back", "🏠 Main menu"]
    assert "Which plan?" in behind
    persian = (await alice.get("/plans?lang=fa")).text
    assert shown(persian)[0] == "خانواده ›"


async def test_a_plan_is_dragged_into_a_group_and_undone(alice, alices, family, units):
    second = await add(units, alices)
    before = f"g{family},g0,{alices.plan_id},{second}"
    assert f'name="order" value="{before}"' in (await alice.get("/plans")).text

    answer = await alice.post(
        "/plans/order", {"order": f"{second},g{family},g0,{alices.plan_id}"}, HX_Request="true"
    )

    assert await placed(units, alices) == [(second, family), (alices.plan_id, None)]
    assert shown(answer.text)[:2] == ["Family ›", "1 month, 50 GB, 125,000"]
    toast = answer.text.partition('id="toast-oob"')[2]
    assert f'name="order" value="{before}"' in toast
    await alice.post("/plans/order", {"order": before})
    assert await placed(units, alices) == [(alices.plan_id, None), (second, None)]


async def test_arrows_move_a_plan_through_the_groups_and_a_group_past_another(alice, alices, family, units):
    await alice.post("/plans/groups", {"name_fa": "دومی", "name_en": "Other"})

    async def press(button: str) -> str:
        """As the page offers it; the order it is posted with is that of the page."""
        page = (await alice.get("/plans")).text
        assert re.search(rf'value="{button}" aria-label="[^"]*">', page), "not offered, or off"
        await alice.post(
            "/plans/order",
            {"order": re.search(r'name="order" value="([^"]*)"', page)[1], "move": button},
        )
        return (await alice.get("/plans")).text

    await press(f"up.{alices.plan_id}")
    other = (await placed(units, alices))[0][1]
    assert other not in {None, family}
    page = await press(f"up.g{other}")
    assert page.index(f'id="head-g{other}"') < page.index(f'id="head-g{family}"')
    for button in (f"up.{alices.plan_id}", f"up.g{other}", f"down.g{family}"):
        assert re.search(rf'value="{button}" aria-label="[^"]*" disabled>', page)
    page = await press(f"down.{alices.plan_id}")
    assert await placed(units, alices) == [(alices.plan_id, family)]
    assert 'value="up.g0"' not in page


async def test_a_list_from_before_a_group_came_is_refused(alice, alices, family, units):
    answer = await alice.post("/plans/order", {"order": str(alices.plan_id)}, HX_Request="true")

    assert answer.status_code == 409
    assert "The list has changed meanwhile" in answer.text
    assert await placed(units, alices) == [(alices.plan_id, None)]


async def test_an_archived_group_is_undone_or_taken_out_of_the_archive(alice, alices, family, units):
    await add(units, alices, group_id=family)
    await alice.post("/plans/groups", {"name_fa": "دومی", "name_en": "Other"})
    url = f"/plans/groups/{family}"

    await alice.post(f"{url}/archive")
    page = (await alice.get("/plans")).text
    assert f'action="{url}/restore"' in page.partition('id="toasts"')[2]
    assert shown(page)[0] == "1 month, 50 GB, 125,000"
    assert f'action="{url}/restore"' in (await alice.get("/plans?tab=archived")).text
    assert (await alice.post(url, {"name_fa": "x"})).status_code == 404

    await alice.post(f"{url}/restore", {"to": "on"})
    page = (await alice.get("/plans")).text
    assert "Back as it was." in page
    assert shown(page)[0] == "Family ›"
    assert [name for name, _ in await kept(units, alices)] == ["خانواده", "دومی"]
    assert (await alice.post(f"{url}/restore")).status_code == 404

    await alice.post(f"{url}/archive")
    await alice.post(f"{url}/restore")
    assert [name for name, _ in await kept(units, alices)] == ["دومی", "خانواده"]


async def test_the_file_names_the_group_of_each_plan(alice, alices, family, units):
    inside = await add(units, alices, group_id=family)

    file = (await alice.get("/plans.csv?lang=en")).text.removeprefix("\ufeff")

    rows = {int(row["Number"]): row["Group"] for row in csv.DictReader(StringIO(file))}
    assert rows == {inside: "Family", alices.plan_id: ""}


async def test_groups_take_no_statement_of_their_own(alice, alices, units, counted_queries):
    async def asked() -> int:
        counted_queries()
        await alice.get("/plans")
        return counted_queries()

    few = await asked()
    for at in range(8):
        async with units.begin(alices.bot_id, alices.owner) as uow:
            group = await groups.create_group(uow, name=f"Group {at}", translations={})
            await service.create_plan(
                uow, name=f"Plan {at}", period_days=30, price=1_000, group_id=group.group_id
            )

    assert await asked() == few


async def test_who_may_only_see_reads_the_groups_and_is_offered_nothing(new_browser, alices, family, units):
    _, token = await add_staff(units, alices, permissions=SEEING)
    bob = new_browser()
    await bob.sign_in(token)

    page = (await bob.get("/plans?lang=en")).text

    assert "Family" in page
    assert "/plans/groups" not in page
    for url in ("/plans/groups/new", f"/plans/groups/{family}"):
        assert (await bob.get(url)).status_code == 403
    for url in ("/plans/groups", f"/plans/groups/{family}", f"/plans/groups/{family}/archive"):
        assert (await bob.post(url, {"name_fa": "x"})).status_code == 403


async def test_a_name_that_is_markup_is_read_as_it_is(alice, alices, units):
    await alice.post("/plans/groups", {"name_fa": "<img src=x onerror=a>"})
    name, _ = (await kept(units, alices))[0]
    assert name == "<img src=x onerror=a>"

    page = (await alice.get("/plans")).text

    assert "<img src=x" not in page
    assert unescape(page).count("<img src=x onerror=a>") > 0

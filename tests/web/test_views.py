"""Lists under a name: kept, marked by what the address says, renamed, dropped; each for one person."""

from __future__ import annotations

import re
from html import unescape

import pytest

from shop.actors import RECEIPTS_SEE, SEEING
from shop.receipts import service as receipts
from shop.staff import views
from tests.web.conftest import add_staff
from web.routes.views import SHAPES

OF_EACH = {
    "customers": ("/customers", "state=blocked"),
    "subscriptions": ("/subscriptions", "state=active&customer=7"),
    "transactions": ("/transactions", "kind=deposit&since=1405-01-01"),
    "receipts": ("/receipts/all", "state=approved&reviewer=Alice&least=1000"),
    "tickets": ("/tickets", "state=closed&hands=mine"),
    "broadcasts": ("/broadcasts", "state=draft&sort=oldest"),
    "audit": ("/audit", "kind=plans&actor=staff%3A1&since=week"),
}
HTMX = {"HX_Request": "true"}
BLOCKED = {"list": "customers", "query": "state=blocked", "name": "Blocked"}


@pytest.fixture
async def alices(shops):
    return await shops.open(name="Alice's shop")


@pytest.fixture
async def alice(signed_in, alices):
    return await signed_in(alices)


def tabs(page: str) -> dict[str, str]:
    """Address by name of the tabs above a list."""
    return {
        unescape(name): unescape(url)
        for url, name in re.findall(r'<a class="chip[^"]*" href="([^"]*)"[^>]*><bdi>([^<]*)', page)
    }


def marked(page: str) -> list[str]:
    return [unescape(name) for name in re.findall(r'<a class="chip on"[^>]*><bdi>([^<]*)', page)]


def number(page: str) -> str:
    found = re.search(r'action="/views/(\d+)"', page)
    assert found is not None
    return found[1]


def offers_to_keep(page: str) -> bool:
    return 'action="/views"' in page


async def kept(everything, shop) -> list[tuple[str, str, str]]:
    rows = await everything.fetch(
        "SELECT list, name, query FROM saved_views WHERE bot_id = $1 ORDER BY id", shop.bot_id
    )
    return [tuple(row) for row in rows]


async def test_a_view_is_marked_by_what_the_address_says_and_left_with_another_filter(alice):
    plain = (await alice.get("/customers?lang=en")).text
    assert (tabs(plain), offers_to_keep(plain)) == ({}, False), "the whole list needs no view"
    assert offers_to_keep((await alice.get("/customers?lang=en&state=blocked")).text)

    answer = await alice.post("/views", BLOCKED)
    page = (await alice.get("/customers?sort=newest&lang=en&state=blocked&q=")).text
    other = (await alice.get("/customers?lang=en&state=blocked&q=carol")).text
    whole = (await alice.get("/customers?lang=en")).text

    assert (answer.status_code, answer.headers["location"]) == (303, "/customers?state=blocked")
    assert tabs(page) == {"All": "/customers", "Blocked": "/customers?state=blocked"}
    assert (marked(page), offers_to_keep(page)) == (["Blocked"], False)
    assert (marked(other), offers_to_keep(other)) == ([], True)
    assert (marked(whole), offers_to_keep(whole)) == (["All"], False)


def test_each_list_that_views_are_kept_of_says_what_it_may_be_asked():
    assert set(SHAPES) == set(views.LISTS) == set(OF_EACH)
    assert {name: shape.path for name, shape in SHAPES.items()} == {
        name: path for name, (path, _) in OF_EACH.items()
    }


@pytest.mark.parametrize("of", OF_EACH)
async def test_every_list_has_its_views_on_the_page_and_in_the_part_that_is_swapped(
    alice, alices, shops, units, of
):
    path, query = OF_EACH[of]
    sent = await shops.receipt(alices)
    async with units.begin(alices.bot_id, alices.owner) as uow:
        await receipts.approve(uow, sent.payment_id)
    query = query.replace("=Alice", f"={alices.owner.name}")
    url = f"{path}?{query}"
    assert offers_to_keep((await alice.get(url)).text)

    answer = await alice.post("/views", {"list": of, "query": query, "name": "Mine"})
    page, part = (await alice.get(url)).text, (await alice.get(url, **HTMX)).text

    assert (answer.status_code, answer.headers["location"]) == (303, url)
    for shown in (page, part):
        assert (marked(shown), tabs(shown)["Mine"], offers_to_keep(shown)) == (["Mine"], url, False)


async def test_the_tabs_come_with_the_part_of_the_list_that_a_filter_swaps(alice):
    await alice.post("/views", BLOCKED)

    part = (await alice.get("/customers?lang=en&state=active", **HTMX)).text

    assert "<html" not in part
    assert (list(tabs(part)), marked(part), offers_to_keep(part)) == (["All", "Blocked"], [], True)


async def test_what_is_kept_is_what_the_list_understands_of_the_query_and_nothing_else(
    alice, alices, everything
):
    nonsense = "bot_id=1&state=nonsense&until=never&customer=x&after=9"
    query = f"{nonsense}&q=%20%D9%8A%00&kind=deposit&since=1405%2F01%2F01"

    answer = await alice.post("/views", {"list": "transactions", "query": query, "name": " Money\u202e in "})

    assert answer.headers["location"] == "/transactions?kind=deposit&q=%DB%8C&since=1405-01-01"
    assert await kept(everything, alices) == [
        ("transactions", "Money in", "kind=deposit&q=%DB%8C&since=1405-01-01")
    ]


@pytest.mark.parametrize("query", ["", "state=nobody", "sort=newest&after=1", "%00%ff=&&;=", "a=1&" * 60])
async def test_a_query_in_which_nothing_is_chosen_is_no_view(alice, alices, everything, query):
    answer = await alice.post("/views?lang=en", {**BLOCKED, "query": query})

    assert answer.status_code == 422
    assert await kept(everything, alices) == []


async def test_a_list_that_is_none_of_ours_has_no_views(alice, alices, everything):
    assert (await alice.post("/views", {**BLOCKED, "list": "staff"})).status_code == 404
    assert await kept(everything, alices) == []


@pytest.mark.parametrize(
    ("name", "query", "words"),
    [
        ("  ", "q=a", "Give it a name"),
        ("x" * (views.LONGEST_NAME + 1), "q=a", "at most 32 characters"),
        ("Blocked", "q=a", "has this name"),
        ("Other", "state=blocked", "“Blocked”"),
    ],
)
async def test_a_refused_name_stays_in_its_form_with_the_reason_beside_it(
    alice, alices, everything, name, query, words
):
    await alice.post("/views", BLOCKED)

    form = {"list": "customers", "query": query, "name": name}
    part = await alice.post("/views?lang=en", form, **HTMX)
    page = await alice.post("/views?lang=en", form)

    for answer in (part, page):
        assert answer.status_code == 422
        assert words in answer.text
        if query != "state=blocked":
            assert f'value="{name}"' in answer.text
    assert 'href="/customers?' in page.text, "the way back to the list as it was narrowed"
    assert len(await kept(everything, alices)) == 1


async def test_a_form_that_arrives_twice_keeps_one_view(alice, alices, everything):
    answers = [await alice.post("/views", BLOCKED) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [303, 303]
    assert len(await kept(everything, alices)) == 1


async def test_of_one_list_a_person_keeps_ten_views(alice, alices, everything):
    async def keep(n: int, of: str = "customers"):
        return await alice.post(
            "/views?lang=en", {"list": of, "query": f"q={n}", "name": f"View {n}"}, **HTMX
        )

    answers = [await keep(n) for n in range(views.MOST_VIEWS + 1)]

    assert [answer.status_code for answer in answers] == [200] * 10 + [422]
    assert "You have 10 views of this list already" in answers[-1].text
    assert (await keep(99, "transactions")).status_code == 200, "each list has its own"
    assert len(await kept(everything, alices)) == 11


async def test_a_view_is_called_otherwise_and_dropped_where_it_is_shown(alice, alices, everything):
    await alice.post("/views", BLOCKED)
    await alice.post("/views", {"list": "customers", "query": "state=active", "name": "Buyers"})
    here = {"list": "customers", "query": "state=blocked"}
    of = number((await alice.get("/customers?state=blocked")).text)

    taken = await alice.post(f"/views/{of}?lang=en", {**here, "name": "Buyers"}, **HTMX)
    renamed = await alice.post(f"/views/{of}?lang=en", {**here, "name": "Shut out"}, **HTMX)
    same = await alice.post(f"/views/{of}?lang=en", {**here, "name": "Shut out"}, **HTMX)
    dropped = await alice.post(f"/views/{of}/delete?lang=en", here, **HTMX)

    assert (taken.status_code, marked(taken.text)) == (422, ["Blocked"])
    assert (renamed.status_code, marked(renamed.text)) == (200, ["Shut out"])
    assert same.status_code == 200
    assert (list(tabs(dropped.text)), marked(dropped.text)) == (["All", "Buyers"], [])
    assert offers_to_keep(dropped.text), "what was dropped by mistake is kept again with one press"
    assert [name for _, name, _ in await kept(everything, alices)] == ["Buyers"]
    assert (await alice.post(f"/views/{of}/delete", here)).status_code == 404


async def test_nobody_sees_or_touches_the_views_of_somebody_else(
    alice, alices, shops, signed_in, new_browser, units, everything
):
    await alice.post("/views", BLOCKED)
    of, before = number((await alice.get("/customers?state=blocked")).text), await kept(everything, alices)
    _, token = await add_staff(units, alices, name="Bob", permissions=SEEING)
    bob, mallory = new_browser(), await signed_in(await shops.open(name="Mallory's shop"))
    await bob.sign_in(token)

    for stranger in (bob, mallory):
        assert tabs((await stranger.get("/customers?state=blocked")).text) == {}
        here = {"list": "customers", "query": "state=blocked"}
        assert (await stranger.post(f"/views/{of}", {**here, "name": "Mine"})).status_code == 404
        assert (await stranger.post(f"/views/{of}/delete", here)).status_code == 404
    assert await kept(everything, alices) == before
    assert (await bob.post("/views", BLOCKED)).status_code == 303, "the same name, for another person"


async def test_who_may_not_see_a_list_keeps_no_view_of_it(alices, new_browser, units, everything):
    _, token = await add_staff(units, alices, name="Bob", permissions=frozenset({RECEIPTS_SEE}))
    bob = new_browser()
    await bob.sign_in(token)

    assert (await bob.post("/views", BLOCKED)).status_code == 403
    assert await kept(everything, alices) == []

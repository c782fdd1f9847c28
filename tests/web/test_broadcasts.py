"""The page of the broadcasts: written with a live count, looked at, sent off, taken back, watched."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from shop.actors import SEEING
from shop.broadcasts import sending
from shop.customers import service as customers
from tests.house.test_query_plans import listening
from tests.web.conftest import add_staff

FORM = re.compile(r'name="form_key" value="([^"]+)"')


@pytest.fixture
async def alices(shops):
    return await shops.open(name="Alice's shop")


@pytest.fixture
async def alice(signed_in, alices):
    return await signed_in(alices)


async def write(alice, **fields: str):
    page = await alice.get("/broadcasts/new?lang=en")
    form = {
        "form_key": FORM.search(page.text)[1],
        "audience": "everybody",
        "words_fa": "سلام {name}",
        **fields,
    }
    return await alice.post("/broadcasts", form)


async def status_of(everything, broadcast_id: int) -> str:
    return await everything.fetchval("SELECT status FROM broadcasts WHERE id = $1", broadcast_id)


async def test_a_draft_is_kept_with_its_preview_and_the_number_of_those_it_reaches(alice, alices, shops):
    for _ in range(3):
        await shops.person(alices)

    kept = await write(alice, words_en="Hello {name}, from {shop} <b>")
    page = await alice.get(kept.headers["location"] + "?lang=en")

    assert kept.status_code == 303
    assert "Hello Sara Nouri, from Alice&#39;s shop &lt;b&gt;" in page.text
    assert "Send to 3 people" in page.text


async def test_what_is_refused_stays_in_the_form_beside_the_sentence(alice, everything):
    refused = await write(alice, words_fa="سلام {pasword}", words_en="I stay", audience="never")

    assert refused.status_code == 422
    assert "{pasword} is not known here" in refused.text
    assert "I stay" in refused.text
    assert re.search(r'value="never"\s+selected', refused.text)
    assert await everything.fetchval("SELECT count(*) FROM broadcasts WHERE words ->> 'en' = 'I stay'") == 0


async def test_the_count_follows_the_audience_that_is_chosen(alice, alices, shops, units):
    people = [await shops.person(alices) for _ in range(2)]
    async with units.begin(alices.bot_id, alices.owner) as uow:
        await customers.block(uow, people[0].user_id)

    answers = {
        audience: (await alice.get(f"/broadcasts/count?audience={audience}&lang=en")).text
        for audience in ("everybody", "active", "never")
    }

    assert "1 person" in answers["everybody"]
    assert "0 people" in answers["active"]
    assert "1 person" in answers["never"]
    assert (await alice.get("/broadcasts/count?audience=mallory")).status_code == 422


async def test_it_is_sent_off_taken_back_sent_off_again_paused_and_stopped(
    alice, alices, shops, everything, units, clock
):
    written = await shops.broadcast(alices)
    page = f"/broadcasts/{written.broadcast_id}"

    async def go(act: str, status: str) -> None:
        assert (await alice.post(f"{page}/{act}")).status_code == 303, act
        assert await status_of(everything, written.broadcast_id) == status

    await go("start", "scheduled")
    assert "take it back" in (await alice.get(f"{page}?lang=en")).text
    await go("take-back", "draft")
    await go("start", "scheduled")
    clock.forward(seconds=31)
    await sending.step(units, alices.bot_id, most=1)
    assert await status_of(everything, written.broadcast_id) == "running"
    await go("pause", "paused")
    await go("resume", "running")
    await go("stop", "stopped")
    assert (await alice.post(f"{page}/resume")).status_code == 409
    assert "Did not get it" in (await alice.get(f"{page}?lang=en")).text
    actions = await everything.fetch(
        "SELECT action FROM audit_log WHERE subject_type = 'broadcast' AND subject_id = $1 ORDER BY id",
        written.broadcast_id,
    )
    assert [row["action"].removeprefix("broadcast.") for row in actions] == [
        *("created", "scheduled", "taken_back", "scheduled", "paused", "resumed", "stopped")
    ]


async def test_it_begins_at_the_hour_that_was_set_on_the_shops_clock(alice, alices, shops, everything, clock):
    written = await shops.broadcast(alices)
    days = re.findall(
        r'<option value="(\d{4}-\d\d-\d\d)"', (await alice.get(f"/broadcasts/{written.broadcast_id}")).text
    )
    start = f"/broadcasts/{written.broadcast_id}/start"

    wrong = await alice.post(start, {"day": days[1], "clock": "half past"})
    assert wrong.status_code == 422
    assert 'value="half past"' in wrong.text
    assert (await alice.post(start, {"day": "2020-01-01", "clock": "12:00"})).status_code == 422
    assert (await alice.post(start, {"day": days[1], "clock": "۱۸:۳۰"})).status_code == 303

    at = await everything.fetchval("SELECT starts_at FROM broadcasts WHERE id = $1", written.broadcast_id)
    assert (at + timedelta(hours=3, minutes=30)).strftime("%Y-%m-%d %H:%M") == f"{days[1]} 18:30"


async def test_a_page_whose_figures_move_asks_for_itself_anew_and_a_finished_one_does_not(
    alice, alices, shops, units, clock
):
    written = await shops.broadcast(alices)
    page = f"/broadcasts/{written.broadcast_id}"
    assert "every 2s" not in (await alice.get(page)).text
    await alice.post(f"{page}/start")
    assert "every 2s" in (await alice.get(page)).text

    clock.forward(seconds=31)
    await sending.step(units, alices.bot_id, most=0)
    part = await alice.get(page, hx_request="true")
    assert "every 2s" in part.text
    assert "<html" not in part.text
    await alice.post(f"{page}/stop")
    assert "every 2s" not in (await alice.get(page)).text


async def test_a_colleague_without_the_right_watches_and_is_refused(
    new_browser, alices, shops, units, everything
):
    written = await shops.broadcast(alices)
    _, token = await add_staff(units, alices, permissions=SEEING)
    bob = new_browser()
    await bob.sign_in(token)

    page = await bob.get(f"/broadcasts/{written.broadcast_id}?lang=en")
    assert page.status_code == 200
    assert f'action="/broadcasts/{written.broadcast_id}/start"' not in page.text
    assert "/broadcasts/new" not in (await bob.get("/broadcasts")).text
    assert (await bob.get("/broadcasts/new")).status_code == 403
    assert (await bob.post(f"/broadcasts/{written.broadcast_id}/start")).status_code == 403
    assert await status_of(everything, written.broadcast_id) == "draft"


async def test_a_list_of_many_costs_what_a_list_of_one_does(alice, alices, shops, engine):
    await shops.broadcast(alices)
    with listening(engine) as one:
        await alice.get("/broadcasts")
    for _ in range(5):
        await shops.broadcast(alices)
    with listening(engine) as many:
        answer = await alice.get("/broadcasts")

    assert answer.text.count('href="/broadcasts/') >= 6
    assert len(many) == len(one)


async def test_the_list_as_a_file_has_the_figures(alice, alices, shops):
    written = await shops.broadcast(alices)

    file = await alice.get("/broadcasts.csv")

    assert file.status_code == 200
    assert f'"{written.broadcast_id}","draft","everybody"' in file.text

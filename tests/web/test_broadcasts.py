"""The page of the broadcasts: written with a live count, looked at, sent off, taken back, watched."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from shop.actors import SEEING
from shop.broadcasts import sending
from shop.customers import service as customers
from tests.factories import photo
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

    kept = await write(alice, words_en="<b>Hello</b> {name}, from {shop} <script>")
    page = await alice.get(kept.headers["location"] + "?lang=en")

    assert kept.status_code == 303
    assert "<b>Hello</b> Sara Nouri, from Alice&#39;s shop &lt;script&gt;" in page.text
    assert "Send to 3 people" in page.text


async def test_the_list_shows_the_words_of_a_broadcast_and_no_marks_of_its_format(alice):
    await write(alice, words_fa="سلام {name}، <b>سرورهای تازه</b> رسید")

    page = (await alice.get("/broadcasts?lang=fa")).text

    assert "سلام {name}، سرورهای تازه رسید" in page
    assert "&lt;b&gt;" not in page


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


async def test_a_picture_and_a_button_are_kept_shown_and_taken_away_again(alice, alices, everything):
    page = await alice.get("/broadcasts/new?lang=en")
    fields = {
        "form_key": FORM.search(page.text)[1],
        "audience": "everybody",
        "words_fa": "سلام",
        "button": f"plan-{alices.plan_id}",
        "label_fa": "بخرید",
    }
    kept = await alice.upload("/broadcasts", fields, picture=photo())
    one = kept.headers["location"]
    shown = await alice.get(f"{one}?lang=en")
    assert f'src="{one}/picture' in shown.text
    assert "بخرید" in shown.text
    assert (await alice.get(f"{one}/picture")).headers["content-type"].startswith("image/")

    refused = await alice.upload(one, {**fields, "words_fa": "x" * 1025}, picture=b"no picture")
    assert (refused.status_code, "no picture that can be read" in refused.text) == (422, True)
    long = await alice.post(one, {**fields, "words_fa": "x" * 1025})
    assert (long.status_code, "Below a picture" in long.text) == (422, True)

    await alice.post(one, {**fields, "drop_picture": "on", "button": ""})
    assert "/picture" not in (await alice.get(f"{one}?lang=en")).text
    row = await everything.fetchrow(
        "SELECT media_id, button FROM broadcasts WHERE id = $1", int(one.rpartition("/")[2])
    )
    assert (row["media_id"], row["button"]) == (None, "{}")


async def test_whom_it_did_not_reach_is_listed_with_the_reason_and_as_a_file(
    alice, alices, shops, units, clock, everything
):
    people = [await shops.person(alices, name=f"Person {place}") for place in range(4)]
    written = await shops.broadcast(alices)
    await alice.post(f"/broadcasts/{written.broadcast_id}/start")
    clock.forward(seconds=31)
    await sending.step(units, alices.bot_id, most=0)
    for person, fate, why in zip(
        people, ("failed", "blocked", "skipped", "sent"), ("=1+1", "", "", ""), strict=True
    ):
        await everything.execute(
            "UPDATE broadcast_recipients SET status = $2, why = nullif($3, '') WHERE user_id = $1",
            person.user_id,
            fate,
            why,
        )
    missed = f"/broadcasts/{written.broadcast_id}/missed"

    page = (await alice.get(f"{missed}?lang=en")).text
    file = (await alice.get(f"{missed}.csv")).text

    assert [f"Person {place}" in page for place in range(4)] == [True, True, True, False]
    assert "Telegram refused it" in page
    assert "Person 0" not in (await alice.get(f"{missed}?fate=blocked&lang=en")).text
    assert file.count("Person") == 3
    assert '"\'=1+1"' in file


async def test_a_past_one_is_repeated_as_a_draft_and_twice_the_same_form_is_one(
    alice, alices, shops, units, clock
):
    written = await shops.broadcast(alices)
    one = f"/broadcasts/{written.broadcast_id}"
    await alice.post(f"{one}/start")
    clock.forward(seconds=31)
    await sending.step(units, alices.bot_id, most=0)
    await alice.post(f"{one}/stop")
    key = FORM.findall((await alice.get(one)).text)[-1]

    first = await alice.post(f"{one}/repeat", {"form_key": key})
    again = await alice.post(f"{one}/repeat", {"form_key": key})

    assert first.headers["location"] == again.headers["location"] != one
    assert "سلام {name}" in (await alice.get(first.headers["location"])).text


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


async def test_the_figures_of_an_open_page_come_by_its_stream_and_a_draft_is_left_to_whoever_writes_it(
    alice, alices, shops, units, clock
):
    written = await shops.broadcast(alices)
    page = f"/broadcasts/{written.broadcast_id}"
    stream = f"topics=broadcast&amp;item={written.broadcast_id}"
    now = f"/events/now?topics=broadcast&item={written.broadcast_id}&lang=en"
    assert stream in (await alice.get(page)).text
    assert 'hx-target="#broadcast"' not in (await alice.get(now)).text

    await alice.post(f"{page}/start")
    clock.forward(seconds=31)
    await sending.step(units, alices.bot_id, most=0)

    told = (await alice.get(now)).text
    assert '<hx-partial hx-target="#broadcast"' in told
    assert "Going out" in told
    assert "0 of 1" in told


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

    file = await alice.get("/broadcasts.csv?lang=en")

    assert file.status_code == 200
    assert f'"{written.broadcast_id}","Draft","Everybody"' in file.text

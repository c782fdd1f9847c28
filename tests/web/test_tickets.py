"""Tickets on the dashboard: found, read, answered, noted, linked, closed; with script and without."""

from __future__ import annotations

import re
from html import unescape
from io import BytesIO

import pytest
from PIL import Image

from shop.actors import SEEING, System
from shop.features import service as features
from shop.media.rules import MAX_BYTES
from shop.tickets import rules, service
from shop.tickets.queries import load_ticket
from tests.factories import photo
from tests.web.conftest import FROM_HERE, add_staff
from tests.web.test_matrix import MISSING_ID
from tests.web.test_transactions import rows_of

FORM = re.compile(r'name="form_key" value="([^"]+)"')


@pytest.fixture
async def alices(shops):
    return await shops.open(name="Alice's shop")


@pytest.fixture
async def alice(signed_in, alices):
    return await signed_in(alices)


@pytest.fixture
async def asked(shops, alices):
    return await shops.ticket(alices, await shops.person(alices, name="Carol"))


async def form_of(browser, asked) -> dict[str, str]:
    page = await browser.get(f"/tickets/{asked.ticket_id}")
    return {"form_key": FORM.search(page.text)[1]}


async def talk(units, alices, asked) -> list[tuple[str, str]]:
    async with units.begin(alices.bot_id, alices.owner) as uow:
        shown = await load_ticket(uow, asked.ticket_id, "en")
    return [(said.sender, said.words) for said in shown.talk]


async def promised(everything, alices, kind="ticket_answered") -> int:
    count = "SELECT count(*) FROM outbox WHERE bot_id = $1 AND kind = $2"
    return await everything.fetchval(count, alices.bot_id, kind)


async def test_what_waits_stands_in_the_list_and_what_is_answered_under_its_tab(alice, alices, asked, units):
    waiting = (await alice.get("/tickets?lang=en")).text
    assert "Where is it?" in waiting
    assert "Waits for you" in waiting

    async with units.begin(alices.bot_id, alices.owner) as uow:
        await service.answer(uow, asked.ticket_id, "Here", cause="form:1")

    assert "Nobody waits for an answer" in (await alice.get("/tickets")).text
    for address in ("?state=answered", "?state=all", "?state=all&q=Carol"):
        assert "Where is it?" in (await alice.get(f"/tickets{address}")).text, address
    for address in ("?state=closed", "?state=all&q=Dave", f"?state=all&customer={MISSING_ID}"):
        assert "Where is it?" not in (await alice.get(f"/tickets{address}")).text, address


async def test_an_answer_by_a_plain_form_is_said_once_and_shown(alice, alices, asked, units, everything):
    fields = {**await form_of(alice, asked), "words": "It is <b>here</b>."}

    answers = [await alice.post(f"/tickets/{asked.ticket_id}/answer", fields) for _ in range(2)]

    assert {answer.headers["location"] for answer in answers} == {f"/tickets/{asked.ticket_id}"}
    page = (await alice.get(f"/tickets/{asked.ticket_id}?lang=en")).text
    assert "It is &lt;b&gt;here&lt;/b&gt;." in page
    assert "Your answer is on its way." in page
    assert await talk(units, alices, asked) == [("customer", "Where is it?"), ("staff", "It is <b>here</b>.")]
    assert await promised(everything, alices) == 1


async def test_within_the_page_the_ticket_comes_back_with_a_word_about_it(alice, asked):
    fields = {**await form_of(alice, asked), "words": "Here"}
    alice.client.headers["hx-request"] = "true"

    answer = await alice.post(f"/tickets/{asked.ticket_id}/answer", fields)

    assert answer.status_code == 200
    assert 'id="ticket"' in answer.text
    assert "<html" not in answer.text
    assert "Answered" in answer.text or "پاسخ داده‌شده" in answer.text


@pytest.mark.parametrize("part", ["true", "false"])
async def test_what_is_refused_loses_nothing_and_says_why(alice, alices, asked, units, part):
    fields = {**await form_of(alice, asked), "words": "x" * (rules.LONGEST_ANSWER + 1)}
    alice.client.headers["hx-request"] = part

    answer = await alice.post(f"/tickets/{asked.ticket_id}/answer?lang=en", fields)

    assert answer.status_code == 422
    assert "x" * (rules.LONGEST_ANSWER + 1) in answer.text
    assert fields["form_key"] in answer.text
    assert "At most 1,500 characters" in answer.text
    assert await talk(units, alices, asked) == [("customer", "Where is it?")]


async def test_a_ticket_closed_meanwhile_keeps_the_words_and_is_opened_again(alice, alices, asked, units):
    fields = {**await form_of(alice, asked), "words": "A long and careful answer"}
    async with units.begin(alices.bot_id, asked.person.actor) as uow:
        await service.close_own(uow, asked.person.user_id, asked.ticket_id)

    answer = await alice.post(f"/tickets/{asked.ticket_id}/answer?lang=en", fields)
    assert answer.status_code == 409
    assert "A long and careful answer" in answer.text

    await alice.post(f"/tickets/{asked.ticket_id}/reopen")
    assert (await alice.post(f"/tickets/{asked.ticket_id}/answer", fields)).status_code == 303
    assert (await talk(units, alices, asked))[-1] == ("staff", "A long and careful answer")


async def test_a_note_is_for_the_team_alone(alice, alices, asked, units, everything):
    fields = {**await form_of(alice, asked), "words": "Pays late", "as": "note"}

    await alice.post(f"/tickets/{asked.ticket_id}/answer", fields)

    assert (await talk(units, alices, asked))[-1] == ("note", "Pays late")
    assert "Note for the team" in (await alice.get(f"/tickets/{asked.ticket_id}?lang=en")).text
    assert await promised(everything, alices) == 0


async def test_a_ticket_is_closed_and_its_customer_told(alice, alices, asked, everything):
    await alice.post(f"/tickets/{asked.ticket_id}/close")

    assert "This ticket is closed" in (await alice.get(f"/tickets/{asked.ticket_id}?lang=en")).text
    assert await promised(everything, alices, "ticket_closed") == 1


async def test_the_picture_is_shown_to_whoever_may_see_tickets_and_shut_in(
    alice, alices, asked, units, everything, new_browser, signed_in, shops
):
    page = await alice.get(f"/tickets/{asked.ticket_id}")
    (address, *_) = re.findall(r'<img src="([^"]+)"', page.text)

    shown = await alice.get(address)
    assert shown.status_code == 200
    assert shown.headers["content-type"] == "image/webp"
    assert "sandbox" in shown.headers["content-security-policy"]

    bob = new_browser()
    await bob.sign_in((await add_staff(units, alices, permissions=frozenset({"shop.see"})))[1])
    mallory = await signed_in(await shops.open())
    assert (await bob.get(address)).status_code == 403
    assert (await bob.get("/tickets")).status_code == 403
    assert 'href="/tickets"' not in (await bob.get("/customers")).text
    assert (await mallory.get(address)).status_code == 404
    other = await shops.ticket(alices)
    number = address.rpartition("/")[2]
    assert (await alice.get(f"/tickets/{other.ticket_id}/files/{number}")).status_code == 404


async def test_who_may_only_look_reads_and_finds_no_box(alices, asked, units, new_browser):
    bob = new_browser()
    await bob.sign_in((await add_staff(units, alices, permissions=SEEING))[1])

    page = await bob.get(f"/tickets/{asked.ticket_id}")

    assert "Where is it?" in page.text
    assert "<textarea" not in page.text
    assert (await bob.get("/tickets/replies")).status_code == 200
    fields = {"words": "x", "form_key": "a-form-of-bobs-own"}
    for act in ("answer", "close", "reopen", "order"):
        answer = await bob.post(f"/tickets/{asked.ticket_id}/{act}", fields)
        assert answer.status_code == 403, act


async def test_it_is_said_which_order_it_is_about_and_its_receipt_is_a_step_away(alice, alices, shops, units):
    person = await shops.person(alices)
    sent, others = await shops.receipt(alices, person), await shops.receipt(alices)
    asked = await shops.ticket(alices, person)

    await alice.post(f"/tickets/{asked.ticket_id}/order", {"order": str(sent.order_id)})

    page = (await alice.get(f"/tickets/{asked.ticket_id}")).text
    assert f'href="/receipts/{sent.payment_id}"' in page
    wrong = await alice.post(f"/tickets/{asked.ticket_id}/order", {"order": str(others.order_id)})
    assert wrong.status_code == 404


async def test_a_ready_answer_is_kept_and_goes_into_the_box_without_script(alice, asked):
    await alice.post("/tickets/replies", {"title": "Hours", "words": "From nine to five."})
    page = (await alice.get(f"/tickets/{asked.ticket_id}")).text
    (address,) = re.findall(r'href="(/tickets/\d+\?reply=\d+)"', page)

    filled = unescape((await alice.get(address)).text)

    assert ">From nine to five.</textarea>" in filled
    again = await alice.post("/tickets/replies?lang=en", {"title": "Hours", "words": "Never."})
    assert again.status_code == 409
    assert "Never." in again.text
    assert "This exists already." in unescape(again.text)
    number = address.rpartition("=")[2]
    await alice.post(f"/tickets/replies/{number}", {"title": "Hours", "words": "Always."})
    assert "Always." in (await alice.get("/tickets/replies")).text
    await alice.post(f"/tickets/replies/{number}/delete")
    assert "Always." not in (await alice.get("/tickets/replies")).text


async def test_a_shop_that_takes_no_questions_is_told_so_and_still_answers_what_is_open(
    alice, alices, asked, units
):
    async with units.begin(alices.bot_id, alices.owner) as uow:
        await features.disable_feature(uow, service.FEATURE)

    assert "customers cannot ask" in (await alice.get("/tickets?lang=en")).text
    fields = {**await form_of(alice, asked), "words": "Here"}
    assert (await alice.post(f"/tickets/{asked.ticket_id}/answer", fields)).status_code == 303


async def test_the_list_leaves_as_a_file(alice, asked):
    file = await alice.get("/tickets.csv?lang=en")

    (row,) = rows_of(file.text)
    assert (row["Number"], row["Customer"], row["State"]) == (str(asked.ticket_id), "Carol", "Waits for you")


async def test_a_longer_list_and_a_longer_talk_ask_the_database_no_more_often(
    alice, alices, shops, units, counted_queries
):
    asked = await shops.ticket(alices)
    counted_queries()
    await alice.get("/tickets")
    await alice.get(f"/tickets/{asked.ticket_id}")
    few = counted_queries()
    for turn in range(4):
        await shops.ticket(alices)
        async with units.begin(alices.bot_id, System("test")) as uow:
            await service.answer(uow, asked.ticket_id, "Here", cause=f"form:{turn}")

    counted_queries()
    await alice.get("/tickets")
    await alice.get(f"/tickets/{asked.ticket_id}")
    assert counted_queries() == few


async def test_an_open_page_hears_what_was_written_and_how_many_wait(alice, alices, asked, units):
    async with units.begin(alices.bot_id, asked.person.actor) as uow:
        await service.ask(uow, asked.person.user_id, text="Anybody?", cause="chat:1:77")

    told = (await alice.get(f"/events/now?topics=ticket&item={asked.ticket_id}")).text

    assert 'hx-target="#talk"' in told
    assert "Anybody?" in told
    assert 'data-tickets="۱"' in told


async def send(browser, asked, content: bytes, **more: str):
    """The form as a browser posts it, in several parts."""
    fields = {**await form_of(browser, asked), "words": "", **more}
    return await browser.client.post(
        f"/tickets/{asked.ticket_id}/answer?lang=en",
        data={"_csrf_token": browser.csrf, **fields},
        files={"picture": ("where-she-lives.jpg", content, "image/jpeg")},
        headers=FROM_HERE,
    )


async def test_an_answer_carries_a_picture_of_ours_without_what_was_hidden_in_it(alice, alices, asked, units):
    exif = Image.Exif()
    exif[0x010E] = "where she lives"
    out = BytesIO()
    Image.effect_noise((2600, 2600), 90).save(out, "JPEG", exif=exif, quality=95)
    assert len(out.getvalue()) > 2 * 2**20, "as large as what a phone takes"

    answer = await send(alice, asked, out.getvalue())

    assert answer.status_code == 303
    assert await talk(units, alices, asked) == [("customer", "Where is it?"), ("staff", "")]
    page = (await alice.get(f"/tickets/{asked.ticket_id}?lang=en")).text
    address = re.findall(r'<img src="([^"]+)"', page)[-1]
    assert 'alt="Picture sent by the shop"' in page
    ours = Image.open(BytesIO((await alice.get(address)).content))
    assert (ours.format, ours.getexif() == {}) == ("WEBP", True)


async def test_a_file_that_is_refused_is_said_beside_its_field_and_the_words_stay(
    alice, alices, asked, units, everything
):
    for content, why in (
        (b"no picture", "This file cannot be read."),
        (bytes(MAX_BYTES + 1), "The file is too large."),
    ):
        answer = await send(alice, asked, content, words="A careful answer")
        assert answer.status_code == 422
        assert why in answer.text
        assert "A careful answer" in answer.text
        assert "Choose the file once more" in unescape(answer.text)
    long = await send(alice, asked, photo(), words="x" * (rules.LONGEST_CAPTION + 1))
    assert long.status_code == 422
    assert "At most 400 characters" in long.text
    assert await talk(units, alices, asked) == [("customer", "Where is it?")]
    assert await everything.fetchval("SELECT count(*) FROM media WHERE bot_id = $1", alices.bot_id) == 1


async def test_nothing_at_all_is_no_answer_and_whoever_only_looks_makes_nobody_decode(
    alice, alices, asked, units, new_browser
):
    empty = await send(alice, asked, b"")
    assert empty.status_code == 422
    bob = new_browser()
    await bob.sign_in((await add_staff(units, alices, permissions=SEEING))[1])
    fields = {"_csrf_token": bob.csrf, "form_key": "a-form-of-bobs-own"}
    files = {"picture": ("a.jpg", b"no picture", "image/jpeg")}
    refused = await bob.client.post(
        f"/tickets/{asked.ticket_id}/answer", data=fields, files=files, headers=FROM_HERE
    )
    assert refused.status_code == 403


async def test_the_list_says_how_long_somebody_waits_by_colour_and_by_word(alice, asked, everything):
    def standing(page: str) -> str:
        return re.search(r'<span class="(badge[^"]*)">([^<]*)</span>', page)[2].strip()

    for hours, words in ((0, "Waits for you"), (7, "Answer soon"), (14, "Late")):
        since = "UPDATE tickets SET waiting_since = created_at - make_interval(hours => $1) WHERE id = $2"
        await everything.execute(since, hours, asked.ticket_id)
        page = (await alice.get("/tickets?lang=en")).text
        assert standing(page) == words
    assert "Waiting longest" in page
    overview = (await alice.get("/?lang=en")).text
    assert "Oldest" in overview


async def test_a_ticket_goes_into_a_colleagues_hands_and_the_list_is_asked_by_them(
    alice, alices, asked, units, new_browser
):
    rights = SEEING | {"tickets.answer"}
    sara, token = await add_staff(units, alices, permissions=rights)
    bob = new_browser()
    await bob.sign_in(token)

    answer = await alice.post(f"/tickets/{asked.ticket_id}/assign", {"staff": str(sara.staff_id)})

    assert answer.status_code == 303
    for browser, address, there in (
        (bob, "?hands=mine", True),
        (alice, "?hands=mine", False),
        (alice, "?hands=nobody", False),
        (alice, "?about=order", False),
        (alice, "?about=else", True),
        (alice, f"?q=%23{asked.ticket_id}", True),
        (alice, f"?order={MISSING_ID}", False),
    ):
        assert ("Where is it?" in (await browser.get(f"/tickets{address}")).text) == there, address
    assert (await alice.post(f"/tickets/{asked.ticket_id}/assign", {"staff": "12345678"})).status_code == 404


async def test_an_answer_over_one_that_was_not_read_is_told_and_keeps_its_words(alice, alices, asked, units):
    fields = {**await form_of(alice, asked), "words": "A careful answer", "seen": "0"}
    async with units.begin(alices.bot_id, alices.owner) as uow:
        await service.answer(uow, asked.ticket_id, "Sara was quicker", cause="form:1")

    answer = await alice.post(f"/tickets/{asked.ticket_id}/answer?lang=en", fields)

    assert answer.status_code == 409
    assert "answered meanwhile" in answer.text
    assert "A careful answer</textarea>" in answer.text
    assert "Sara was quicker" in answer.text
    seen = re.search(r'name="seen" value="(\d+)"', answer.text)[1]
    assert (
        await alice.post(f"/tickets/{asked.ticket_id}/answer", {**fields, "seen": seen})
    ).status_code == 303


async def test_the_profile_and_the_receipt_lead_to_the_tickets(alice, alices, shops):
    person = await shops.person(alices)
    sent, asked = await shops.receipt(alices, person), await shops.ticket(alices, person)
    await alice.post(f"/tickets/{asked.ticket_id}/order", {"order": str(sent.order_id)})

    profile = (await alice.get(f"/customers/{person.user_id}")).text
    assert f'href="/tickets/{asked.ticket_id}"' in profile
    assert f'href="/tickets?state=all&amp;customer={person.user_id}"' in profile
    desk = (await alice.get(f"/receipts/{sent.payment_id}")).text
    assert f'href="/tickets?state=all&amp;order={sent.order_id}"' in desk


async def test_what_is_begun_waits_in_the_box_for_its_writer_and_for_nobody_else(
    alice, alices, asked, units, new_browser, signed_in
):
    bob = new_browser()
    await bob.sign_in((await add_staff(units, alices, permissions=SEEING | {"tickets.answer"}))[1])
    elsewhere = await signed_in(alices)
    draft = {**await form_of(alice, asked), "words": "It is\r\n  half of an "}

    kept = await alice.post(f"/tickets/{asked.ticket_id}/draft", draft)

    assert (kept.status_code, kept.text) == (204, "")
    begun = "It is\n  half of an "
    for browser, words, is_marked in ((alice, begun, True), (elsewhere, begun, True), (bob, "", False)):
        assert f">{words}</textarea>" in (await browser.get(f"/tickets/{asked.ticket_id}")).text
        assert ("Your draft" in (await browser.get("/tickets?lang=en")).text) == is_marked
    assert await talk(units, alices, asked) == [("customer", "Where is it?")]
    assert "half of an" not in (await alice.get("/tickets.csv")).text
    await alice.post(f"/tickets/{asked.ticket_id}/draft", {**draft, "words": " \n"})
    assert "half of an" not in (await alice.get(f"/tickets/{asked.ticket_id}")).text
    assert "Your draft" not in (await alice.get("/tickets?lang=en")).text


@pytest.mark.parametrize("way", ["customer", "note"])
async def test_what_was_sent_is_no_draft_even_where_its_last_words_arrive_later(alice, asked, way):
    fields = {**await form_of(alice, asked), "words": "It is here."}
    await alice.post(f"/tickets/{asked.ticket_id}/draft", {**fields, "words": "It is"})
    await alice.post(f"/tickets/{asked.ticket_id}/answer", {**fields, "as": way})
    assert "It is</textarea>" not in (await alice.get(f"/tickets/{asked.ticket_id}")).text

    late = await alice.post(f"/tickets/{asked.ticket_id}/draft", fields)

    assert late.status_code == 204
    assert "It is here.</textarea>" not in (await alice.get(f"/tickets/{asked.ticket_id}")).text
    again = {**await form_of(alice, asked), "words": "One more thing"}
    await alice.post(f"/tickets/{asked.ticket_id}/draft", again)
    assert "One more thing</textarea>" in (await alice.get(f"/tickets/{asked.ticket_id}")).text


async def test_a_draft_is_no_longer_than_an_answer_and_needs_the_right_to_give_one(
    alice, alices, asked, units, new_browser
):
    fields = await form_of(alice, asked)
    for length, code in ((rules.LONGEST_ANSWER, 204), (rules.LONGEST_ANSWER + 1, 422)):
        answer = await alice.post(f"/tickets/{asked.ticket_id}/draft", {**fields, "words": "x" * length})
        assert answer.status_code == code
    bob = new_browser()
    await bob.sign_in((await add_staff(units, alices, permissions=SEEING))[1])
    assert (await bob.post(f"/tickets/{asked.ticket_id}/draft", {**fields, "words": "x"})).status_code == 403


async def test_what_stands_in_the_box_survives_the_other_forms_of_the_page_and_a_refusal(alice, asked):
    box = {**await form_of(alice, asked), "words": "Half of an answer"}
    await alice.post(f"/tickets/{asked.ticket_id}/draft", {**box, "words": "Half"})
    in_place = {"hx_request": "true", "hx_target": "div#ticket"}

    assigned = await alice.post(f"/tickets/{asked.ticket_id}/assign", {**box, "staff": ""}, **in_place)
    closed = await alice.post(f"/tickets/{asked.ticket_id}/close", box, **in_place)

    for answer in (assigned, closed):
        assert answer.status_code == 200
        assert "Half of an answer</textarea>" in answer.text
    assert box["form_key"] in assigned.text
    await alice.post(f"/tickets/{asked.ticket_id}/reopen")
    assert "Half</textarea>" in (await alice.get(f"/tickets/{asked.ticket_id}")).text


async def test_an_open_page_that_hears_news_keeps_what_is_typed_there(alice, alices, asked, units):
    fields = {**await form_of(alice, asked), "words": "Half of an answer"}
    await alice.post(f"/tickets/{asked.ticket_id}/draft", fields)

    told = (await alice.get(f"/events/now?topics=ticket&item={asked.ticket_id}")).text

    assert "<textarea" not in told
    assert "Half of an answer" not in told


async def test_a_ready_answer_that_is_picked_without_script_goes_behind_what_was_begun(alice, asked):
    await alice.post("/tickets/replies", {"title": "Hours", "words": "From nine to five."})
    fields = {**await form_of(alice, asked), "words": "Hello"}
    await alice.post(f"/tickets/{asked.ticket_id}/draft", fields)
    page = (await alice.get(f"/tickets/{asked.ticket_id}")).text
    address = unescape(re.search(r'href="([^"]*[?&]reply=\d+[^"]*)"', page)[1])

    assert "Hello\nFrom nine to five.</textarea>" in (await alice.get(address)).text


async def test_the_next_one_that_waits_is_the_next_of_the_narrowed_list(alice, alices, shops, units, clock):
    about, others = [], []
    for name in ("Carol", "Dave", "Erin", "Frank"):
        person = await shops.person(alices, name=name)
        order = (await shops.receipt(alices, person)).order_id
        asked = await shops.ticket(alices, person)
        (about if name != "Dave" else others).append(asked.ticket_id)
        if name != "Dave":
            await alice.post(f"/tickets/{asked.ticket_id}/order", {"order": str(order)})
        clock.forward(minutes=1)
    erin, frank = about[1], about[2]

    def opened(page: str, ticket_id: int) -> str:
        return unescape(re.search(rf'href="(/tickets/{ticket_id}\?[^"]*)"', page)[1])

    at = opened((await alice.get("/tickets?about=order")).text, frank)
    seen = [frank]
    for _ in range(3):
        page = (await alice.get(at)).text
        assert 'href="/tickets?about=order"' in page, "the way back is narrowed as well"
        leads = unescape(re.search(r'href="([^"]*/next[^"]*)"', page)[1])
        at = (await alice.get(leads)).headers["location"]
        seen.append(int(re.match(r"/tickets/(\d+)", at)[1]))
    assert seen == [frank, erin, about[0], frank], "what was passed over comes again after the last"

    page = (await alice.get(at)).text
    send = unescape(re.search(r'action="([^"]*/answer[^"]*)"', page)[1])
    fields = {"form_key": FORM.search(page)[1], "words": "Here", "as": "next"}
    after = (await alice.post(send, fields)).headers["location"]
    on = (await alice.get(after)).headers["location"]
    assert on.startswith(f"/tickets/{erin}?about=order&after=")
    assert "Your answer is on its way" in (await alice.get(f"{on}&lang=en")).text
    close = send.replace(f"/{frank}/answer", f"/{erin}/close")
    assert "about=order" in (await alice.post(close)).headers["location"]
    await alice.post(f"/tickets/{about[0]}/close")
    last = await alice.get(f"/tickets/{erin}/next?about=order&state=closed")
    assert last.headers["location"] == "/tickets?about=order"
    assert "Nobody else waits in this list" in (await alice.get("/tickets?about=order&lang=en")).text
    assert len(others) == 1
    assert (await alice.get(f"/tickets/{erin}/next")).headers["location"].startswith(f"/tickets/{others[0]}?")


async def test_sent_in_place_it_goes_on_to_the_next_one_and_a_refusal_stays(alice, asked, shops, alices):
    await shops.ticket(alices)
    in_place = {"hx_request": "true"}
    fields = {**await form_of(alice, asked), "as": "next"}
    address = f"/tickets/{asked.ticket_id}/answer?hands=nobody&lang=en"

    empty = await alice.post(address, {**fields, "words": " "}, **in_place)
    sent = await alice.post(address, {**fields, "words": "Here"}, **in_place)

    assert (empty.status_code, "hx-redirect" in empty.headers) == (422, False)
    assert sent.headers["hx-redirect"] == f"/tickets/{asked.ticket_id}/next?hands=nobody"


async def test_the_way_to_the_next_one_asks_as_often_for_many_as_for_few(
    alice, alices, shops, counted_queries
):
    asked = await shops.ticket(alices)
    counts = []
    for _ in range(2):
        await shops.ticket(alices)
        await shops.ticket(alices)
        counted_queries()
        await alice.get(f"/tickets/{asked.ticket_id}/next")
        counts.append(counted_queries())
    assert counts[0] == counts[1]

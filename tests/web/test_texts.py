"""The bot's sentences on the page: typed, looked at, refused beside their field, kept and taken back."""

from __future__ import annotations

import re
from html import unescape

import pytest

from shop.actors import SEEING
from shop.texts import queries, service
from tests.web.conftest import add_staff
from web.jinja import bubble

PAGE = "/settings/texts/start"
HI = "Hi %(name)s 👋"
EN, FA = (service.field_of(language, HI) for language in ("en", "fa"))


@pytest.fixture
async def alices(shops):
    return await shops.open(name="Alice's shop")


@pytest.fixture
async def alice(signed_in, alices):
    browser = await signed_in(alices)
    await browser.get(f"{PAGE}?lang=en")
    return browser


async def own(units, shop):
    async with units.begin(shop.bot_id, shop.owner) as uow:
        return await queries.load_texts(uow)


def first_bubble(page: str, language: str) -> str:
    found = re.search(rf'<div class="bubble" dir="auto" lang="{language}">(.*?)</div>', page, re.DOTALL)
    return unescape(re.sub("[\u2066-\u2069]", "", found[1]))


async def test_words_are_kept_shown_and_taken_back_without_script(alice, alices, units):
    answer = await alice.post(PAGE, {EN: "Dear <b>{name}</b>", FA: "درود {name}"})
    page = (await alice.get(answer.headers["location"])).text

    assert answer.headers["location"] == PAGE
    assert first_bubble(page, "en").startswith("Dear <b>Sara Nouri</b>")
    assert first_bubble(page, "fa").startswith("درود سارا نوری")
    assert "Your words" in (await alice.get("/settings/texts")).text
    assert (await alice.post(f"{PAGE}/reset")).headers["location"] == PAGE
    assert await own(units, alices) == {}
    assert "Your words" not in (await alice.get("/settings/texts")).text


async def test_words_are_looked_at_and_not_kept(alice, alices, units):
    answer = await alice.post(PAGE, {EN: "Dear {name}", "act": "look"}, HX_Request="true")

    assert answer.status_code == 200
    assert first_bubble(answer.text, "en").startswith("Dear Sara Nouri")
    assert "nothing is saved yet" in answer.text
    assert await own(units, alices) == {}


@pytest.mark.parametrize("act", ["", "look"])
@pytest.mark.parametrize("part", ["true", "false"])
@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("Dear {nme}", "{nme} is not known here"),
        ("Dear friend", "{name} is missing"),
        ("{name} <script>alert(1)</script>", "<script>: Telegram would refuse this."),
        ("{name} {{ 7 * 7 }}", "{ 7 * 7 } is not known here"),
        ("{name}" + "x" * 4096, "longer than the 4,096 characters"),
    ],
)
async def test_what_the_bot_could_not_say_is_told_beside_its_field_and_nothing_is_lost_or_kept(
    alice, alices, units, typed, sentence, part, act
):
    answer = await alice.post(PAGE, {EN: typed, FA: "درود {name}", "act": act}, HX_Request=part)

    assert answer.status_code == 422
    told = re.search(rf'id="{EN}-error"[^>]*>.*?</svg>(.*?)</span>', answer.text, re.DOTALL)
    assert sentence in unescape(told[1])
    shown = re.search(rf'id="{EN}"[^>]*>\n(.*?)</textarea>', answer.text, re.DOTALL)
    assert unescape(shown[1]) == typed
    assert ">\nدرود {name}</textarea>" in answer.text
    assert "<script>alert" not in answer.text
    assert await own(units, alices) == {}


async def test_the_desk_shows_what_the_customer_will_read_in_the_shops_own_words(alice, alices, shops):
    sent = await shops.receipt(alices, await shops.person(alices, language="en"))
    field = service.field_of("en", "Please send the receipt of this very payment.")
    await alice.post("/settings/texts/receipt_rejected", {field: "Kindly send the right one."})

    page = (await alice.get(f"/receipts/{sent.payment_id}")).text

    assert "Kindly send the right one." in page


@pytest.mark.parametrize("key", ["nonsense", "sign_in_asked", "1"])
async def test_what_is_not_a_shops_to_word_is_not_found(alice, key):
    assert (await alice.get(f"/settings/texts/{key}")).status_code == 404
    assert (await alice.post(f"/settings/texts/{key}")).status_code == 404
    assert (await alice.post(f"/settings/texts/{key}/reset")).status_code == 404


async def test_a_colleague_without_the_right_reads_and_words_nothing(new_browser, alices, units):
    _, token = await add_staff(units, alices, permissions=SEEING)
    bob = new_browser()
    await bob.sign_in(token)

    page = (await bob.get(f"{PAGE}?lang=en")).text

    assert "whoever may change settings" in page
    for form in ({EN: "Dear {name}"}, {EN: "Dear {name}", "act": "look"}):
        assert (await bob.post(PAGE, form)).status_code == 403
    assert (await bob.post(f"{PAGE}/reset")).status_code == 403
    assert await own(units, alices) == {}


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("<b>a</b> <code>b</code>", "<b>a</b> <code>b</code>"),
        ("&amp; &lt;script&gt;", "&amp; &lt;script&gt;"),
        ("<blockquote expandable>a</blockquote>", "a"),
        ("<script>a</script><img src=x onerror=y><b onclick=z>", "a"),
        ('"<i>', "&#34;<i>"),
    ],
)
def test_a_bubble_lets_nothing_through_but_a_few_harmless_tags(message, shown):
    assert str(bubble(message)) == shown

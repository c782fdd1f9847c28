"""Two people at one form of the settings: the second is told who changed what to what, and loses nothing."""

from __future__ import annotations

import asyncio
import re
import time
from html import unescape

import pytest

from shop.bots import service as shops_verbs
from shop.configurations import queries as configurations
from shop.configurations import service as settings
from shop.configurations.registry import SETTINGS
from shop.errors import ChangedMeanwhile
from shop.seen import mark
from shop.texts import service as texts
from shop.texts.queries import mark_of
from shop.texts.service import field_of
from shop.texts.writing import sentences
from tests.web.conftest import add_staff
from tests.web.test_settings import PAYMENTS, SHOP

SEEN = re.compile(r'name="seen" value="([^"]*)"')
TIMES = "payment_minutes"
TEXT = "start"
SENTENCE = field_of("en", sentences(TEXT)[0])
BY_FEATURE = {one.feature: one for one in SETTINGS if one.feature and one.kind == "int"}
FEATURE, SETTING = next(iter(BY_FEATURE.items()))
OF_FEATURE = {
    one.key: "on" if one.default is True else "" if one.default is False else str(one.default)
    for one in SETTINGS
    if one.feature == FEATURE
}
EVENTS = {one.key: "on" for one in SETTINGS if one.group == "notifications"}
FORMS = {
    "the shop": ("/settings/shop", SHOP, "name", "Nasim of Bob", "Nasim of Alice"),
    "payments": ("/settings/payments", PAYMENTS, TIMES, "41", "42"),
    "notifications": (
        "/settings/notifications",
        {"notification_topic_id": "7", "card_receipt_topic_id": "9", **EVENTS},
        "card_receipt_topic_id",
        "11",
        "12",
    ),
    "a text of the bot": ("/settings/texts/start", {}, SENTENCE, "Come in, {name}.", "Good day, {name}."),
    "a feature": (
        f"/features/{FEATURE}/settings",
        OF_FEATURE,
        SETTING.key,
        str(SETTING.minimum + 1),
        str(SETTING.minimum + 2),
    ),
}


@pytest.fixture
async def alices(shops):
    return await shops.open(name="Alice's shop")


@pytest.fixture
async def two(alices, signed_in, new_browser, units):
    """Alice, and Bob of her team."""
    bob = new_browser()
    await bob.sign_in((await add_staff(units, alices))[1])
    return await signed_in(alices), bob


async def seen(browser, form: str) -> str:
    """What a form has before its reader: the mark of it."""
    path = form.removesuffix("/settings") if form.startswith("/features") else form
    page = (await browser.get(f"{path}?lang=en")).text
    start = page.index(f'action="{form}"')
    return SEEN.search(page, start)[1]


@pytest.mark.parametrize("name", FORMS)
async def test_the_second_is_told_who_changed_what_to_what_and_loses_nothing(two, name):
    (form, fields, field, bobs, alices_wish), (alice, bob) = FORMS[name], two
    marks = [await seen(alice, form), await seen(bob, form)]
    await bob.post(form, {**fields, field: bobs, "seen": marks[1]})

    refused = await alice.post(form, {**fields, field: alices_wish, "seen": marks[0]})
    page = unescape(refused.text)
    told = re.search(r'<div class="note note-warn" role="alert">(.*?)</dl>', page, re.DOTALL)[1]

    assert refused.status_code == 409
    assert re.search(rf"saved now:\s*<bdi>{re.escape(bobs)}</bdi>", told)
    assert re.search(rf"yours:\s*<bdi>{re.escape(alices_wish)}</bdi>", told)
    assert "<bdi>Bob</bdi>" in told
    assert told.count("<dt>") == 1
    assert alices_wish in page.replace(told, "")

    again = SEEN.search(page, page.index(f'action="{form}"'))[1]
    kept = await alice.post(form, {**fields, field: alices_wish, "seen": again})

    assert kept.status_code == 303
    assert alices_wish in unescape((await bob.get(kept.headers["location"])).text)


@pytest.mark.parametrize("name", FORMS)
async def test_whoever_is_refused_for_another_reason_has_still_seen_what_he_saw(two, name):
    (form, fields, field, bobs, _), (alice, bob) = FORMS[name], two
    wrong = {"the shop": "", "a text of the bot": "<b>{name}"}.get(name, "many")
    marks = [await seen(alice, form), await seen(bob, form)]
    await bob.post(form, {**fields, field: bobs, "seen": marks[1]})

    refused = await alice.post(form, {**fields, field: wrong, "seen": marks[0]})

    assert refused.status_code == 422
    page = refused.text
    assert SEEN.search(page, page.index(f'action="{form}"'))[1] == marks[0]


async def waits(everything) -> bool:
    """Whether somebody waits for a row that another has locked."""
    return await everything.fetchval(
        "SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event_type = 'Lock' "
        "AND datname = current_database()"
    )


@pytest.mark.parametrize("what", ["a setting", "a text", "the shop"])
async def test_of_two_at_the_same_instant_the_later_is_told(alices, units, everything, what):
    async def change(uow, words: str) -> None:
        if what == "a setting":
            now = configurations.mark_of({TIMES: 30})
            await settings.update_configuration_partial(uow, {TIMES: int(words)}, seen=now)
        elif what == "a text":
            await texts.save(uow, TEXT, {SENTENCE: f"{{name}}, {words}"}, seen=mark_of({}, TEXT))
        else:
            await shops_verbs.update_bot(uow, alices.bot_id, seen=mark(alices.name), name=words)

    async def later() -> None:
        async with units.begin(alices.bot_id, alices.owner) as uow:
            await change(uow, "42")

    async with units.begin(alices.bot_id, alices.owner) as uow:
        await change(uow, "41")
        second = asyncio.ensure_future(later())
        deadline = time.monotonic() + 10
        while not second.done() and not await waits(everything):
            assert time.monotonic() < deadline

    with pytest.raises(ChangedMeanwhile):
        await second

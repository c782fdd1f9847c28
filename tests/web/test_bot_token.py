"""Settings → The bot: its token is written there, told about, and never shown."""

from __future__ import annotations

import re

import pytest

from shop.actors import SEEING, System
from shop.bots import replacing
from tests.factories import telegram_token
from tests.web.conftest import add_staff

PLACE = "/settings/bot"


@pytest.fixture
async def alices(shops):
    return await shops.open(name="Alice's shop")


@pytest.fixture
async def alice(signed_in, alices):
    browser = await signed_in(alices)
    await browser.get("/settings?lang=en")
    return browser


def renewed(shop, letter="n") -> str:
    return f"{shop.telegram_token.split(':')[0]}:{letter * 35}"


async def decide(units, shop, **told):
    async with units.platform(System("test")) as uow:
        for one in await replacing.list_candidates(uow):
            if one.bot_id == shop.bot_id:
                await replacing.settle(uow, one, **({"username": "nasim_bot"} | told))


async def give(browser, shop, token=None, **more):
    page = (await browser.get(PLACE)).text
    seen = re.search(r'name="seen" value="(\w+)"', page)[1]
    return await browser.post(PLACE, {"telegram_bot_token": token or renewed(shop), "seen": seen} | more)


async def test_the_page_follows_a_token_from_given_to_taken_over(alice, alices, units):
    answer = await give(alice, alices)
    waiting = (await alice.get(answer.headers["location"])).text
    await decide(units, alices)
    taken = (await alice.get(PLACE)).text

    assert (answer.status_code, answer.headers["location"]) == (303, PLACE)
    assert "is being checked with Telegram" in waiting
    assert "every 2s" in waiting
    assert "Taken over: <bdi" in taken
    assert "@nasim_bot" in taken
    assert "every 2s" not in taken


@pytest.mark.parametrize(
    ("refusal", "sentence"),
    [("unknown", "Telegram does not know this token"), ("anothers", "Another shop has this bot")],
)
async def test_a_refusal_says_why_and_that_the_old_one_goes_on(alice, alices, units, refusal, sentence):
    await give(alice, alices)
    await decide(units, alices, username=None, refusal=refusal)

    page = (await alice.get(PLACE)).text

    assert "The new token was refused; the one in force goes on." in page
    assert sentence in page


async def test_while_nobody_looks_at_it_the_page_promises_nothing(alice, alices, clock):
    await give(alice, alices)
    at_once = (await alice.get(PLACE)).text
    clock.forward(seconds=30)

    later = (await alice.get(PLACE)).text

    assert "No word yet" not in at_once
    assert "No word yet" in later
    assert "Taken over" not in later


@pytest.mark.parametrize("part", ["true", "false"])
@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        (lambda shop: renewed(shop)[:-1], "This is no token of @BotFather"),
        (lambda shop: shop.telegram_token, "Your bot has this very token already."),
        (lambda _: telegram_token(), "This is the token of another bot."),
    ],
)
async def test_what_cannot_be_is_told_beside_the_field_and_the_token_is_not_said_again(
    alice, alices, typed, sentence, part
):
    token = typed(alices)

    answer = await alice.post(PLACE, {"telegram_bot_token": token}, HX_Request=part)

    assert answer.status_code == 422
    assert re.search(rf'id="new-token-error"[^>]*>.*?{sentence}', answer.text, re.DOTALL)
    assert 'aria-invalid="true" data-focus aria-describedby="new-token-error new-token-hint"' in answer.text
    assert token.partition(":")[2] not in answer.text


async def test_another_bots_token_is_taken_when_it_is_meant(alice, alices, units):
    answer = await give(alice, alices, telegram_token(), other_bot="on")

    assert answer.status_code == 303
    async with units.begin(alices.bot_id, alices.owner) as uow:
        assert (await replacing.load_standing(uow)).replacement == "checking"


async def test_the_second_of_two_tabs_is_told_and_nothing_is_replaced(alice, alices, units):
    seen = re.search(r'name="seen" value="(\w+)"', (await alice.get(PLACE)).text)[1]
    await alice.post(PLACE, {"telegram_bot_token": renewed(alices), "seen": seen})

    second = await alice.post(PLACE, {"telegram_bot_token": renewed(alices, "m"), "seen": seen})

    assert second.status_code == 409
    assert "Somebody else changed this meanwhile" in second.text
    async with units.platform(System("test")) as uow:
        held = [one.token.text for one in await replacing.list_candidates(uow) if one.bot_id == alices.bot_id]
    assert held == [renewed(alices)]


async def test_an_old_proof_of_who_one_is_does_not_do(alice, alices, clock, units):
    clock.forward(minutes=11)

    page = (await alice.get(PLACE)).text
    answer = await alice.post(PLACE, {"telegram_bot_token": renewed(alices)})

    assert "/confirm?next=/settings/bot" in page
    assert 'name="telegram_bot_token"' not in page
    assert answer.status_code == 403
    async with units.begin(alices.bot_id, alices.owner) as uow:
        assert (await replacing.load_standing(uow)).replacement is None


async def test_a_colleague_who_may_look_sees_the_bot_and_no_form(new_browser, alices, units):
    _, token = await add_staff(units, alices, permissions=SEEING)
    bob = new_browser()
    await bob.sign_in(token)

    page = (await bob.get(f"{PLACE}?lang=en")).text

    assert alices.username in page
    assert 'name="telegram_bot_token"' not in page
    assert (await bob.post(PLACE, {"telegram_bot_token": renewed(alices)})).status_code == 403


async def test_neither_token_is_in_any_page_file_stream_or_line_of_the_log(alice, alices, units, caplog):
    secrets = {
        text.partition(":")[2] for text in (alices.telegram_token, renewed(alices), renewed(alices, "m"))
    }
    said = []
    for token, told in ((renewed(alices, "m"), {"refusal": "unknown"}), (renewed(alices), {})):
        said.append(await give(alice, alices, token))
        said += [
            await alice.get(one) for one in (PLACE, "/audit", "/audit.csv", "/settings/shop", "/events/now")
        ]
        await decide(units, alices, **told)
    said += [await alice.get(one) for one in (PLACE, "/audit", "/audit.csv", "/", "/events/now", "/start")]

    assert all(answer.status_code < 400 for answer in said)
    for secret in secrets:
        assert not any(secret in answer.text or secret in str(answer.headers) for answer in said)
        assert secret not in caplog.text

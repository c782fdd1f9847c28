"""The page of cards: who sees what of them, the forms that change them, and what the next buyer is shown."""

from __future__ import annotations

import re

import pytest

from shop.actors import CARDS_MANAGE, SEEING, System
from shop.cards import queries, service
from shop.configurations import queries as configurations
from shop.formatting import digits
from shop.money import Currency, Money
from tests.factories import card_number
from tests.web.conftest import add_staff
from tests.web.test_transactions import rows_of

VALID = {"holder": "مریم کاظمی", "turns": "1"}


def groups(number: str, lang: str = "en") -> str:
    return digits(" ".join(number[at : at + 4] for at in range(0, 16, 4)), lang)


@pytest.fixture
async def alices(shops):
    return await shops.open(name="Alice's shop", stock=0)


@pytest.fixture
async def alice(signed_in, alices):
    browser = await signed_in(alices)
    await browser.get("/cards?lang=en")
    return browser


async def cards_of(shops, shop) -> list[queries.CardRow]:
    async with shops.units.begin(shop.bot_id, shop.owner) as uow:
        return await queries.get_payment_cards(uow)


async def number_of(shops, shop, card_id: int) -> str:
    async with shops.units.begin(shop.bot_id, shop.owner) as uow:
        return await service.reveal_number(uow, card_id)


async def show_next(shops, shop, amount: int = 1000) -> service.ChosenCard:
    async with shops.units.begin(shop.bot_id, System("test")) as uow:
        return await service.get_next_card_for_rotation(uow, amount=Money(amount, Currency.IRT))


# Two at once ------------------------------------------------------------------------------------------------


async def test_whoever_was_second_sees_both_limits_and_overwrites_only_then(alice, alices, shops):
    def seen_in(page: str) -> str:
        form = page[page.index(f'action="/cards/{alices.card_id}"') :]
        return re.search(r'name="seen" value="([0-9a-f]+)"', form)[1]

    form = VALID | {"most_payments": "7", "seen": seen_in((await alice.get("/cards?lang=en")).text)}
    async with shops.units.begin(alices.bot_id, alices.owner) as uow:
        await service.deactivate_card(uow, alices.card_id)
        await service.activate_card(uow, alices.card_id)
        await service.update_payment_card(uow, alices.card_id, daily_limit_count=12)

    refused = await alice.post(f"/cards/{alices.card_id}", form)

    assert refused.status_code == 409
    assert "Somebody else changed this meanwhile" in refused.text
    assert "<bdi>12</bdi>" in refused.text
    assert "<bdi>Alice</bdi>," in refused.text
    assert 'value="7"' in refused.text
    assert [card.daily_limit_count for card in await cards_of(shops, alices)] == [12]
    again = await alice.post(f"/cards/{alices.card_id}", form | {"seen": seen_in(refused.text)})
    assert again.status_code == 303
    assert [card.daily_limit_count for card in await cards_of(shops, alices)] == [7]


# As a file --------------------------------------------------------------------------------------------------


async def test_the_cards_are_a_file_with_four_digits_of_each_number(alice, alices, shops, units, new_browser):
    number = await number_of(shops, alices, alices.card_id)
    await show_next(shops, alices)
    assert 'href="/cards.csv?range=7"' in (await alice.get("/cards?range=7")).text

    file = await alice.get("/cards.csv?range=7&lang=en")

    (row,) = rows_of(file.text)
    assert (row["Last four digits"], row["Shown"], row["Days that are counted"]) == (number[-4:], "1", "7")
    assert number not in file.text
    bob = new_browser()
    await bob.sign_in((await add_staff(units, alices, permissions=SEEING))[1])
    assert (await bob.get("/cards.csv")).status_code == 403
    assert "/cards.csv" not in (await bob.get("/cards")).text


# What is shown ----------------------------------------------------------------------------------------------


async def test_the_owner_sees_whole_numbers_and_which_card_is_next(alice, alices, shops):
    number = await number_of(shops, alices, alices.card_id)

    english, persian = await alice.get("/cards?lang=en"), await alice.get("/cards?lang=fa")

    assert groups(number) in english.text
    assert groups(number, "fa") in persian.text
    assert f'data-copy="{number}"' in persian.text
    assert "Next in turn" in english.text
    assert "نوبت بعدی" in persian.text


async def test_whoever_may_not_manage_cards_sees_covered_numbers_and_no_form(
    alices, shops, units, new_browser
):
    number = await number_of(shops, alices, alices.card_id)
    _, token = await add_staff(units, alices, permissions=SEEING)
    bob = new_browser()
    await bob.sign_in(token)

    page = await bob.get("/cards?lang=en")

    assert page.status_code == 200
    assert number not in page.text
    assert groups(number) not in page.text
    assert number[-4:] in page.text
    assert 'action="/cards' not in page.text
    for url in ("/cards", "/cards/strategy", f"/cards/{alices.card_id}/switch"):
        assert (await bob.post(url, {"to": "off", "strategy": "random"})).status_code == 403


async def test_the_master_who_looks_sees_covered_numbers(alices, shops, master, new_browser):
    number = await number_of(shops, alices, alices.card_id)
    browser = new_browser()
    await browser.sign_in(master.api_token)
    await browser.post(f"/platform/bots/{alices.bot_id}/open")

    page = await browser.get("/cards")

    assert page.status_code == 200
    assert number not in page.text
    assert f'data-copy="{number}"' not in page.text
    assert 'action="/cards' not in page.text


async def test_a_range_counts_shown_received_approved_and_rejected_apart(
    alice, alices, shops, everything, clock
):
    sent = [await shops.receipt(alices) for _ in range(3)]
    await show_next(shops, alices)
    await alice.post(f"/receipts/{sent[0].payment_id}/approve")
    await alice.post(f"/receipts/{sent[1].payment_id}/reject", {"reason_code": "not_arrived"})

    page = await alice.get("/cards?lang=en&range=1")

    minis = page.text[page.text.index('<dl class="minis">') :].split("</dl>")[0]
    shown = [part.split("</dd>")[0].split("<")[0].strip() for part in minis.split("<dd>")[1:5]]
    assert shown == ["4", "3", "1", "1"]
    assert "125K" in minis


async def test_a_day_begins_at_midnight_of_the_shop(alice, alices, shops, clock):
    clock.now = clock.now.replace(hour=20, minute=29)  # 23:59 in Tehran
    await alice.get("/cards?lang=en")
    await shops.receipt(alices)
    before = await alice.get("/cards?range=1")
    clock.forward(minutes=2)
    after = await alice.get("/cards?range=1")
    week = await alice.get("/cards?range=7")

    assert "<dt>Received</dt><dd>1</dd>" in before.text
    assert "<dt>Received</dt><dd>0</dd>" in after.text
    assert "<dt>Shown</dt><dd>0</dd>" in after.text
    assert "<dt>Received</dt><dd>1</dd>" in week.text


async def test_more_cards_ask_the_database_no_more(alice, alices, shops, counted_queries):
    await alice.get("/cards")
    counted_queries()
    await alice.get("/cards")
    few = counted_queries()
    async with shops.units.begin(alices.bot_id, alices.owner) as uow:
        for _ in range(12):
            await service.create_payment_card(uow, card_number=card_number(), holder_name="مریم")
    counted_queries()

    await alice.get("/cards")

    assert counted_queries() == few


# Adding -----------------------------------------------------------------------------------------------------


async def test_a_card_is_added_in_any_digits_and_is_shown_to_the_next_buyer(alice, alices, shops):
    number = card_number()

    answer = await alice.post("/cards", {**VALID, "number": groups(number, "fa"), "most_money": "۲۰٬۰۰۰٬۰۰۰"})

    assert (answer.status_code, answer.headers["location"]) == (303, "/cards")
    page = await alice.get("/cards")
    assert "Added; it takes its turn from now on." in page.text
    assert (await cards_of(shops, alices))[-1].daily_limit_amount == 20_000_000
    assert {(await show_next(shops, alices)).number for _ in range(2)} >= {number}


@pytest.mark.parametrize("part", ["true", "false"])
@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"number": "1234"}, "A card number has 16 digits."),
        ({"number": "6037997500000000"}, "One digit is wrong"),
        ({"holder": " "}, "Write the name on the card"),
        ({"most_money": "many"}, "A whole number, please."),
        ({"most_payments": "0"}, "At least 1, please."),
        ({"least": "200", "most": "100"}, "At least 200, please."),
        ({"opens": "25:00"}, "A time as 09:30, please."),
    ],
)
async def test_what_is_wrong_is_said_beside_its_field_and_the_rest_is_kept(
    alice, alices, shops, fields, sentence, part
):
    typed = {**VALID, "number": card_number(), **fields}

    answer = await alice.post("/cards", typed, HX_Request=part)

    assert answer.status_code == 422
    assert ("<html" in answer.text) == (part == "false")
    assert sentence in answer.text
    assert all(f'value="{value}"' in answer.text for value in typed.values())
    assert len(await cards_of(shops, alices)) == 1


async def test_a_card_that_is_there_already_is_not_added_twice(alice, alices, shops):
    number = await number_of(shops, alices, alices.card_id)

    answer = await alice.post("/cards", {**VALID, "number": number})

    assert answer.status_code == 422
    assert "This card is already among yours." in answer.text


async def test_the_bank_is_recognised_while_the_number_is_typed(alice):
    known = await alice.post("/cards/bank", {"number": "۶۰۳۷ ۹۹"}, HX_Request="true")
    unknown = await alice.post("/cards/bank", {"number": "000000"}, HX_Request="true")
    wrong = await alice.post("/cards/bank", {"number": "6037997500000000"}, HX_Request="true")

    assert "Melli" in known.text
    assert "Bank" not in unknown.text
    assert "One digit is wrong" in wrong.text


async def test_adding_a_card_wants_a_fresh_proof(alice, alices, shops, clock):
    clock.forward(minutes=11)

    answer = await alice.post("/cards", {**VALID, "number": card_number()})

    assert answer.status_code == 403
    assert len(await cards_of(shops, alices)) == 1
    page = await alice.get("/cards")
    assert "/confirm?next=/cards" in page.text
    assert 'name="number"' not in page.text


# Changing ---------------------------------------------------------------------------------------------------


async def test_what_is_changed_is_kept_and_an_empty_field_is_no_limit(alice, alices, shops):
    limits = {"most_payments": "3", "least": "1,000", "opens": "22:00", "closes": "۰۲:۳۰", "turns": "2"}
    await alice.post(f"/cards/{alices.card_id}", {**VALID, **limits})
    (card,) = await cards_of(shops, alices)
    assert (card.daily_limit_count, card.min_amount, card.weight) == (3, 1000, 2)
    assert (card.active_from.hour, card.active_until.minute) == (22, 30)

    await alice.post(f"/cards/{alices.card_id}", VALID)

    (card,) = await cards_of(shops, alices)
    assert (card.daily_limit_count, card.min_amount, card.active_from, card.weight) == (None, None, None, 1)


async def test_cards_are_moved_and_round_robin_goes_by_the_new_order(alice, alices, shops):
    async with shops.units.begin(alices.bot_id, alices.owner) as uow:
        second = await service.create_payment_card(uow, card_number=card_number(), holder_name="مریم")

    answer = await alice.post(f"/cards/{second.card_id}/move", {"to": "up"}, HX_Request="true")

    assert answer.status_code == 200
    assert answer.text.index(f'id="card-{second.card_id}"') < answer.text.index(f'id="card-{alices.card_id}"')
    assert (await show_next(shops, alices)).card_id == second.card_id
    await alice.post(f"/cards/{second.card_id}/move", {"to": "up"})
    assert [card.card_id for card in await cards_of(shops, alices)] == [second.card_id, alices.card_id]


async def test_a_card_that_is_switched_off_is_shown_to_nobody(alice, alices, shops):
    async with shops.units.begin(alices.bot_id, alices.owner) as uow:
        second = await service.create_payment_card(uow, card_number=card_number(), holder_name="مریم")

    await alice.post(f"/cards/{alices.card_id}/switch", {"to": "off"})

    assert {(await show_next(shops, alices)).card_id for _ in range(3)} == {second.card_id}
    page = await alice.get("/cards")
    assert "This is the last card that is on" in page.text
    await alice.post(f"/cards/{second.card_id}/switch", {"to": "off"})
    assert "Every card is switched off" in (await alice.get("/cards")).text
    await alice.post(f"/cards/{alices.card_id}/switch", {"to": "on"})
    assert (await show_next(shops, alices)).card_id == alices.card_id


async def test_a_card_that_is_put_away_leaves_the_page_and_comes_back_with_its_number(alice, alices, shops):
    number = await number_of(shops, alices, alices.card_id)

    await alice.post(f"/cards/{alices.card_id}/archive")
    assert "No card yet" in (await alice.get("/cards")).text
    await alice.post("/cards", {**VALID, "number": number})

    assert [card.card_id for card in await cards_of(shops, alices)] == [alices.card_id]


async def test_the_strategy_and_its_minutes_are_the_shops_settings(alice, alices, shops):
    await alice.post("/cards/strategy", {"strategy": "time_based", "minutes": "۱۵"})
    refused = await alice.post("/cards/strategy", {"strategy": "time_based", "minutes": "9999"})
    unknown = await alice.post("/cards/strategy", {"strategy": "best"})

    async with shops.units.begin(alices.bot_id, alices.owner) as uow:
        assert await configurations.get_config_value(uow, "card_rotation_strategy") == "time_based"
        assert await configurations.get_config_value(uow, "card_rotation_minutes") == 15
    assert (refused.status_code, unknown.status_code) == (422, 422)
    assert "At most 1,440, please." in refused.text
    assert "Choose one of the four ways." in unknown.text


async def test_many_are_previewed_with_the_error_beside_each_line_and_added_together(alice, alices, shops):
    good = f"{card_number()},مریم\n{card_number()},علی"

    wrong = await alice.post("/cards/import", {"cards": f"{good}\n1234,رضا", "step": "add"})
    assert wrong.status_code == 422
    assert "A card number has 16 digits." in wrong.text
    assert "1 line is wrong; nothing was added." in wrong.text
    assert f"{good}\n1234,رضا</textarea>" in wrong.text
    assert len(await cards_of(shops, alices)) == 1

    preview = await alice.client.post(
        "/cards/import",
        data={"_csrf_token": alice.csrf, "cards": "", "step": "check"},
        files={"file": ("cards.csv", "\ufeff".encode() + good.encode(), "text/csv")},
        headers={"Sec-Fetch-Site": "same-origin"},
    )
    assert preview.status_code == 200
    assert "Add 2 cards" in preview.text
    assert len(await cards_of(shops, alices)) == 1
    await alice.post("/cards/import", {"cards": good, "step": "add"})
    assert len(await cards_of(shops, alices)) == 3


async def test_a_card_that_rests_says_why_and_until_when(alice, alices, shops):
    too_long = await alice.post(f"/cards/{alices.card_id}/rest", {"hours": "۹۹۹"})
    assert (too_long.status_code, "At most 720, please." in too_long.text) == (422, True)

    await alice.post(f"/cards/{alices.card_id}/rest", {"hours": "۲", "why": "bank is slow"})
    page = await alice.get("/cards")
    assert "Rests" in page.text
    assert "bank is slow" in page.text

    await alice.post(f"/cards/{alices.card_id}/rest", {"to": "end"})
    assert (await show_next(shops, alices)).card_id == alices.card_id


async def test_a_card_that_is_rejected_far_more_says_by_how_much(alice, alices, shops, everything):
    async with shops.units.begin(alices.bot_id, alices.owner) as uow:
        bad = await service.create_payment_card(uow, card_number=card_number(), holder_name="رضا احمدی")
    counted = (
        "INSERT INTO card_days (bot_id, card_id, day, approved_count, rejected_count) "
        "VALUES ($1, $2, current_date, $3, $4)"
    )
    await everything.execute(counted, alices.bot_id, alices.card_id, 18, 2)
    await everything.execute(counted, alices.bot_id, bad.card_id, 4, 6)

    page = (await alice.get("/cards?lang=en")).text
    good_card, bad_card = re.findall(r'<article class="panel bcard.*?</article>', page, re.DOTALL)

    assert "Of this card 6 times as much is rejected as of the others." in bad_card
    assert "times as much" not in good_card
    assert f'href="/receipts/all?card={bad.card_id}"' in bad_card


async def test_the_simulator_offers_the_prices_of_what_is_on_sale(alice, alices):
    page = (await alice.get("/cards/simulator")).text
    (price,) = re.findall(r'href="/cards/simulator\?amount=(\d+)"', page)

    assert "100" in (await alice.get(f"/cards/simulator?amount={price}")).text


# Whose it is ------------------------------------------------------------------------------------------------


async def test_mallory_changes_no_card_of_alices(alices, shops, signed_in):
    mallory = await signed_in(await shops.open(name="Mallory's shop"))
    await mallory.get("/cards?lang=en")

    for path in ("", "/switch", "/move", "/archive"):
        answer = await mallory.post(f"/cards/{alices.card_id}{path}", {**VALID, "to": "off"})
        assert answer.status_code == 404

    (card,) = await cards_of(shops, alices)
    assert card.is_active


async def test_a_colleague_who_manages_cards_alone_changes_them_and_not_the_strategy(
    alices, shops, units, new_browser
):
    _, token = await add_staff(units, alices, permissions=SEEING | {CARDS_MANAGE})
    bob = new_browser()
    await bob.sign_in(token)

    assert (await bob.post(f"/cards/{alices.card_id}/switch", {"to": "off"})).status_code == 303
    assert (await bob.post("/cards/strategy", {"strategy": "random"})).status_code == 403


@pytest.mark.parametrize("was", ["on", "off"])
@pytest.mark.parametrize("scripted", [True, False])
async def test_a_card_that_was_put_away_is_taken_back_as_it_was(alice, alices, units, was, scripted):
    url = f"/cards/{alices.card_id}"
    await alice.post(f"{url}/switch", {"to": was})

    answer = await alice.post(f"{url}/archive", **({"HX_Request": "true"} if scripted else {}))
    page = answer.text if scripted else (await alice.get("/cards")).text
    toast = page[page.rindex(f'action="{url}/restore"') :]
    assert (
        await alice.post(f"{url}/restore", {"to": re.search(r'name="to" value="(\w+)"', toast)[1]})
    ).status_code == 303

    async with units.begin(alices.bot_id, alices.owner) as uow:
        card = await queries.get_payment_card(uow, alices.card_id)
    assert (card.archived_at, card.is_active) == (None, was == "on")
    assert (await alice.post(f"{url}/restore", {"to": "on"})).status_code == 404, (
        "it is not put away any more"
    )

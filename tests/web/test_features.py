"""The features: switched by whoever may, told why they are off, set up where they stand."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from shop.actors import FEATURES_MANAGE, SEEING, SETTINGS_MANAGE
from shop.configurations import queries as configurations
from shop.configurations.registry import SETTINGS
from shop.features import registry, service
from shop.features.registry import BUILT
from tests.conftest import NOON
from tests.factories import MASTER
from tests.web.conftest import add_staff

OFF = {"enabled": "off"}
CARD = "/features/card_to_card"
OWN = {setting.key: setting for setting in SETTINGS if setting.feature == "card_to_card"}


@pytest.fixture
async def alices(shops):
    return await shops.open(name="Alice's shop")


@pytest.fixture
async def alice(signed_in, alices):
    browser = await signed_in(alices)
    await browser.get("/features?lang=en")
    return browser


async def is_on(units, shop, key="card_to_card") -> bool:
    async with units.begin(shop.bot_id, shop.owner) as uow:
        return (await service.load_state(uow)).is_on(key)


async def values(units, shop) -> dict:
    async with units.begin(shop.bot_id, shop.owner) as uow:
        return await configurations.get_all_configurations_dict(uow)


def posted(**changes: str) -> dict[str, str]:
    """The form of card-to-card as the page holds it, with ``changes``."""
    return {key: str(setting.default) for key, setting in OWN.items()} | changes


def switch_of(page: str, key: str = "card_to_card") -> str:
    return re.search(f'id="switch-{key}" role="switch" aria-checked="([a-z]+)"', page)[1]


# The switch ------------------------------------------------------------------------------------------------


async def test_what_is_built_is_offered_and_nothing_else(alice):
    page = (await alice.get("/features")).text

    assert set(re.findall(r'<article class="feature" id="feature-([a-z_0-9]+)"', page)) == set(BUILT)


async def test_a_feature_is_switched_off_and_on_without_script(alice, alices, units):
    answer = await alice.post(f"{CARD}/switch", OFF)
    page = (await alice.get(answer.headers["location"])).text

    assert answer.status_code == 303
    assert switch_of(page) == "false"
    assert "Switched off in your shop; you can switch it on here." in page
    assert not await is_on(units, alices)
    assert (await alice.post(f"{CARD}/switch", {"enabled": "on"})).headers["location"] == CARD
    assert await is_on(units, alices)


async def test_within_the_page_the_list_is_answered_with_what_is_true_now(alice, alices, units):
    answer = await alice.post(f"{CARD}/switch", OFF, HX_Request="true")

    assert answer.status_code == 200
    assert answer.text.lstrip().startswith('<div id="features"')
    assert switch_of(answer.text) == "false"
    assert not await is_on(units, alices)


@pytest.mark.parametrize("wish", ["", "true", "ON"])
async def test_a_wish_that_is_neither_on_nor_off_changes_nothing(alice, alices, units, wish):
    assert (await alice.post(f"{CARD}/switch", {"enabled": wish})).status_code == 422
    assert await is_on(units, alices)


async def test_the_history_says_what_it_was_before(alice, alices, everything):
    await alice.post(f"{CARD}/switch", OFF)

    data = await everything.fetchval(
        "SELECT data::jsonb::text FROM audit_log WHERE bot_id = $1 AND action = 'feature.switched'",
        alices.bot_id,
    )
    assert '"before": true' in data
    assert '"enabled": false' in data


# Why it is off ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("layer", "sentence"),
    [
        ({"granted": False}, "Your contract with the platform does not include this."),
        ({"until": NOON - timedelta(days=1)}, "It was granted until"),
        ({"killed": True}, "Only the platform's admin can release it."),
    ],
)
async def test_what_the_platform_decided_is_told_with_who_can_change_it(
    alice, alices, units, layer, sentence
):
    async with units.begin(alices.bot_id, MASTER) as uow:
        if "killed" in layer:
            await service.set_kill(uow, "card_to_card", killed=True)
        else:
            await service.set_grant(uow, "card_to_card", **{"granted": True, **layer})

    page = (await alice.get("/features")).text

    assert sentence in page
    # The owner's own wish is still his to change, and counts again once the platform gives way.
    assert switch_of(page) == "true"


async def test_what_it_needs_is_named(alice, alices, monkeypatch):
    needy = replace(registry.BY_KEY["support_contact"], needs=("zarinpal",))
    monkeypatch.setattr(registry, "BY_KEY", {**registry.BY_KEY, "support_contact": needy})

    page = (await alice.get("/features")).text

    assert "For this, “ZarinPal” must be on." in page


# Its settings ----------------------------------------------------------------------------------------------


async def test_the_settings_of_a_feature_are_kept_in_whatever_digits_they_were_typed(alice, alices, units):
    answer = await alice.post(f"{CARD}/settings", posted(late_receipt_hours="۴۸", hold_seconds="15"))

    assert answer.headers["location"] == CARD
    kept = await values(units, alices)
    assert (kept["late_receipt_hours"], kept["hold_seconds"]) == (48, 15)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"late_receipt_hours": "721"}, "At most 720, please."),
        ({"late_receipt_hours": "-1"}, "At least 0, please."),
        ({"late_receipt_hours": "9" * 30}, "A whole number, please."),
        ({"late_receipt_hours": "soon"}, "A whole number, please."),
        ({"hold_seconds": "7"}, "Choose one of those offered."),
        ({"card_rotation_strategy": "favourite"}, "Choose one of the four ways."),
    ],
)
@pytest.mark.parametrize("part", ["true", "false"])
async def test_a_value_that_cannot_be_is_told_beside_its_field_and_nothing_is_lost_or_kept(
    alice, alices, units, wrong, sentence, part
):
    form = posted(max_receipts_per_payment="5", **wrong)
    answer = await alice.post(f"{CARD}/settings", form, HX_Request=part)

    field = next(iter(wrong))
    assert answer.status_code == 422
    assert re.search(f'id="set-{field}-error"[^>]*>.*?{sentence}', answer.text, re.DOTALL)
    assert 'name="max_receipts_per_payment" value="5"' in answer.text
    assert (await values(units, alices))["max_receipts_per_payment"] == 3


async def test_a_form_sets_only_what_belongs_to_its_feature(alice, alices, units):
    await alice.post(f"{CARD}/settings", posted(second_factor="on", payment_minutes="600"))

    kept = await values(units, alices)
    assert (kept["second_factor"], kept["payment_minutes"]) == (False, 30)


async def test_while_a_feature_is_off_its_settings_are_not_offered(alice):
    assert f'action="{CARD}/settings"' in (await alice.get(CARD)).text

    await alice.post(f"{CARD}/switch", OFF)

    assert f'action="{CARD}/settings"' not in (await alice.get(CARD)).text


# Whose it is -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["zarinpal", "nonsense", "1"])
@pytest.mark.parametrize("what", ["switch", "settings"])
async def test_a_feature_that_turns_nothing_yet_has_no_switch(alice, key, what):
    assert (await alice.get(f"/features/{key}")).status_code == 404
    assert (await alice.post(f"/features/{key}/{what}", {"enabled": "on"})).status_code == 404


@pytest.mark.parametrize(
    ("held", "switches", "sets"),
    [(set(), 403, 403), ({FEATURES_MANAGE}, 303, 403), ({SETTINGS_MANAGE}, 403, 303)],
)
async def test_a_colleague_does_what_he_may_and_sees_the_rest(
    new_browser, alices, units, held, switches, sets
):
    _, token = await add_staff(units, alices, permissions=SEEING | held)
    bob = new_browser()
    await bob.sign_in(token)

    page = (await bob.get(f"{CARD}?lang=en")).text

    assert ('role="switch"' in page) == (FEATURES_MANAGE in held)
    assert ('class="btn btn-primary">Save' in page) == (SETTINGS_MANAGE in held)
    assert (await bob.post(f"{CARD}/settings", posted())).status_code == sets
    assert (await bob.post(f"{CARD}/switch", OFF)).status_code == switches


async def test_mallorys_switch_is_not_alices(alice, alices, shops, signed_in, units):
    mallory = await signed_in(await shops.open(name="Mallory's shop"))

    await mallory.post(f"{CARD}/switch", OFF)

    assert await is_on(units, alices)


async def test_the_page_asks_the_same_few_questions_however_many_rows_there_are(
    alice, alices, units, counted_queries
):
    counted_queries()
    await alice.get("/features")
    few = counted_queries()
    async with units.begin(alices.bot_id, MASTER) as uow:
        for feature in registry.FEATURES:
            await service.set_grant(uow, feature.key, granted=True)

    counted_queries()
    await alice.get("/features")

    assert counted_queries() == few

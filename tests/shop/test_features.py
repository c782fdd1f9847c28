from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from shop.actors import SEEING, StaffMember
from shop.errors import BadInput, FeatureOff, NotAllowed, NotFound
from shop.features import queries, service
from shop.features.registry import FEATURES
from tests.factories import MASTER


@pytest.fixture
async def shop(make_shop):
    return await make_shop(stock=0)


async def as_owner(units, shop, verb, *arguments, **named):
    async with units.begin(shop.bot_id, shop.owner) as uow:
        return await verb(uow, *arguments, **named)


async def as_master(units, shop, verb, *arguments, **named):
    async with units.begin(shop.bot_id, MASTER) as uow:
        return await verb(uow, *arguments, **named)


async def test_a_new_shop_stores_nothing_and_goes_by_the_registry(units, shop):
    flags = await as_owner(units, shop, queries.get_all_feature_flags)
    on = await as_owner(units, shop, queries.get_all_feature_flags, enabled_only=True)

    assert [flag.key for flag in flags] == [feature.key for feature in FEATURES]
    assert {flag.key for flag in on} == {feature.key for feature in FEATURES if feature.default}


async def test_the_owner_switches_and_the_next_update_obeys(units, shop):
    off = await as_owner(units, shop, service.disable_feature, "card_to_card")
    state = await as_owner(units, shop, queries.load_state)

    assert (off.is_on, off.why_off) == (False, "disabled")
    with pytest.raises(FeatureOff) as refusal:
        service.require_on(state, "card_to_card")
    assert refusal.value.reason == "disabled"

    await as_owner(units, shop, service.enable_feature, "card_to_card")
    assert await as_owner(units, shop, queries.is_feature_enabled, "card_to_card")
    service.require_on(await as_owner(units, shop, queries.load_state), "card_to_card")


async def test_toggling_turns_the_switch_to_its_other_side(units, shop):
    sides = [(await as_owner(units, shop, service.toggle_feature, "zarinpal")).enabled for _ in range(3)]

    assert sides == [True, False, True]


async def test_what_is_kept_with_a_switch_stays_until_it_is_replaced(units, shop):
    await as_owner(units, shop, service.set_feature_flag, "zarinpal", enabled=True, config={"a": [1]})
    await as_owner(units, shop, service.disable_feature, "zarinpal")

    assert await as_owner(units, shop, queries.get_feature_config, "zarinpal") == {"a": [1]}

    await as_owner(units, shop, service.set_feature_flag, "zarinpal", enabled=True, config={})
    assert await as_owner(units, shop, queries.get_feature_config, "zarinpal") == {}


@pytest.mark.parametrize("config", [{"a": object()}, {"a": "\x00"}, {"a": float("nan")}, {"a": "x" * 9_000}])
async def test_a_config_that_cannot_be_kept_is_refused(units, shop, config):
    with pytest.raises(BadInput):
        await as_owner(units, shop, service.set_feature_flag, "zarinpal", enabled=True, config=config)


async def test_the_platforms_word_stands_above_the_owners(units, shop, clock):
    await as_owner(units, shop, service.enable_feature, "zarinpal")

    taken = await as_master(units, shop, service.set_grant, "zarinpal", granted=False)
    assert (taken.enabled, taken.why_off, taken.granted_by) == (True, "not_granted", MASTER.label)

    until = clock.now + timedelta(days=1)
    lent = await as_master(units, shop, service.set_grant, "zarinpal", granted=True, until=until)
    assert lent.is_on
    clock.forward(days=1)
    assert (await as_owner(units, shop, queries.get_feature_flag, "zarinpal")).why_off == "grant_ended"


async def test_the_masters_brake_holds_until_he_lets_go(units, shop):
    await as_master(units, shop, service.set_kill, "card_to_card", killed=True)

    await as_owner(units, shop, service.enable_feature, "card_to_card")
    await as_owner(units, shop, service.delete_feature_flag, "card_to_card")
    assert (await as_owner(units, shop, queries.get_feature_flag, "card_to_card")).why_off == "killed"

    released = await as_master(units, shop, service.set_kill, "card_to_card", killed=False)
    assert released.is_on


async def test_forgetting_a_choice_goes_back_to_the_default(units, shop, everything):
    await as_owner(units, shop, service.set_feature_flag, "card_to_card", enabled=False, config={"a": 1})

    assert await as_owner(units, shop, service.delete_feature_flag, "card_to_card") is True
    assert await as_owner(units, shop, service.delete_feature_flag, "card_to_card") is False

    flag = await as_owner(units, shop, queries.get_feature_flag, "card_to_card")
    assert (flag.is_on, flag.config) == (True, {})
    rows = "SELECT count(*) FROM bot_feature_flags WHERE bot_id = $1"
    assert await everything.fetchval(rows, shop.bot_id) == 0


async def test_an_unknown_switch_is_refused_by_every_verb(units, shop):
    verbs = [
        (queries.get_feature_flag, {}),
        (queries.is_feature_enabled, {}),
        (queries.get_feature_config, {}),
        (service.set_feature_flag, {"enabled": True}),
        (service.delete_feature_flag, {}),
        (service.enable_feature, {}),
        (service.disable_feature, {}),
        (service.toggle_feature, {}),
        (service.set_grant, {"granted": True}),
        (service.set_kill, {"killed": True}),
    ]
    for verb, named in verbs:
        with pytest.raises(NotFound):
            await as_master(units, shop, verb, "no_such_thing", **named)


async def test_who_may_switch_what(units, shop):
    bob = StaffMember(99, "Bob", SEEING)
    async with units.begin(shop.bot_id, bob) as uow:
        with pytest.raises(NotAllowed):
            await service.disable_feature(uow, "card_to_card")
    async with units.begin(shop.bot_id, shop.owner) as uow:
        for refused in (
            service.disable_feature(uow, "monitoring"),
            service.delete_feature_flag(uow, "monitoring"),
            service.set_grant(uow, "zarinpal", granted=True),
            service.set_kill(uow, "zarinpal", killed=False),
        ):
            with pytest.raises(NotAllowed):
                await refused

    assert not (await as_master(units, shop, service.disable_feature, "monitoring")).is_on


async def test_mallorys_switches_are_not_alices(units, shop, make_shop):
    mallorys = await make_shop(stock=0)

    await as_owner(units, mallorys, service.disable_feature, "card_to_card")

    assert await as_owner(units, shop, queries.is_feature_enabled, "card_to_card")


async def test_every_change_is_written_down_and_heard_by_the_bot(units, shop, everything):
    heard: asyncio.Queue[str] = asyncio.Queue()
    await everything.add_listener("bots", lambda _c, _p, _ch, payload: heard.put_nowait(payload))

    await as_owner(units, shop, service.enable_feature, "zarinpal")

    assert await asyncio.wait_for(heard.get(), 2) == str(shop.bot_id)
    entry = await everything.fetchrow(
        "SELECT actor, action, data::text FROM audit_log WHERE bot_id = $1 AND subject_type = 'feature'",
        shop.bot_id,
    )
    assert (entry["actor"], entry["action"]) == (shop.owner.label, "feature.switched")
    assert "zarinpal" in entry["data"]

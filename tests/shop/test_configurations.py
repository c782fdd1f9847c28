from __future__ import annotations

import asyncio

import pytest

from shop.actors import SEEING, StaffMember
from shop.configurations import queries, service
from shop.configurations.registry import SETTINGS
from shop.errors import BadInput, NotAllowed, NotFound


@pytest.fixture
async def shop(make_shop):
    return await make_shop(stock=0, hold_seconds=6)


async def as_owner(units, shop, verb, *arguments, **named):
    async with units.begin(shop.bot_id, shop.owner) as uow:
        return await verb(uow, *arguments, **named)


async def stored(everything, shop):
    rows = await everything.fetch(
        "SELECT config_key FROM bot_configurations WHERE bot_id = $1 ORDER BY 1", shop.bot_id
    )
    return [row["config_key"] for row in rows]


async def test_a_shop_that_chose_nothing_has_every_default(units, shop, everything):
    everything_set = await as_owner(units, shop, queries.get_all_configurations_dict)

    assert everything_set == {setting.key: setting.default for setting in SETTINGS}
    assert await stored(everything, shop) == []


async def test_a_choice_counts_and_says_that_it_is_one(units, shop, clock):
    await as_owner(units, shop, service.set_configuration, "payment_minutes", value=45)

    row = await as_owner(units, shop, queries.get_configuration, "payment_minutes")
    assert (row.value, row.default, row.is_set, row.updated_at) == (45, 30, True, clock.now)
    assert await as_owner(units, shop, service.get_config_value, "payment_minutes") == 45


async def test_several_values_come_in_one_answer(units, shop):
    await as_owner(units, shop, service.set_configuration, "show_rial", value=False)

    values = await as_owner(units, shop, service.get_config_values, ("show_rial", "payment_minutes"))

    assert values == {"show_rial": False, "payment_minutes": 30}


async def test_choosing_the_default_is_no_choice(units, shop, everything):
    await as_owner(units, shop, service.set_configuration, "payment_minutes", value=45)
    await as_owner(units, shop, service.set_configuration, "payment_minutes", value=30)

    assert await stored(everything, shop) == []


async def test_merging_leaves_the_other_settings_alone(units, shop):
    await as_owner(units, shop, service.set_configuration, "payment_minutes", value=45)

    merged = await as_owner(
        units, shop, service.update_configuration_partial, {"show_rial": False, "hold_seconds": 15}
    )

    assert merged == {"show_rial": False, "hold_seconds": 15}
    values = await as_owner(units, shop, queries.get_all_configurations_dict)
    assert (values["payment_minutes"], values["show_rial"], values["hold_seconds"]) == (45, False, 15)


async def test_one_bad_value_refuses_the_whole_merge(units, shop, everything):
    with pytest.raises(BadInput) as refusal:
        await as_owner(
            units, shop, service.update_configuration_partial, {"show_rial": False, "hold_seconds": 7}
        )

    assert refusal.value.field == "hold_seconds"
    assert await stored(everything, shop) == []


async def test_an_unknown_key_is_refused_by_every_verb(units, shop):
    for verb, arguments, named in (
        (queries.get_configuration, ("nope",), {}),
        (service.get_config_value, ("nope",), {}),
        (service.get_config_values, (["show_rial", "nope"],), {}),
        (service.set_configuration, ("nope",), {"value": 1}),
        (service.update_configuration_partial, ({"nope": 1},), {}),
        (service.delete_configuration, ("nope",), {}),
    ):
        with pytest.raises(NotFound):
            await as_owner(units, shop, verb, *arguments, **named)


async def test_forgetting_goes_back_to_the_default(units, shop):
    await as_owner(units, shop, service.update_configuration_partial, {"show_rial": False})

    assert await as_owner(units, shop, service.delete_configuration, "show_rial") is True
    assert await as_owner(units, shop, service.delete_configuration, "show_rial") is False
    assert await as_owner(units, shop, service.get_config_value, "show_rial") is True


async def test_forgetting_everything_says_how_much_it_was_and_spares_other_shops(units, shop, make_shop):
    mallorys = await make_shop(stock=0, hold_seconds=6)
    for each in (shop, mallorys):
        await as_owner(
            units, each, service.update_configuration_partial, {"show_rial": False, "hold_seconds": 0}
        )

    assert await as_owner(units, shop, service.delete_all_configurations) == 2
    assert await as_owner(units, shop, service.delete_all_configurations) == 0
    assert await as_owner(units, shop, service.get_config_value, "hold_seconds") == 6
    assert await as_owner(units, mallorys, service.get_config_value, "hold_seconds") == 0


async def test_a_value_read_before_a_change_in_the_same_unit_is_not_read_again(units, shop):
    async with units.begin(shop.bot_id, shop.owner) as uow:
        assert await service.get_config_value(uow, "payment_minutes") == 30
        await service.set_configuration(uow, "payment_minutes", value=45)
        assert await service.get_config_value(uow, "payment_minutes") == 45
        await service.set_configuration(uow, "payment_minutes", value=50)
        assert await service.get_config_value(uow, "payment_minutes") == 50
        await service.delete_configuration(uow, "payment_minutes")
        assert await service.get_config_value(uow, "payment_minutes") == 30


async def test_only_who_may_changes_settings(units, shop):
    async with units.begin(shop.bot_id, StaffMember(99, "Bob", SEEING)) as uow:
        for refused in (
            service.set_configuration(uow, "show_rial", value=False),
            service.update_configuration_partial(uow, {}),
            service.delete_configuration(uow, "show_rial"),
            service.delete_all_configurations(uow),
        ):
            with pytest.raises(NotAllowed):
                await refused


async def test_a_change_is_written_down_with_both_values_and_heard_by_the_bot(units, shop, everything):
    heard: asyncio.Queue[str] = asyncio.Queue()
    await everything.add_listener("bots", lambda _c, _p, _ch, payload: heard.put_nowait(payload))

    await as_owner(units, shop, service.set_configuration, "payment_minutes", value=45)

    assert await asyncio.wait_for(heard.get(), 2) == str(shop.bot_id)
    data = await everything.fetchval(
        "SELECT data::text FROM audit_log WHERE bot_id = $1 AND action = 'configuration.set'", shop.bot_id
    )
    assert '"before": 30' in data
    assert '"after": 45' in data

"""A ticket that waits is brought to mind once at half of its time and once after all of it."""

from __future__ import annotations

import asyncio

import pytest

from shop.bots import service as bots
from shop.configurations.service import set_configuration
from shop.features import service as features
from shop.tickets import service
from shop.tickets.reminding import QUIET, remind_due

GROUP = -1001234567890


async def settle(units, shop, **settings):
    async with units.begin(shop.bot_id, shop.owner) as uow:
        for key, value in settings.items():
            await set_configuration(uow, key, value=value)


@pytest.fixture
async def shop(shops, units):
    """With a chat, a time of ten hours, and no quiet ones."""
    shop = await shops.open()
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await bots.update_bot(uow, shop.bot_id, notification_group_id=GROUP)
        await features.enable_feature(uow, "ticket_sla")
    await settle(units, shop, ticket_answer_hours=10, **dict.fromkeys(QUIET, 0))
    return shop


@pytest.fixture
async def asked(shops, shop):
    return await shops.ticket(shop)


async def told(everything, shop):
    """Of which part each reminder is, oldest first."""
    rows = await everything.fetch(
        "SELECT payload FROM outbox WHERE bot_id = $1 AND kind = 'ticket_reminded' ORDER BY id", shop.bot_id
    )
    return [int(row["payload"].partition('"part": ')[2][0]) for row in rows]


async def test_it_is_told_at_half_of_the_time_and_after_it_and_once_each(
    units, shop, asked, clock, everything
):
    found = []
    for hours in (4.99, 0.01, 4.99, 0.01, 20):
        clock.forward(hours=hours)
        await remind_due(units)
        await remind_due(units)
        found.append(await told(everything, shop))

    assert found == [[], [1], [1], [1, 2], [1, 2]]


async def test_who_was_answered_is_not_told_of_and_who_asks_again_waits_anew(
    units, shop, asked, clock, everything
):
    clock.forward(hours=5)
    await remind_due(units)
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await service.answer(uow, asked.ticket_id, "Here", cause="form:1")
    clock.forward(hours=20)
    await remind_due(units)
    assert await told(everything, shop) == [1]

    async with units.begin(shop.bot_id, asked.person.actor) as uow:
        await service.ask(uow, asked.person.user_id, text="And now?", cause="chat:1:9")
    for _ in range(2):
        clock.forward(hours=5)
        await remind_due(units)

    assert await told(everything, shop) == [1, 1, 2]


async def test_what_was_closed_and_opened_again_waits_anew_too(units, shop, asked, clock, everything):
    clock.forward(hours=10)
    await remind_due(units)
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await service.close(uow, asked.ticket_id)
        await service.reopen(uow, asked.ticket_id)
    clock.forward(hours=5)
    await remind_due(units)

    assert await told(everything, shop) == [2, 1]


async def test_in_quiet_hours_nothing_is_told_and_afterwards_one_message_says_it_all(
    units, shop, asked, clock, everything
):
    # It is noon in Tehran.
    await settle(units, shop, reminder_quiet_from=16, reminder_quiet_until=6)
    for hours in (5, 5, 7.98):
        clock.forward(hours=hours)
        await remind_due(units)
    assert await told(everything, shop) == []

    clock.forward(minutes=2)
    await remind_due(units)

    assert await told(everything, shop) == [2]


@pytest.mark.parametrize("switch", ["ticket_sla", "support_tickets"])
async def test_without_the_switch_nobody_is_told(units, shop, asked, clock, everything, switch):
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await features.disable_feature(uow, switch)
    clock.forward(hours=20)

    await remind_due(units)

    assert await told(everything, shop) == []


async def test_a_shop_that_never_chose_the_switch_is_not_told_either(units, shops, clock, everything):
    plain = await shops.open()
    async with units.begin(plain.bot_id, plain.owner) as uow:
        await bots.update_bot(uow, plain.bot_id, notification_group_id=GROUP - 1)
    await shops.ticket(plain)
    clock.forward(days=2)

    await remind_due(units)

    assert await told(everything, plain) == []


async def test_two_at_it_in_the_same_moment_tell_once(units, shop, shops, asked, clock, everything):
    for _ in range(3):
        await shops.ticket(shop)
    clock.forward(hours=6)

    await asyncio.gather(*(remind_due(units) for _ in range(4)))

    assert await told(everything, shop) == [1, 1, 1, 1]


async def test_the_time_is_the_shops_own(units, shops, shop, asked, clock, everything):
    other = await shops.open()
    async with units.begin(other.bot_id, other.owner) as uow:
        await bots.update_bot(uow, other.bot_id, notification_group_id=GROUP - 2)
        await features.enable_feature(uow, "ticket_sla")
    await settle(units, other, ticket_answer_hours=1, **dict.fromkeys(QUIET, 0))
    await shops.ticket(other)

    clock.forward(minutes=30)
    await remind_due(units)

    assert (await told(everything, other), await told(everything, shop)) == ([1], [])

"""What the team is told in Telegram: each event as the shop switched it, and some things whatever it did."""

from __future__ import annotations

from collections import Counter
from typing import get_args

import pytest

from shop.bots import service as bots
from shop.configurations import service as configurations
from shop.configurations.registry import SETTINGS
from shop.notifications.outbox import Event
from shop.receipts import claims
from shop.receipts import service as receipts
from shop.staff import service as staff
from shop.tickets import service as tickets

GROUP, SARA = -1001234567890, 4242
EVENTS = [one for one in SETTINGS if one.group == "notifications"]


@pytest.fixture
async def shop(shops, units):
    shop = await shops.open(stock=4)
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await bots.update_bot(uow, shop.bot_id, notification_group_id=GROUP)
    return shop


async def switch_off(units, shop, *keys):
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await configurations.update_configuration_partial(uow, dict.fromkeys(keys, False))


async def told(everything, shop) -> list[str]:
    """What was promised to the team, oldest first."""
    rows = await everything.fetch(
        "SELECT kind FROM outbox WHERE bot_id = $1 AND chat_id = ANY ($2) ORDER BY id",
        shop.bot_id,
        [GROUP, SARA],
    )
    return [row["kind"] for row in rows]


async def a_receipt_comes(shops, units, shop, everything):
    return await shops.receipt(shop)


async def a_customer_asks(shops, units, shop, everything):
    person = await shops.person(shop)
    async with units.begin(shop.bot_id, person.actor) as uow:
        return await tickets.ask(uow, person.user_id, text="Where is it?", cause="chat:1:1")


async def a_colleague_answers(shops, units, shop, everything):
    asked = await a_customer_asks(shops, units, shop, everything)
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await tickets.answer(uow, asked.ticket_id, "Here.", cause="form:1")


async def a_receipt_is_handed_on(shops, units, shop, everything):
    sent = await shops.receipt(shop)
    async with units.begin(shop.bot_id, shop.owner) as uow:
        sara = await staff.create_staff(uow, name="Sara", role="owner")
    await everything.execute("UPDATE staff SET telegram_id = $2 WHERE id = $1", sara, SARA)
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await claims.hand_on(uow, sent.payment_id, to=sara)


async def a_shelf_runs_low(shops, units, shop, everything):
    sent = await shops.receipt(shop)
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await receipts.approve(uow, sent.payment_id)


HAPPENS = {
    "notify_receipts": (a_receipt_comes, "receipt_card"),
    "notify_questions": (a_customer_asks, "ticket_posted"),
    "notify_answers": (a_colleague_answers, "ticket_posted"),
    "notify_handed": (a_receipt_is_handed_on, "receipt_handed"),
    "notify_stock_low": (a_shelf_runs_low, "stock_low"),
}


def test_every_event_has_a_switch_that_is_on_until_somebody_says_otherwise():
    assert sorted(one.key for one in EVENTS) == sorted(get_args(Event)) == sorted(HAPPENS)
    assert {(one.kind, one.default) for one in EVENTS} == {("bool", True)}


@pytest.mark.parametrize("key", HAPPENS)
async def test_an_event_that_is_switched_off_is_not_told_and_the_others_are(
    shops, units, shop, everything, key
):
    happens, kind = HAPPENS[key]
    await happens(shops, units, shop, everything)
    with_it = await told(everything, shop)
    quiet = await shops.open(stock=4)
    async with units.begin(quiet.bot_id, quiet.owner) as uow:
        await bots.update_bot(uow, quiet.bot_id, notification_group_id=GROUP)
    await switch_off(units, quiet, key)
    await happens(shops, units, quiet, everything)

    assert kind in with_it
    assert Counter(await told(everything, quiet)) == Counter(with_it) - Counter([kind])


async def test_a_paid_order_that_nothing_is_there_for_is_always_told(shops, units, everything):
    shop = await shops.open(stock=0)
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await bots.update_bot(uow, shop.bot_id, notification_group_id=GROUP)
    await switch_off(units, shop, *HAPPENS)

    await a_shelf_runs_low(shops, units, shop, everything)

    assert await told(everything, shop) == ["stock_empty"]


async def test_a_switch_counts_from_the_next_event_on_in_both_directions(shops, units, shop, everything):
    await switch_off(units, shop, "notify_receipts")
    await shops.receipt(shop)
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await configurations.set_configuration(uow, "notify_receipts", value=True)
    assert await told(everything, shop) == []

    await shops.receipt(shop)

    assert await told(everything, shop) == ["receipt_card"]


async def test_the_neighbours_switches_are_their_own(shops, units, shop, everything):
    await switch_off(units, await shops.open(), *HAPPENS)

    await shops.receipt(shop)

    assert await told(everything, shop) == ["receipt_card"]

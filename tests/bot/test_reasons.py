"""The shop's own reasons under a receipt's card, and whose card has no buttons."""

from __future__ import annotations

import asyncpg

from bot.app import BotProcess
from shop.actors import Customer
from shop.bots import service as bot_service
from shop.receipts import wording
from shop.unit_of_work import UnitsOfWork
from tests.bot.conftest import MakePhone
from tests.bot.phone import Wire
from tests.bot.team import Team, card_that, labels, offers, says
from tests.factories import Person, Shops


async def test_a_reason_of_the_shops_own_is_offered_and_read_by_the_customer_in_his_language(
    bots: BotProcess,
    shops: Shops,
    units: UnitsOfWork,
    wire: Wire,
    make_phone: MakePhone,
    bare: asyncpg.Connection,
) -> None:
    shop = await shops.open(hold_seconds=0)
    team = await Team.gather(shop, units, wire, bare)
    alice, carol = await team.owner(), await make_phone(shop, name="Carol")
    await carol.text("/start")
    await carol.expect("Hi Carol")
    async with units.begin(shop.bot_id, shop.owner) as uow:
        code = await wording.add(
            uow,
            {"words_en": "It is <another> bank", "words_fa": "بانک دیگری است", "step_fa": "دوباره بفرستید"},
        )
        await wording.switch(uow, "unreadable", is_on=False)
    user_id = await bare.fetchval("select id from users where telegram_id = $1", carol.user_id)
    await bare.execute("update users set language = 'fa' where id = $1", user_id)
    sent = await shops.receipt(shop, Person(user_id, carol.user_id, Customer(user_id, "Carol")))
    await card_that(alice, offers("Reject"))

    await alice.press("Reject")
    menu = await card_that(alice, offers("It is <another> bank"))
    await alice.press("It is <another> bank")

    assert "Unreadable or unrelated image" not in labels(menu)
    await carol.expect("بانک دیگری است دوباره بفرستید")
    row = await bare.fetchrow("select * from card_to_card_payments where id = $1", sent.payment_id)
    assert (row["reject_reason"], row["admin_notes"]) == ("other", "بانک دیگری است دوباره بفرستید")
    assert code.startswith("own-")


async def test_who_paid_himself_gets_no_buttons_in_his_own_chat_and_a_group_is_told(
    bots: BotProcess,
    shops: Shops,
    units: UnitsOfWork,
    wire: Wire,
    make_phone: MakePhone,
    bare: asyncpg.Connection,
) -> None:
    shop = await shops.open(hold_seconds=30)
    alice = await make_phone(shop, name="Alice")
    await alice.text("/start")
    await alice.expect("Hi Alice")
    user_id = await bare.fetchval("select id from users where telegram_id = $1", alice.user_id)
    payer = Person(user_id, alice.user_id, Customer(user_id, "Alice"))
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await bot_service.update_bot(uow, shop.bot_id, admin_chat_id=alice.user_id, default_language="en")

    await shops.receipt(shop, payer)

    card = await card_that(alice, says("You paid this yourself; a colleague has to decide."))
    assert not {"✅ Approve", "❌ Reject"} & set(labels(card))
    team = await Team.gather(shop, units, wire, bare)
    await bare.execute("update staff set telegram_id = $1 where bot_id = $2", alice.user_id, shop.bot_id)
    await shops.receipt(shop, payer)
    told = await card_that(await team.stranger("Sara"), says("Paid by somebody of your team"))
    assert {"✅ Approve", "❌ Reject"} <= set(labels(told))

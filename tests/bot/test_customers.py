"""What the shop's people do to a customer on the dashboard, as it is seen on the customer's phone."""

from __future__ import annotations

import asyncpg

from bot.app import BotProcess
from shop.customers import service as customers
from shop.payments.corrections import correct_wallet
from shop.unit_of_work import UnitsOfWork
from tests.bot.conftest import MakePhone
from tests.factories import Shops

FORM = "a-form-of-the-test"


async def test_a_message_and_a_correction_arrive_and_a_block_is_obeyed_until_it_is_lifted(
    bots: BotProcess, units: UnitsOfWork, shops: Shops, make_phone: MakePhone, bare: asyncpg.Connection
) -> None:
    shop = await shops.open()
    phone = await make_phone(shop)
    await phone.text("/start")
    await phone.expect("Hi Carol")
    user_id = await bare.fetchval("select id from users where telegram_id = $1", phone.user_id)

    async with units.begin(shop.bot_id, shop.owner) as uow:
        await customers.write_to(uow, user_id, "We are <back>", form=FORM)
    await phone.expect("A message from the shop: We are <back>")
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await correct_wallet(uow, user_id, 25_000, reason="for the wait", form=FORM)
    await phone.expect("put 25,000 Toman into your wallet")

    async with units.begin(shop.bot_id, shop.owner) as uow:
        await customers.block(uow, user_id)
    await phone.text("/buy")
    await phone.expect("cannot serve you here")
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await customers.unblock(uow, user_id)
    await phone.text("/buy")

    await phone.expect("Which plan?")

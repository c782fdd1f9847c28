"""The bot says in the team's chat what the shop wants said there, from the next event on."""

from __future__ import annotations

import asyncpg

from bot.app import BotProcess
from shop.configurations import service as configurations
from shop.unit_of_work import UnitsOfWork
from tests.bot.conftest import MakePhone
from tests.bot.phone import Wire
from tests.bot.team import Team
from tests.bot.test_bad_input import at_the_card
from tests.factories import Shops, photo


async def test_receipts_that_are_switched_off_reach_the_desk_and_not_the_chat(
    bots: BotProcess,
    shops: Shops,
    units: UnitsOfWork,
    make_phone: MakePhone,
    wire: Wire,
    bare: asyncpg.Connection,
) -> None:
    shop = await shops.open()
    alice = await (await Team.gather(shop, units, wire, bare)).owner()
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await configurations.set_configuration(uow, "notify_receipts", value=False)
    carol = await make_phone(shop)
    await at_the_card(carol)
    await carol.photo(photo())
    await carol.expect("We have your receipt")

    async with units.begin(shop.bot_id, shop.owner) as uow:
        await configurations.set_configuration(uow, "notify_receipts", value=True)
    daniel = await make_phone(shop)
    await at_the_card(daniel)
    await daniel.photo(photo())
    await daniel.expect("We have your receipt")

    await alice.expect("125,000 Toman")
    await alice.expect_count("125,000 Toman", 1)
    assert (
        await bare.fetchval(
            "select count(*) from card_to_card_payments where bot_id = $1 and status = 'receipt_submitted'",
            shop.bot_id,
        )
        == 2
    )

"""An order paid in part: a photo is the receipt for the rest, whether or not a button was pressed first."""

from __future__ import annotations

import asyncpg

from bot.app import BotProcess
from shop.plans import service as plans
from shop.receipts import service as receipts
from shop.unit_of_work import UnitsOfWork
from tests.bot.conftest import MakePhone
from tests.bot.phone import Phone, words_of
from tests.bot.test_buying import known
from tests.factories import Sent, Shop, Shops, photo

SHORT = 40_000


async def paid_in_part(shop: Shop, shops: Shops, units: UnitsOfWork, phone: Phone) -> Sent:
    sent = await shops.receipt(shop, await known(shop, phone, units))
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await receipts.approve(uow, sent.payment_id, amount=shop.price - SHORT, why="short")
    await phone.expect("40,000 Toman is still missing")
    return sent


async def rests(bare: asyncpg.Connection, shop: Shop) -> list[tuple[int, int]]:
    rows = await bare.fetch(
        "select order_id, expected_amount from card_to_card_payments "
        "where bot_id = $1 and status = 'receipt_submitted' order by id",
        shop.bot_id,
    )
    return [tuple(row) for row in rows]


async def test_a_photo_without_any_button_is_the_receipt_for_the_rest(
    bots: BotProcess, shops: Shops, units: UnitsOfWork, make_phone: MakePhone, bare: asyncpg.Connection
) -> None:
    shop = await shops.open()
    phone = await make_phone(shop)
    await phone.text("/start")
    await phone.expect("Hi Carol")
    sent = await paid_in_part(shop, shops, units, phone)

    await phone.photo(photo())
    await phone.expect("We have your receipt")

    assert await rests(bare, shop) == [(sent.order_id, SHORT)]
    payment = "select id from card_to_card_payments where bot_id = $1 and status = 'receipt_submitted'"
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await receipts.approve(uow, await bare.fetchval(payment, shop.bot_id))
    await phone.expect("Your subscription is ready")


async def test_with_two_orders_that_wait_the_person_says_which_one_it_is_for(
    bots: BotProcess, shops: Shops, units: UnitsOfWork, make_phone: MakePhone, bare: asyncpg.Connection
) -> None:
    shop = await shops.open()
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await plans.create_plan(uow, name="Ten days", period_days=10, price=90_000)
    phone = await make_phone(shop)
    await phone.text("/buy")
    await phone.expect("Which plan?")
    sent = await paid_in_part(shop, shops, units, phone)
    await phone.press("Ten days")
    await phone.expect("To pay")
    await phone.press("Card to card")
    await phone.expect("Pay 90,000 Toman")

    await phone.photo(photo())
    await phone.expect("Which order")
    assert await rests(bare, shop) == []
    await phone.press("1 month, 50 GB, 40,000")
    await phone.expect("We have your receipt")

    assert await rests(bare, shop) == [(sent.order_id, SHORT)]


async def test_the_list_of_orders_says_what_is_missing_and_how_to_go_on(
    bots: BotProcess, shops: Shops, units: UnitsOfWork, make_phone: MakePhone
) -> None:
    shop = await shops.open()
    phone = await make_phone(shop)
    await phone.text("/start")
    await phone.expect("Hi Carol")
    await paid_in_part(shop, shops, units, phone)

    await phone.text("/status")
    listed = await phone.expect("paid in part, the rest is missing")

    assert "40,000 Toman" in words_of(listed)
    await phone.press("Pay the rest", message=listed)
    await phone.expect("Pay 40,000 Toman")

"""Somebody of the team tries the shop in its real bot: every message says so, and nobody else notices."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import asyncpg
import pytest

from bot.app import BotProcess, Place
from shop.bots import service as bot_service
from shop.receipts import holding
from shop.receipts.rules import RejectReason
from shop.rehearsals import service
from shop.unit_of_work import UnitsOfWork
from tests.bot.conftest import MakePhone, running
from tests.bot.phone import PATIENCE, Phone, words_of
from tests.factories import Shop, Shops, photo

MARK = "Test purchase: nothing here is real"
Begin = Callable[[Shop, Phone], Awaitable[int]]


@pytest.fixture
def begin(units: UnitsOfWork, bare: asyncpg.Connection) -> Begin:
    async def begun(shop: Shop, phone: Phone) -> int:
        until = time.monotonic() + PATIENCE
        while await bare.fetchval("select token_state from bots where id = $1", shop.bot_id) != "live":
            assert time.monotonic() < until, "the bot does not come on duty"
            await asyncio.sleep(0.03)
        await bare.execute(
            "update staff set telegram_id = $2 where id = $1", shop.owner.staff_id, phone.user_id
        )
        async with units.platform(shop.owner) as uow:
            return await service.begin(uow, shop.bot_id)

    return begun


async def buy(phone: Phone) -> None:
    await phone.text("/start test")
    await phone.press_when("Buy a subscription", "Which plan?")
    await phone.press_when("1 month, 50 GB", "To pay: 125,000 Toman")
    await phone.press_when("Card to card", "Pay 125,000 Toman")
    await phone.photo(photo())
    await phone.expect("We have your receipt")


async def payment_of(bare: asyncpg.Connection, bot_id: int) -> int:
    found: int = await bare.fetchval(
        "select id from card_to_card_payments where bot_id = $1 order by id desc limit 1", bot_id
    )
    return found


async def test_the_owner_goes_the_whole_way_and_the_shop_has_no_customer(
    bots: BotProcess,
    shops: Shops,
    units: UnitsOfWork,
    make_phone: MakePhone,
    bare: asyncpg.Connection,
    begin: Begin,
) -> None:
    shop = await shops.open(name="Nasim")
    phone = await make_phone(shop, name="Alice")
    stage = await begin(shop, phone)

    await buy(phone)
    async with units.begin(stage, shop.owner) as uow:
        await holding.hold_approval(uow, await payment_of(bare, stage))
    ready = await phone.expect("Your subscription is ready")

    assert "TEST-01" in words_of(ready)
    assert [words_of(one) for one in await phone.heard() if MARK not in words_of(one)] == []
    for table in ("users", "orders", "card_to_card_payments", "transactions", "outbox", "card_days"):
        count = await bare.fetchval(f"select count(*) from {table} where bot_id = $1", shop.bot_id)  # noqa: S608
        assert count == 0, table


async def test_a_rejection_is_told_as_to_a_customer(
    bots: BotProcess,
    shops: Shops,
    units: UnitsOfWork,
    make_phone: MakePhone,
    bare: asyncpg.Connection,
    begin: Begin,
) -> None:
    shop = await shops.open()
    phone = await make_phone(shop)
    stage = await begin(shop, phone)

    await buy(phone)
    async with units.begin(stage, shop.owner) as uow:
        await holding.hold_rejection(uow, await payment_of(bare, stage), reason=RejectReason.UNREADABLE)

    assert MARK in words_of(await phone.expect("Your receipt was not accepted"))


async def test_a_customer_beside_him_buys_for_real_and_so_does_he_when_it_is_over(
    bots: BotProcess,
    shops: Shops,
    units: UnitsOfWork,
    make_phone: MakePhone,
    bare: asyncpg.Connection,
    begin: Begin,
) -> None:
    shop = await shops.open()
    phone, carols = await make_phone(shop, name="Alice"), await make_phone(shop)
    stage = await begin(shop, phone)

    await buy(carols)
    await phone.text("/start")
    await phone.expect(MARK)
    await bare.execute("update bots set rehearsal_until = now() where id = $1", stage)
    await phone.text("/start")
    await phone.expect_total(2)

    assert MARK not in words_of((await phone.heard())[-1])
    assert [words_of(one) for one in await carols.heard() if MARK in words_of(one)] == []
    assert await bare.fetchval("select count(*) from users where bot_id = $1", shop.bot_id) == 2


async def test_whoever_rehearses_decides_for_the_shop_on_its_cards_all_the_while(
    bots: BotProcess,
    shops: Shops,
    units: UnitsOfWork,
    make_phone: MakePhone,
    bare: asyncpg.Connection,
    begin: Begin,
) -> None:
    shop = await shops.open(hold_seconds=0)
    phone = await make_phone(shop, name="Alice")
    await phone.text("/start")
    await begin(shop, phone)
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await bot_service.update_bot(uow, shop.bot_id, admin_chat_id=phone.user_id, default_language="en")
    sent = await shops.receipt(shop)

    await phone.expect("125,000 Toman")
    await phone.press("Approve")
    await phone.expect("✅ Shop, ")

    status = "select status from card_to_card_payments where id = $1"
    assert await bare.fetchval(status, sent.payment_id) == "approved"


async def test_what_was_decided_while_the_bot_was_down_is_told_when_it_is_back(
    place: Place,
    shops: Shops,
    units: UnitsOfWork,
    make_phone: MakePhone,
    bare: asyncpg.Connection,
    begin: Begin,
) -> None:
    shop = await shops.open()
    phone = await make_phone(shop)
    async with running(place):
        stage = await begin(shop, phone)
        await buy(phone)
    async with units.begin(stage, shop.owner) as uow:
        await holding.hold_approval(uow, await payment_of(bare, stage))

    async with running(place):
        assert MARK in words_of(await phone.expect("Your subscription is ready"))

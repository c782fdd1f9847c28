"""The question about a waiting browser in its person's chat: through the real process and real HTTP."""

from __future__ import annotations

import asyncpg
import pytest

from bot.app import BotProcess
from bot.callbacks import Tap
from shop.actors import OWNING, System
from shop.staff import challenges, telegram
from shop.staff.challenges import Browser
from shop.staff.service import TokenHolder
from shop.unit_of_work import UnitsOfWork
from tests.bot import updates
from tests.bot.conftest import MakePhone
from tests.bot.phone import Phone, buttons_of, words_of
from tests.factories import MASTER, Shop, Shops


@pytest.fixture
async def shop(shops: Shops) -> Shop:
    return await shops.open(stock=0)


@pytest.fixture
async def phone(make_phone: MakePhone, shop: Shop, units: UnitsOfWork, bots: BotProcess) -> Phone:
    """Alice's, linked and with the bot started."""
    made = await make_phone(shop, name="Alice", language="en")
    await made.text("/start")
    await made.expect("Alice")
    async with units.platform(MASTER) as platform:
        await telegram.link(await platform.enter(shop.bot_id), shop.owner.staff_id, made.user_id)
    return made


async def ask(units: UnitsOfWork, shop: Shop, phone: Phone) -> str:
    """A browser waits; the cookie it holds."""
    holder = TokenHolder(
        shop.token_id, shop.bot_id, shop.owner.staff_id, "Alice", "owner", OWNING, phone.user_id
    )
    async with units.begin(shop.bot_id, holder.actor) as uow:
        pending = await challenges.ask(
            uow, holder, purpose="sign_in", browser=Browser("192.0.2.7", "Firefox, Linux")
        )
    return pending.cookie


async def state(units: UnitsOfWork, cookie: str):
    async with units.platform(System("test")) as uow:
        return await challenges.find(uow, cookie)


async def asked(phone: Phone):
    """The message with the three numbers, in the person's own language."""
    return await phone.expect("Tap the number that the page shows")


async def test_a_tap_on_the_right_number_approves_and_takes_the_buttons_away(units, shop, phone):
    cookie = await ask(units, shop, phone)
    question = await asked(phone)
    assert "Firefox, Linux" in words_of(question)
    assert len(buttons_of(question)) == 4
    number = (await state(units, cookie)).number
    (right,) = [b for b in buttons_of(question) if b["callback_data"].endswith(f":{number}")]

    await phone.press_data(question, right["callback_data"])

    answered = await phone.expect("Confirmed.")
    assert answered["message_id"] == question["message_id"]
    assert buttons_of(answered) == []
    assert (await state(units, cookie)).state == "approved"


@pytest.mark.parametrize("choice", ["not me", "another number"])
async def test_anything_else_refuses(units, shop, phone, choice):
    cookie = await ask(units, shop, phone)
    question = await asked(phone)
    number = (await state(units, cookie)).number
    others = [
        b["callback_data"]
        for b in buttons_of(question)
        if not b["callback_data"].endswith(f":{number}")
        and b["callback_data"].endswith(":0") is (choice == "not me")
    ]

    await phone.press_data(question, others[0])

    await phone.expect("Refused.")
    assert (await state(units, cookie)).state == "refused"


async def test_a_forged_tap_of_somebody_else_does_nothing_and_learns_nothing(
    units, shop, phone, make_phone, bots, bare: asyncpg.Connection, caplog
):
    cookie = await ask(units, shop, phone)
    number = (await state(units, cookie)).number
    ref = await bare.fetchval("SELECT ref FROM sign_in_challenges WHERE bot_id = $1", shop.bot_id)
    mallory = await make_phone(shop, name="Mallory", language="en")
    await mallory.text("/start")
    await mallory.expect("Mallory")

    for forged in (Tap(ref=ref, number=number), Tap(ref="A" * 16, number=number)):
        await forge(bots, shop, updates.press(mallory.user_id, forged.pack()))

    await mallory.expect_count("That is not here", 2)
    told = [record for record in caplog.records if record.name == "security"]
    assert [(one.event, one.shop, one.address) for one in told] == [
        ("sign_in.forged", shop.bot_id, f"telegram:{mallory.user_id}")
    ] * 2
    assert (await state(units, cookie)).state == "waiting"


async def test_a_tap_counts_in_the_persons_own_chat_alone(
    units, shop, phone, make_phone, bots, bare: asyncpg.Connection
):
    cookie = await ask(units, shop, phone)
    number = (await state(units, cookie)).number
    ref = await bare.fetchval("SELECT ref FROM sign_in_challenges WHERE bot_id = $1", shop.bot_id)
    elsewhere = updates.press(phone.user_id, Tap(ref=ref, number=number).pack())
    other = await make_phone(shop, name="Carol", language="en")
    await other.text("/start")
    await other.expect("Carol")
    elsewhere["callback_query"]["message"]["chat"]["id"] = other.user_id

    await forge(bots, shop, elsewhere)

    await other.expect("That is not here")
    assert (await state(units, cookie)).state == "waiting"


async def forge(bots: BotProcess, shop: Shop, update: dict) -> None:
    """An update no phone of the sandbox can make."""
    assert bots.crew is not None
    await bots.crew.inbox.store(shop.bot_id, [update])

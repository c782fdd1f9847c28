"""People are registered on first contact, and we know who can be reached."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from bot.app import BotProcess
from shop.actors import System
from shop.errors import BadInput, NotFound
from shop.unit_of_work import UnitsOfWork
from shop.users import service as users
from tests.bot.conftest import MakePhone
from tests.conftest import Clock
from tests.factories import Shops

TEST = System("test")


async def test_the_first_contact_makes_a_person_and_the_next_one_finds_it(
    timed_units: UnitsOfWork, clock: Clock, shops: Shops, bare: asyncpg.Connection
) -> None:
    shop = await shops.open()

    async def contact(name: str) -> users.UserCard:
        async with timed_units.begin(shop.bot_id, TEST) as uow:
            return await users.register(uow, telegram_id=5, first_name=name, language_code="en-GB")

    first = await contact("Carol")
    clock.forward(seconds=1)
    again = await contact("Carol")
    seen = await bare.fetchval("select last_seen_at from users where id = $1", first.id)
    renamed = await contact("Caroline \u202eevil\n")

    assert first == again
    assert seen < clock.now  # not written for every message
    assert (renamed.id, renamed.name, renamed.language) == (first.id, "Caroline evil", "en")


async def test_many_first_contacts_at_once_make_one_person(units: UnitsOfWork, shops: Shops) -> None:
    shop = await shops.open()

    async def contact() -> int:
        async with units.begin(shop.bot_id, TEST) as uow:
            return (await users.register(uow, telegram_id=6, first_name="Carol")).id

    assert len(set(await asyncio.gather(*(contact() for _ in range(8))))) == 1


async def test_a_language_we_do_not_speak_becomes_the_shops_own(units: UnitsOfWork, shops: Shops) -> None:
    shop = await shops.open()

    async with units.begin(shop.bot_id, TEST) as uow:
        person = await users.register(uow, telegram_id=7, first_name="", username="carol", language_code="ru")

    assert (person.language, person.name) == ("fa", "carol")


async def test_only_languages_we_speak_and_people_of_this_shop(units: UnitsOfWork, shops: Shops) -> None:
    alices, mallorys = await shops.open(), await shops.open()
    carol = await shops.person(alices)

    async with units.begin(alices.bot_id, TEST) as uow:
        with pytest.raises(BadInput):
            await users.set_language(uow, carol.user_id, "ru")
    for verb in (users.mark_unreachable, users.mark_reachable):
        async with units.begin(mallorys.bot_id, TEST) as uow:
            with pytest.raises(NotFound):
                await verb(uow, carol.user_id)


async def test_who_blocks_and_unblocks_the_bot_is_noted(
    bots: BotProcess, shops: Shops, make_phone: MakePhone, bare: asyncpg.Connection
) -> None:
    shop = await shops.open()
    phone = await make_phone(shop)
    await phone.text("/start")
    await phone.expect("Hi Carol")
    reachable = "select unreachable_at is null from users where telegram_id = $1"

    async def becomes(answer: bool) -> bool:
        for _ in range(100):
            if await bare.fetchval(reachable, phone.user_id) is answer:
                return True
            await asyncio.sleep(0.05)
        return False

    await phone.block()
    assert await becomes(False)
    await phone.wire.act("unblock", token=phone.token, user_id=phone.user_id)
    assert await becomes(True)


async def test_the_language_changes_at_once_and_stays(
    bots: BotProcess, shops: Shops, make_phone: MakePhone
) -> None:
    phone = await make_phone(await shops.open())
    await phone.text("/start")
    await phone.expect("Hi Carol")

    await phone.press("فارسی")
    await phone.expect("سلام Carol")
    await phone.text("/buy")

    await phone.expect("کدام پلن؟")

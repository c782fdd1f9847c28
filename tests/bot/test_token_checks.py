"""The running bot process shows a new token to Telegram, and takes it over or refuses it."""

from __future__ import annotations

from dataclasses import replace

import asyncpg

from bot.app import BotProcess, Place
from bot.telegram_session import open_session
from bot.token_checks import TokenChecks
from shop.bots import replacing
from shop.unit_of_work import UnitsOfWork
from tests.bot.conftest import MakePhone, running
from tests.bot.phone import Wire
from tests.bot.test_fleet import until
from tests.factories import Shop, Shops, telegram_token


async def ask(units: UnitsOfWork, shop: Shop, token: str, *, to_other_bot: bool = False) -> None:
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await replacing.ask(uow, token, to_other_bot=to_other_bot)


async def state(units: UnitsOfWork, shop: Shop) -> tuple[str | None, str | None]:
    async with units.begin(shop.bot_id, shop.owner) as uow:
        found = await replacing.load_standing(uow)
    return found.replacement, found.reason


def renewed(shop: Shop) -> str:
    return f"{shop.telegram_token.split(':')[0]}:AA{'n' * 33}"


async def test_a_renewed_token_is_taken_over_and_the_bot_answers_the_same_people(
    bots: BotProcess, shops: Shops, make_phone: MakePhone, units: UnitsOfWork, wire: Wire
) -> None:
    shop = await shops.open()
    phone = await make_phone(shop)
    await phone.text("/start")
    await phone.expect("Hi Carol")
    await wire.act("bot", token=renewed(shop), username="renewed_bot", name=shop.name)

    await ask(units, shop, renewed(shop))

    await until(lambda: state(units, shop), ("taken", None))
    again = replace(phone, token=renewed(shop))
    await again.text("/start")
    await again.expect_total(2, within=8)


async def test_a_token_that_telegram_does_not_know_is_refused_and_the_bot_goes_on(
    bots: BotProcess, shops: Shops, make_phone: MakePhone, units: UnitsOfWork
) -> None:
    shop = await shops.open()
    phone = await make_phone(shop)
    await phone.text("/start")
    await phone.expect("Hi Carol")

    await ask(units, shop, renewed(shop))

    await until(lambda: state(units, shop), ("refused", "unknown"))
    await phone.text("/start")
    await phone.expect_total(2)


async def test_another_bot_is_taken_over_and_speaks_for_the_shop(
    bots: BotProcess, shops: Shops, make_phone: MakePhone, units: UnitsOfWork, wire: Wire
) -> None:
    shop, token = await shops.open(name="Nasim"), telegram_token()
    await make_phone(shop)
    await wire.act("bot", token=token, username="successor_bot", name="Successor")

    await ask(units, shop, token, to_other_bot=True)

    await until(lambda: state(units, shop), ("taken", None))
    phone = await make_phone(replace(shop, telegram_token=token))
    await phone.text("/start")
    await phone.expect("Nasim", within=8)


async def test_without_a_bot_process_it_waits_and_is_decided_when_one_comes(
    place: Place, shops: Shops, units: UnitsOfWork, bare: asyncpg.Connection
) -> None:
    shop = await shops.open()
    await ask(units, shop, renewed(shop))
    assert await state(units, shop) == ("checking", None)

    async with running(place):
        await until(lambda: state(units, shop), ("refused", "unknown"))


async def test_no_answer_of_telegram_is_no_refusal(
    place: Place, shops: Shops, units: UnitsOfWork, wire: Wire
) -> None:
    shop, token = await shops.open(), telegram_token()
    await wire.act("bot", token=token, username="ill_bot", name="Ill")
    await wire.act("fault", token=token, method="getMe", code=502, description="Bad Gateway", times=1)
    await ask(units, shop, token, to_other_bot=True)
    async with open_session(place.api_url) as session:
        checks = TokenChecks(units, session)

        await checks.check_all()
        after_silence = await state(units, shop)
        await checks.check_all()

    assert after_silence == ("checking", None)
    assert await state(units, shop) == ("taken", None)

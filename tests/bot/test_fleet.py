"""One process, many bots: what happens to one never touches another."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import Any

import asyncpg
import httpx
import pytest

from bot.app import BotProcess, Place
from bot.sandbox.server import Sandbox
from bot.sources import PollingSource
from shop.actors import System
from shop.bots import service as bot_service
from shop.notifications.messages import WalletCredited
from shop.notifications.outbox import enqueue
from shop.unit_of_work import UnitsOfWork
from tests.bot.conftest import MakePhone, running
from tests.bot.phone import Phone, Wire
from tests.factories import MASTER, Shop, Shops, replace_token


async def token_state(bare: asyncpg.Connection, shop: Shop) -> str:
    return await bare.fetchval("select token_state from bots where id = $1", shop.bot_id)


async def until(question: Any, answer: object, *, within: float = 8.0) -> None:
    """Ask until the answer is the one wanted."""
    end = time.monotonic() + within
    while (found := await question()) != answer:
        assert time.monotonic() < end, f"{found!r} is not {answer!r}"
        await asyncio.sleep(0.05)


async def test_a_bot_opened_while_we_run_answers_without_a_restart(
    bots: BotProcess, shops: Shops, make_phone: MakePhone
) -> None:
    first = await make_phone(await shops.open())
    await first.text("/start")
    await first.expect("Hi Carol")

    phone = await make_phone(await shops.open(name="Fresh"))
    await phone.text("/start")

    await phone.expect("Welcome to Fresh", within=5)


async def test_a_bot_taken_off_duty_falls_silent_and_comes_back(
    bots: BotProcess, shops: Shops, make_phone: MakePhone, units: UnitsOfWork
) -> None:
    shop = await shops.open()
    phone = await make_phone(shop)
    await phone.text("/start")
    await phone.expect_total(1)
    async with units.platform(MASTER) as uow:
        await bot_service.deactivate_bot(uow, shop.bot_id)
    await asyncio.sleep(1)
    await phone.text("/start")
    await asyncio.sleep(0.5)
    silent = len(await phone.heard()) == 1

    async with units.platform(MASTER) as uow:
        await bot_service.activate_bot(uow, shop.bot_id)

    assert silent
    await phone.expect_total(2, within=3)


async def test_a_revoked_token_ends_its_bot_alone_and_is_noted(
    bots: BotProcess, shops: Shops, make_phone: MakePhone, wire: Wire, bare: asyncpg.Connection
) -> None:
    revoked, healthy = await shops.open(), await shops.open()
    phone, other = await make_phone(revoked), await make_phone(healthy)
    await phone.text("/start")
    await phone.expect("Hi Carol")

    await wire.act("revoke", token=revoked.telegram_token)

    await until(lambda: token_state(bare, revoked), "broken", within=35)
    assert await bare.fetchval("select token_error from bots where id = $1", revoked.bot_id)
    await other.text("/start")
    await other.expect("Hi Carol", within=5)
    assert await token_state(bare, healthy) == "live"


async def test_a_second_user_of_a_token_is_noted_and_we_keep_trying(
    bots: BotProcess,
    shops: Shops,
    make_phone: MakePhone,
    wire: Wire,
    bare: asyncpg.Connection,
    sandbox: Sandbox,
) -> None:
    disputed, healthy = await shops.open(), await shops.open()
    phone, other = await make_phone(disputed), await make_phone(healthy)
    await phone.text("/start")
    await phone.expect("Hi Carol")

    async with httpx.AsyncClient() as thief:
        await thief.post(f"{sandbox.url}/bot{disputed.telegram_token}/getUpdates", data={"timeout": 1})
    await until(lambda: token_state(bare, disputed), "conflict")
    await other.text("/start")
    await other.expect("Hi Carol", within=5)
    await phone.text("/lang")

    await phone.expect("In which language", within=10)
    await until(lambda: token_state(bare, disputed), "live")


async def test_a_crash_of_one_bot_is_not_the_others(
    bots: BotProcess, shops: Shops, make_phone: MakePhone, monkeypatch: pytest.MonkeyPatch
) -> None:
    crashing, healthy = await shops.open(), await shops.open()
    phone, other = await make_phone(crashing), await make_phone(healthy)
    await phone.text("/start")
    await phone.expect("Hi Carol")
    assert bots.crew is not None
    inbox, store, crashes = bots.crew.inbox, bots.crew.inbox.store, []

    async def crash_once(shop_id: int, updates: Any) -> None:
        if shop_id == crashing.bot_id and not crashes:
            crashes.append(updates)
            raise ZeroDivisionError
        await store(shop_id, updates)

    source = bots.crew.fleet.source
    assert isinstance(source, PollingSource)
    monkeypatch.setattr(bots.crew.fleet, "source", replace(source, store=crash_once))
    # The pollers hold the old way of storing: a new token of neither makes them start anew.
    for shop in (crashing, healthy):
        await bots.crew.fleet._stop(shop.bot_id)
    bots.crew.fleet.look()
    await phone.text("/lang")
    await other.text("/lang")

    await other.expect("In which language", within=5)
    await phone.expect("In which language", within=8)  # the very update whose storing crashed
    assert len(crashes) == 1
    assert inbox is bots.crew.inbox


async def test_a_second_process_stands_by_and_takes_over(
    place: Place, shops: Shops, make_phone: MakePhone
) -> None:
    shop = await shops.open()
    phone = await make_phone(shop)
    async with running(place) as first:
        await phone.text("/start")
        await phone.expect_total(1)
        async with running(place) as second:
            await asyncio.sleep(0.7)
            roles = [await role(process) for process in (first, second)]
            stopping = asyncio.create_task(stop(first))
            await until(lambda: role(second), "leader")
            await phone.text("/start")

            await phone.expect_total(2, within=5)
            assert roles == ["leader", "standby"]
            await stopping


async def role(process: BotProcess) -> str:
    async with httpx.AsyncClient() as http:
        answer = await http.get(f"http://127.0.0.1:{process.health_port}/health/ready")
    assert answer.status_code == 200
    return answer.json()["role"]


async def stop(process: BotProcess) -> None:
    """As if its database connection died: it must give up the lead at once."""
    assert process.lead is not None
    process.lead.connection.terminate()


async def test_the_health_endpoint_says_how_the_fleet_is(
    bots: BotProcess, shops: Shops, make_phone: MakePhone
) -> None:
    phone = await make_phone(await shops.open())
    await phone.text("/start")
    await phone.expect("Hi Carol")

    async with httpx.AsyncClient() as http:
        live = await http.get(f"http://127.0.0.1:{bots.health_port}/health/live")
        ready = await http.get(f"http://127.0.0.1:{bots.health_port}/health/ready")

    assert live.json() == {"status": "ok"}
    assert ready.json()["status"] == "ready"
    assert ready.json()["bots"]["live"] == 1


async def test_without_its_database_it_is_alive_but_not_ready(place: Place) -> None:
    nowhere = replace(place, database_url="postgresql+asyncpg://nobody@127.0.0.1:1/none")

    async with running(nowhere) as process, httpx.AsyncClient() as http:
        await asyncio.sleep(0.2)
        live = await http.get(f"http://127.0.0.1:{process.health_port}/health/live")
        ready = await http.get(f"http://127.0.0.1:{process.health_port}/health/ready")

    assert live.status_code == 200
    assert ready.json()["role"] == "standby"


async def test_commands_are_registered_in_every_language(
    bots: BotProcess, shops: Shops, make_phone: MakePhone, sandbox: Sandbox
) -> None:
    shop = await shops.open()
    phone = await make_phone(shop)
    await phone.text("/start")
    await phone.expect("Hi Carol")

    async def names(language: str) -> list[str]:
        async with httpx.AsyncClient() as http:
            answer = await http.post(
                f"{sandbox.url}/bot{shop.telegram_token}/getMyCommands", data={"language_code": language}
            )
        return [command["description"] for command in answer.json()["result"]]

    await until(lambda: names("fa"), ["منو", "خرید اشتراک", "اشتراک‌های من", "سفارش‌های من", "زبان"])
    assert (await names("en"))[0] == "Menu"


async def test_no_token_reaches_the_log(
    bots: BotProcess, shops: Shops, make_phone: MakePhone, wire: Wire, caplog: pytest.LogCaptureFixture
) -> None:
    shop = await shops.open()
    phone = await make_phone(shop)
    await phone.text("/start")
    await phone.expect("Hi Carol")
    await wire.act("fault", token=shop.telegram_token, method="sendMessage", code=500, description="Internal")
    await phone.text("/start")
    await phone.expect_total(2)

    await wire.act("revoke", token=shop.telegram_token)
    await asyncio.sleep(0.5)

    assert shop.telegram_token not in caplog.text


async def test_a_new_token_takes_the_place_of_a_revoked_one_and_the_waiting_message_arrives(
    bots: BotProcess,
    shops: Shops,
    make_phone: MakePhone,
    wire: Wire,
    units: UnitsOfWork,
    bare: asyncpg.Connection,
) -> None:
    shop = await shops.open()
    phone = await make_phone(shop)
    await phone.text("/start")
    await phone.expect("Hi Carol")
    user_id = await bare.fetchval("select id from users where telegram_id = $1", phone.user_id)
    await wire.act("revoke", token=shop.telegram_token)
    await until(lambda: token_state(bare, shop), "broken", within=35)
    async with units.begin(shop.bot_id, System("test")) as uow:
        await enqueue(uow, chat_id=phone.user_id, user_id=user_id, message=WalletCredited(1, 5, 5))
    token = shop.telegram_token.split(":")[0] + ":AA" + "n" * 33

    await replace_token(units, shop.bot_id, token)

    await until(lambda: token_state(bare, shop), "live")
    await replace(phone, token=token).expect("Your payment is confirmed", within=5)


async def test_the_sandbox_is_told_who_there_is_so_that_the_bot_may_write_first(
    place: Place, shops: Shops, wire: Wire, units: UnitsOfWork, bare: asyncpg.Connection
) -> None:
    shop = await shops.open()
    person = await shops.person(shop)
    async with units.begin(shop.bot_id, System("test")) as uow:
        message = WalletCredited(1, 5, 5)
        await enqueue(uow, chat_id=person.telegram_id, user_id=person.user_id, message=message)

    async with running(place):
        await until(lambda: token_state(bare, shop), "live")
        await Phone(wire, shop.telegram_token, person.telegram_id).expect("Your payment is confirmed")

"""Telegram brings the updates: only to whom it belongs, stored before we say so, and lost in no switch."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from bot.app import BotProcess, Place
from bot.callers import Callers
from bot.front_door import BODY_LIMIT, SECRET_HEADER, FrontDoor
from bot.health import health_server
from bot.sandbox.server import Sandbox
from bot.sources import PollingSource
from bot.storing import store
from db.crypto import Vault
from db.embedded import Database
from db.engine import build_engine, build_sessions
from shop.bots import service as bot_service
from shop.bots.queries import FleetBot, list_fleet
from shop.unit_of_work import UnitsOfWork
from tests.bot import updates
from tests.bot.conftest import SECRET, MakePhone, free_port, running
from tests.bot.phone import Wire
from tests.bot.test_fleet import token_state, until
from tests.bot.test_restart import STARTING, process
from tests.factories import MASTER, Shop, Shops, replace_token, telegram_token

NOWHERE = "postgresql+asyncpg://nobody@127.0.0.1:1/none"


def by_webhook(place: Place) -> Place:
    """The same place, where Telegram brings the updates; on a port of its own."""
    port = free_port()
    return replace(place, port=port, webhook_url=f"http://127.0.0.1:{port}", webhook_check_seconds=0.2)


@pytest.fixture
def webhook_place(place: Place) -> Place:
    return by_webhook(place)


@pytest.fixture
async def webhook_bots(webhook_place: Place) -> AsyncIterator[BotProcess]:
    async with running(webhook_place) as started:
        yield started


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=20) as client:
        yield client


async def fleet_bot(units: UnitsOfWork, shop: Shop) -> FleetBot:
    async with units.platform(MASTER) as uow:
        return next(bot for bot in await list_fleet(uow) if bot.bot_id == shop.bot_id)


async def webhook_info(sandbox: Sandbox, token: str) -> dict[str, Any]:
    async with httpx.AsyncClient() as client:
        answer = await client.post(f"{sandbox.url}/bot{token}/getWebhookInfo")
    return answer.json().get("result", {})


async def webhook_url(sandbox: Sandbox, token: str) -> str:
    return (await webhook_info(sandbox, token)).get("url", "")


async def stored(bare: asyncpg.Connection, update: dict[str, Any]) -> int:
    return await bare.fetchval(
        "select count(*) from telegram_updates where update_id = $1", update["update_id"]
    )


async def test_a_person_is_answered_and_nobody_polls(
    webhook_bots: BotProcess, shops: Shops, make_phone: MakePhone, wire: Wire
) -> None:
    shop = await shops.open()
    phone = await make_phone(shop)

    await phone.text("/start")
    await phone.expect("Hi Carol")

    calls = (await wire.act("calls", token=shop.telegram_token))["calls"]
    assert "getUpdates" not in {call["method"] for call in calls}


async def test_the_webhook_is_set_with_its_secret_and_keeps_what_waits(
    webhook_bots: BotProcess,
    webhook_place: Place,
    shops: Shops,
    wire: Wire,
    units: UnitsOfWork,
    sandbox: Sandbox,
) -> None:
    shop = await shops.open()
    known = await fleet_bot(units, shop)
    address = f"{webhook_place.webhook_url}/tg/{known.public_id}"

    await until(lambda: webhook_url(sandbox, shop.telegram_token), address)

    calls = (await wire.act("calls", token=shop.telegram_token))["calls"]
    asked = next(call["params"] for call in calls if call["method"] == "setWebhook")
    assert asked["secret_token"] == known.webhook_secrets[0]
    assert str(asked["drop_pending_updates"]).lower() == "false"
    assert {"message", "callback_query"} <= set(
        (await webhook_info(sandbox, shop.telegram_token))["allowed_updates"]
    )


async def test_what_was_written_before_a_shop_opened_here_is_answered_at_once(
    webhook_bots: BotProcess, shops: Shops, make_phone: MakePhone
) -> None:
    first = await make_phone(await shops.open())
    await first.text("/start")
    await first.expect("Hi Carol")

    phone = await make_phone(await shops.open(name="Fresh"))
    await phone.text("/start")

    await phone.expect("Welcome to Fresh", within=5)


async def test_a_bot_off_duty_has_no_webhook_and_loses_nothing_meanwhile(
    webhook_bots: BotProcess,
    shops: Shops,
    make_phone: MakePhone,
    units: UnitsOfWork,
    sandbox: Sandbox,
    wire: Wire,
) -> None:
    shop = await shops.open()
    phone = await make_phone(shop)
    await phone.text("/start")
    await phone.expect("Hi Carol")

    async with units.platform(MASTER) as uow:
        await bot_service.deactivate_bot(uow, shop.bot_id)
    await until(lambda: webhook_url(sandbox, shop.telegram_token), "")
    calls = (await wire.act("calls", token=shop.telegram_token, method="deleteWebhook"))["calls"]
    assert [str(call["params"]["drop_pending_updates"]).lower() for call in calls] == ["false"]
    await phone.text("/lang")
    async with units.platform(MASTER) as uow:
        await bot_service.activate_bot(uow, shop.bot_id)

    await phone.expect("In which language")


async def test_with_another_bots_token_the_old_bot_has_no_webhook_and_its_secret_opens_nothing(
    webhook_bots: BotProcess,
    webhook_place: Place,
    shops: Shops,
    make_phone: MakePhone,
    units: UnitsOfWork,
    sandbox: Sandbox,
    wire: Wire,
    http: httpx.AsyncClient,
    bare: asyncpg.Connection,
) -> None:
    shop = await shops.open()
    phone = await make_phone(shop)
    await phone.text("/start")
    await phone.expect("Hi Carol")
    before = await fleet_bot(units, shop)
    token = telegram_token()
    await wire.act("bot", token=token, username="successor_bot", name="Successor")

    await replace_token(units, shop.bot_id, token)

    address = f"{webhook_place.webhook_url}/tg/{before.public_id}"
    await until(lambda: webhook_url(sandbox, token), address)
    await until(lambda: webhook_url(sandbox, shop.telegram_token), "")
    update = updates.message(1, text="from the old bot")
    late = await http.post(address, json=update, headers={SECRET_HEADER: before.webhook_secrets[0]})
    assert late.status_code == 404
    assert await stored(bare, update) == 0


@dataclass
class Door:
    """The front door alone, by real HTTP; who knocks is up to the test."""

    url: str
    http: httpx.AsyncClient
    callers: Callers
    bot: FleetBot

    async def knock(self, update: Any, *, public_id: str | None = None, **more: Any) -> httpx.Response:
        secret = {SECRET_HEADER: self.bot.webhook_secrets[0]}
        address = f"{self.url}/tg/{public_id or self.bot.public_id}"
        return await self.http.post(address, **({"json": update, "headers": secret} | more))


@asynccontextmanager
async def opened(units: UnitsOfWork, bot: FleetBot, http: httpx.AsyncClient) -> AsyncIterator[Door]:
    async def keep(shop_id: int, raw: Any) -> None:
        await store(units, shop_id, raw)

    async def fine() -> tuple[bool, dict[str, Any]]:
        return True, {}

    callers = Callers(units, NOWHERE)
    callers.learn(bot)
    callers.is_loaded = True
    async with health_server("127.0.0.1", 0, fine, also=FrontDoor(callers, keep).add_routes) as port:
        yield Door(f"http://127.0.0.1:{port}", http, callers, bot)


@pytest.fixture
async def door(units: UnitsOfWork, shops: Shops, http: httpx.AsyncClient) -> AsyncIterator[Door]:
    async with opened(units, await fleet_bot(units, await shops.open()), http) as made:
        yield made


@pytest.fixture
async def door_without_database(
    units: UnitsOfWork, shops: Shops, http: httpx.AsyncClient
) -> AsyncIterator[Door]:
    bot = await fleet_bot(units, await shops.open())
    engine = build_engine(NOWHERE, application_name="nobody", pool_size=1)
    async with opened(replace(units, sessions=build_sessions(engine)), bot, http) as made:
        yield made
    await engine.dispose()


async def test_strangers_get_the_answer_of_a_path_that_does_not_exist_and_cost_no_query(
    door_without_database: Door, units: UnitsOfWork, shops: Shops
) -> None:
    door, update = door_without_database, updates.message(1, text="forged")
    other = await fleet_bot(units, await shops.open())
    door.callers.learn(other)
    right = door.bot.webhook_secrets[0]

    strangers = [
        await door.knock(update, headers={}),
        await door.knock(update, headers={SECRET_HEADER: ""}),
        await door.knock(update, headers={SECRET_HEADER: right[:-1]}),
        await door.knock(update, headers={SECRET_HEADER: right + "x"}),
        await door.knock(update, headers={SECRET_HEADER: other.webhook_secrets[0]}),
        await door.knock(update, headers={SECRET_HEADER: "ü".encode()}),
        await door.knock(update, public_id="nobody"),
        await door.knock(update, public_id="nobody", headers={}),
        await door.http.get(f"{door.url}/tg/{door.bot.public_id}", headers={SECRET_HEADER: right}),
        await door.http.post(f"{door.url}/no/such/path", json=update),
    ]

    assert {answer.status_code for answer in strangers} == {404}
    assert len({answer.content for answer in strangers}) == 1
    assert (await door.knock(update)).status_code == 503  # the query the strangers did not cost


async def test_an_update_is_acknowledged_when_it_is_kept_and_kept_once(
    door: Door, bare: asyncpg.Connection
) -> None:
    update = updates.message(1, text="hello")

    answers = [await door.knock(update) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert await stored(bare, update) == 1


async def test_without_the_database_telegram_is_asked_to_come_again_soon(door_without_database: Door) -> None:
    answer = await door_without_database.knock(updates.message(1, text="precious"))

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "2"


async def test_what_could_not_be_kept_is_brought_again_and_answered(
    webhook_bots: BotProcess,
    shops: Shops,
    make_phone: MakePhone,
    sandbox: Sandbox,
    bare: asyncpg.Connection,
) -> None:
    shop = await shops.open()
    phone = await make_phone(shop)
    await phone.text("/start")
    await phone.expect("Hi Carol")

    async def failure() -> str:
        return (await webhook_info(sandbox, shop.telegram_token)).get("last_error_message", "")

    await bare.execute("alter table telegram_updates rename to out_of_reach")
    try:
        await phone.text("/lang")
        await until(failure, "Wrong response from the webhook: 503 Service Unavailable")
    finally:
        await bare.execute("alter table out_of_reach rename to telegram_updates")

    await phone.expect("In which language")


async def test_before_the_bots_are_known_everybody_is_asked_to_come_again(door: Door) -> None:
    door.callers.is_loaded = False

    answers = [await door.knock({}), await door.knock({}, public_id="nobody", headers={})]

    assert [answer.status_code for answer in answers] == [503, 503]


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b'{"update_id": 1}', "text/plain", 415),
        (b'{"update_id": 1}', "application/x-www-form-urlencoded", 415),
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b"\xff", "application/json", 400),
        (b'{"message": {}}', "application/json", 400),
        (b'{"update_id": "1"}', "application/json", 400),
        (b'{"update_id": true}', "application/json", 400),
        (b" " * (BODY_LIMIT + 1), "application/json", 413),
    ],
)
async def test_a_body_that_is_no_update_is_refused_and_not_kept(
    door: Door, bare: asyncpg.Connection, content: bytes, kind: str, status: int
) -> None:
    headers = {SECRET_HEADER: door.bot.webhook_secrets[0], "Content-Type": kind}

    answer = await door.knock(None, json=None, content=content, headers=headers)

    assert answer.status_code == status
    assert (
        await bare.fetchval("select count(*) from telegram_updates where bot_id = $1", door.bot.bot_id) == 0
    )


async def test_a_body_of_unknown_length_is_read_no_further_than_the_limit(door: Door) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(BODY_LIMIT // 65536 + 2):
            yield b" " * 65536

    headers = {SECRET_HEADER: door.bot.webhook_secrets[0], "Content-Type": "application/json"}

    answer = await door.knock(None, json=None, content=chunks(), headers=headers)

    assert answer.status_code == 413


async def test_while_the_installations_key_changes_the_old_secret_is_still_known(
    units: UnitsOfWork, shops: Shops
) -> None:
    shop = await shops.open()
    before = await fleet_bot(units, shop)
    rotated = replace(units, vault=Vault(("a-newer-secret-of-thirty-two-letters", SECRET)))
    callers = Callers(rotated, NOWHERE)

    after = await fleet_bot(rotated, shop)
    callers.learn(after)

    assert after.webhook_secrets[1:] == before.webhook_secrets
    assert after.webhook_secrets[0] != before.webhook_secrets[0]
    assert [callers.recognise(after.public_id, secret) for secret in after.webhook_secrets] == [
        shop.bot_id
    ] * 2


async def test_a_process_that_stands_by_keeps_the_update_and_the_leader_handles_it(
    webhook_place: Place,
    shops: Shops,
    make_phone: MakePhone,
    units: UnitsOfWork,
    http: httpx.AsyncClient,
    bare: asyncpg.Connection,
) -> None:
    shop = await shops.open()
    phone = await make_phone(shop)
    told: list[str] = []
    await bare.add_listener("inbox", lambda *notice: told.append(notice[-1]))
    async with running(webhook_place):
        await phone.text("/start")
        await phone.expect("Hi Carol")
        standby_place = by_webhook(webhook_place)
        async with running(standby_place) as standby:
            known = await fleet_bot(units, shop)
            update = updates.message(phone.user_id, text="/lang")
            headers = {SECRET_HEADER: known.webhook_secrets[0]}

            async def answer() -> int:
                address = f"{standby_place.webhook_url}/tg/{known.public_id}"
                return (await http.post(address, json=update, headers=headers)).status_code

            await until(answer, 200)

            await phone.expect("In which language")
            assert standby.crew is None
            assert told == [str(shop.bot_id)]


@pytest.mark.parametrize("elsewhere", ["https://thief.example/secret/path", ""])
async def test_a_webhook_taken_away_is_noted_and_set_again(
    webhook_bots: BotProcess,
    webhook_place: Place,
    shops: Shops,
    make_phone: MakePhone,
    sandbox: Sandbox,
    http: httpx.AsyncClient,
    bare: asyncpg.Connection,
    elsewhere: str,
) -> None:
    shop = await shops.open()
    phone = await make_phone(shop)
    await phone.text("/start")
    await phone.expect("Hi Carol")

    await http.post(f"{sandbox.url}/bot{shop.telegram_token}/setWebhook", data={"url": elsewhere})

    await until(lambda: token_state(bare, shop), "conflict")
    reason = await bare.fetchval("select token_error from bots where id = $1", shop.bot_id)
    await until(lambda: token_state(bare, shop), "live")
    assert (await webhook_url(sandbox, shop.telegram_token)).startswith(f"{webhook_place.webhook_url}/tg/")
    assert "another program" in reason
    assert "secret/path" not in reason
    await phone.text("/lang")
    await phone.expect("In which language")


async def test_a_webhook_set_to_other_kinds_of_updates_is_put_right(
    webhook_bots: BotProcess, shops: Shops, make_phone: MakePhone, sandbox: Sandbox, http: httpx.AsyncClient
) -> None:
    shop = await shops.open()
    phone = await make_phone(shop)
    await phone.text("/start")
    await phone.expect("Hi Carol")
    before = await webhook_info(sandbox, shop.telegram_token)

    await http.post(
        f"{sandbox.url}/bot{shop.telegram_token}/setWebhook",
        json={"url": before["url"], "allowed_updates": ["poll"], "max_connections": 1},
    )

    await until(lambda: webhook_info(sandbox, shop.telegram_token), before)


async def test_a_revoked_token_is_found_out_without_a_poll(
    webhook_bots: BotProcess, shops: Shops, make_phone: MakePhone, wire: Wire, bare: asyncpg.Connection
) -> None:
    shop = await shops.open()
    phone = await make_phone(shop)
    await phone.text("/start")
    await phone.expect("Hi Carol")

    await wire.act("revoke", token=shop.telegram_token)

    await until(lambda: token_state(bare, shop), "broken")


async def test_polling_takes_over_from_a_webhook_that_is_still_set(
    webhook_place: Place, place: Place, shops: Shops, make_phone: MakePhone, sandbox: Sandbox
) -> None:
    shop = await shops.open()
    phone = await make_phone(shop)
    async with running(webhook_place):
        await phone.text("/start")
        await phone.expect("Hi Carol")
    left_behind = await webhook_url(sandbox, shop.telegram_token)
    await phone.text("/lang")

    async with running(place) as polling:
        await phone.expect("In which language")
        assert polling.crew is not None
        assert isinstance(polling.crew.source, PollingSource)

    assert left_behind
    assert await webhook_url(sandbox, shop.telegram_token) == ""


async def test_switching_back_and_forth_with_kills_in_between_loses_nothing_and_handles_each_once(
    bot_database: Database,
    sandbox: Sandbox,
    shops: Shops,
    make_phone: MakePhone,
    bare: asyncpg.Connection,
    tmp_path: Path,
) -> None:
    shop = await shops.open()
    phone = await make_phone(shop)
    written = 0

    async def write(times: int) -> None:
        nonlocal written
        for _ in range(times):
            await phone.text("/lang")
        written += times

    for mode in ("polling", "webhook"):
        async with process(bot_database, sandbox, tmp_path / "data", mode=mode) as child:
            await write(2)
            await phone.expect_total(written, within=STARTING)
            await write(5)
            child.send_signal(signal.SIGKILL)
            await child.wait()
        await write(2)
    async with process(bot_database, sandbox, tmp_path / "data", mode="polling"):
        await until(lambda: done_updates(bare, shop), written, within=STARTING)

    rows = await bare.fetch("select attempts, failed_at from telegram_updates where bot_id = $1", shop.bot_id)
    assert len(rows) == written
    assert all(row["failed_at"] is None for row in rows)
    # What was in a handler's hands at a kill is tried again: all else once.
    assert sum(row["attempts"] for row in rows) - written <= 2
    assert written <= len(await phone.heard()) <= written + 2


async def done_updates(bare: asyncpg.Connection, shop: Shop) -> int:
    """How many updates are done."""
    return await bare.fetchval(
        "select count(*) from telegram_updates where bot_id = $1 and done_at is not null", shop.bot_id
    )

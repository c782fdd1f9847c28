"""Nothing is lost when the process ends, gently or not."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from bot.app import Place
from bot.outbox import LEASE
from bot.sandbox.server import Sandbox
from bot.storing import store
from db.embedded import Database
from shop.notifications import messages
from shop.notifications.outbox import enqueue
from shop.receipts import service as receipts
from shop.receipts.rules import RejectReason
from shop.unit_of_work import UnitsOfWork
from tests.bot import updates
from tests.bot.conftest import SECRET, MakePhone, free_port, running
from tests.bot.phone import Phone, Wire
from tests.factories import Shop, Shops, photo

ROOT = Path(__file__).parents[2]
STARTING = 90.0
"""Seconds; a process takes four to start, and far longer where the machine is busy."""


async def order(phone: Phone, plan: str = "1 month") -> None:
    await phone.text("/buy")
    await phone.expect("Which plan?")
    await phone.press(plan)
    await phone.expect("To pay")
    await phone.press("Card to card")
    await phone.expect("to this card")


async def test_a_conversation_goes_on_after_a_restart(
    place: Place, shops: Shops, make_phone: MakePhone, bare: asyncpg.Connection
) -> None:
    shop = await shops.open()
    phone = await make_phone(shop)
    async with running(place):
        await order(phone)
        await phone.photo(photo())
        await phone.expect("We have your receipt")
        await phone.photo(photo())
        await phone.expect("Shall this one take its place?")

    async with running(place):
        await phone.press("Yes, replace it")

        await phone.expect("It took the place of the one before")

    assert (
        await bare.fetchval("select receipt_count from card_to_card_payments where bot_id = $1", shop.bot_id)
        == 2
    )
    assert await bare.fetchval("select count(*) from fsm_state where bot_id = $1", shop.bot_id) == 0


async def test_what_people_wrote_while_nobody_was_there_is_answered(
    place: Place, shops: Shops, make_phone: MakePhone
) -> None:
    shop = await shops.open()
    phone = await make_phone(shop)
    async with running(place):
        await phone.text("/start")
        await phone.expect_total(1)
    await phone.text("/lang")

    async with running(place):
        await phone.expect("In which language")


async def test_stopping_and_starting_many_times_never_hangs(
    place: Place, shops: Shops, make_phone: MakePhone
) -> None:
    shop = await shops.open()
    phone = await make_phone(shop)

    for number in range(6):
        async with running(place):
            await phone.text("/start")
            await phone.expect_total(number)


@asynccontextmanager
async def process(
    database: Database, sandbox: Sandbox, folder: Path, *, mode: str = "polling"
) -> AsyncIterator[asyncio.subprocess.Process]:
    """``python -m bot`` as the Procfile runs it; killed at the end if it still runs."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        cwd=ROOT,
        env={
            **os.environ,
            "DATABASE_URL": database.app_url,
            "SECRET_KEY": SECRET,
            "TELEGRAM_API_URL": sandbox.url,
            "PISHKHAN_DATA": str(folder),
            "BOT_PORT": str(free_port()),
            "BOT_TOKEN": "",
            "TELEGRAM_MODE": mode,
        },
    )
    try:
        yield child
    finally:
        if child.returncode is None:
            child.kill()
        await child.wait()


async def approve(units: UnitsOfWork, shop: Shop, bare: asyncpg.Connection) -> None:
    payment_id = await bare.fetchval("select id from card_to_card_payments where bot_id = $1", shop.bot_id)
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await receipts.approve(uow, payment_id)


async def test_killed_between_the_commit_and_the_sending_it_sends_after_the_restart(
    bot_database: Database,
    units: UnitsOfWork,
    sandbox: Sandbox,
    wire: Wire,
    shops: Shops,
    make_phone: MakePhone,
    bare: asyncpg.Connection,
    tmp_path: Path,
) -> None:
    shop = await shops.open()
    phone = await make_phone(shop)
    async with process(bot_database, sandbox, tmp_path / "data") as first:
        await phone.text("/start")
        await phone.expect("Hi Carol", within=STARTING)
        await order(phone)
        await phone.photo(photo())
        await phone.expect("We have your receipt")
        await wire.act(
            "fault", token=shop.telegram_token, method="sendMessage", code=500, description="x", delay=60
        )
        await approve(units, shop, bare)
        await until_claimed(bare, shop)
        first.send_signal(signal.SIGKILL)
        await first.wait()
    # It may have died before its call was out; then the fault still waits for somebody.
    await wire.act("fault", token=shop.telegram_token, method="sendMessage", times=0)
    unheard = [m for m in await phone.heard() if "is ready" in m.get("text", "")]
    # The dead process's lease has run out.
    await bare.execute("update outbox set due_at = now() where bot_id = $1", shop.bot_id)

    async with process(bot_database, sandbox, tmp_path / "data") as second:
        await phone.expect("Your subscription is ready", within=STARTING)
        second.send_signal(signal.SIGTERM)
        status = await asyncio.wait_for(second.wait(), 15)

    assert unheard == []
    assert status == 0
    assert await bare.fetchval("select count(*) from transactions where bot_id = $1", shop.bot_id) == 2
    assert (
        await bare.fetchval("select count(*) from outbox where bot_id = $1 and sent_at is null", shop.bot_id)
        == 0
    )


async def until_claimed(bare: asyncpg.Connection, shop: Shop) -> None:
    for _ in range(100):
        if await bare.fetchval(
            "select attempts from outbox where bot_id = $1 and sent_at is null", shop.bot_id
        ):
            return
        await asyncio.sleep(0.05)
    pytest.fail("the message was never claimed")


async def test_a_wrong_port_or_database_is_one_sentence(tmp_path: Path) -> None:
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": "mysql://x", "PISHKHAN_DATA": str(tmp_path / "data")},
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await child.communicate()

    assert child.returncode == 2
    assert said.decode().count("\n") == 1
    assert "DATABASE_URL" in said.decode()


async def test_what_a_killed_process_had_in_hand_is_taken_up_by_the_next_one(
    place: Place, units: UnitsOfWork, shops: Shops, make_phone: MakePhone, bare: asyncpg.Connection
) -> None:
    shop = await shops.open()
    phone = await make_phone(shop)
    async with running(place):
        await phone.text("/start")
        await phone.expect("Hi Carol")
    await store(units, shop.bot_id, [updates.message(phone.user_id, text="/start")])
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await enqueue(uow, chat_id=phone.user_id, message=messages.WalletCredited(1, 5_000, 5_000))
    # As a process leaves it that is killed while it handles the one and sends the other.
    await bare.execute(
        "update telegram_updates set lease_until = now() + $2, attempts = 1 "
        "where bot_id = $1 and done_at is null",
        shop.bot_id,
        LEASE,
    )
    await bare.execute(
        "update outbox set due_at = now() + $2, attempts = 1 where bot_id = $1 and sent_at is null",
        shop.bot_id,
        LEASE,
    )

    async with running(place):
        await phone.expect_count("Hi Carol", 2, within=LEASE.total_seconds() / 2)
        await phone.expect("۵٬۰۰۰", within=LEASE.total_seconds() / 2)


@pytest.mark.parametrize("decision", ["none", "approve", "reject"])
async def test_a_receipt_whose_update_comes_again_is_the_same_receipt(
    decision: str,
    place: Place,
    units: UnitsOfWork,
    shops: Shops,
    make_phone: MakePhone,
    bare: asyncpg.Connection,
) -> None:
    shop = await shops.open()
    phone = await make_phone(shop)
    async with running(place) as process:
        await order(phone)
        await phone.photo(photo())
        await phone.expect("We have your receipt")
        body = (await phone.messages())[-2]
        payment = await bare.fetchrow("select * from card_to_card_payments where bot_id = $1", shop.bot_id)
        async with units.begin(shop.bot_id, shop.owner) as uow:
            if decision == "approve":
                await receipts.approve(uow, payment["id"])
            elif decision == "reject":
                await receipts.reject(uow, payment["id"], reason=RejectReason.NOT_ARRIVED)
        # As after a kill between the commit and the note that the update was handled.
        assert process.crew is not None
        await process.crew.inbox.store(shop.bot_id, [{"update_id": 10**9, "message": body}])
        await until_handled(bare, shop)

    found = await bare.fetchrow("select * from card_to_card_payments where bot_id = $1", shop.bot_id)
    said = [m.get("text", "") for m in await phone.heard()]
    outcome = {"none": "receipt_submitted", "approve": "approved", "reject": "rejected"}
    assert (found["status"], found["receipt_count"]) == (outcome[decision], 1)
    assert not [words for words in said if "no open order" in words or "take its place" in words]


async def until_handled(bare: asyncpg.Connection, shop: Shop) -> None:
    for _ in range(400):
        if not await bare.fetchval(
            "select count(*) from telegram_updates where bot_id = $1 and done_at is null", shop.bot_id
        ):
            return
        await asyncio.sleep(0.05)
    pytest.fail("the update was never handled")

"""A promise is kept: at least once, in order, at Telegram's pace, and nobody's trouble is another's."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, ClassVar

import asyncpg
import pytest

from bot.outbox import LEASE, LONGEST_WAIT, MOST_ATTEMPTS, PAUSES, PER_BOT, TICK_SECONDS, Outbox
from bot.registry import Registry
from bot.sandbox.server import Sandbox
from bot.telegram_session import TelegramInsideTransaction, open_session
from shop.actors import System
from shop.notifications.message import Message
from shop.notifications.messages import WalletCredited
from shop.notifications.outbox import enqueue
from shop.unit_of_work import UnitsOfWork
from shop.users import service as users
from tests.bot.offices import Ground
from tests.bot.phone import Phone, Wire, words_of
from tests.conftest import Clock
from tests.factories import Shop, Shops

TEST = System("test")


@dataclass(frozen=True)
class Nonsense(Message):
    """A promise of a kind nobody has words for."""

    kind: ClassVar[str] = "nonsense"
    number: int = 0

    @property
    def dedupe_key(self) -> str:
        return f"nonsense:{self.number}"


@dataclass(kw_only=True)
class Office(Ground):
    """An outbox by itself, delivering when told, and the shops it serves."""

    outbox: Outbox
    refused: list[int] = field(default_factory=list)

    async def promise(self, shop: Shop, phone: Phone, user_id: int, *numbers: int) -> None:
        async with self.units.begin(shop.bot_id, TEST) as uow:
            for number in numbers:
                await enqueue(
                    uow,
                    chat_id=phone.user_id,
                    user_id=user_id,
                    message=WalletCredited(payment_id=number, amount=number, balance=number),
                )


@pytest.fixture
async def office(
    timed_units: UnitsOfWork,
    clock: Clock,
    shops: Shops,
    wire: Wire,
    sandbox: Sandbox,
    bare: asyncpg.Connection,
) -> AsyncIterator[Office]:
    await bare.execute("update outbox set failed_at = now() where sent_at is null and failed_at is null")
    session, registry, refused = open_session(sandbox.url), Registry(), []
    outbox = Outbox(timed_units, registry, lambda shop, _why: refused.append(shop))
    yield Office(
        units=timed_units,
        clock=clock,
        shops=shops,
        wire=wire,
        session=session,
        registry=registry,
        outbox=outbox,
        refused=refused,
    )
    await session.close()


async def rows(bare: asyncpg.Connection, shop: Shop) -> list[asyncpg.Record]:
    return await bare.fetch("select * from outbox where bot_id = $1 order by id", shop.bot_id)


def amounts(messages: list[dict[str, Any]]) -> list[str]:
    return [words_of(message).split("so ")[1].split(" ")[0] for message in messages]


async def test_a_promise_is_kept_once_with_its_message_id(office: Office, bare: asyncpg.Connection) -> None:
    shop = await office.open_shop()
    phone, user_id = await office.person(shop)
    await office.promise(shop, phone, user_id, 7)
    await office.promise(shop, phone, user_id, 7)

    while await office.outbox.deliver_due():
        pass

    heard = await phone.heard()
    (sent,) = await rows(bare, shop)
    assert len(heard) == 1
    assert sent["sent_at"] is not None
    assert sent["telegram_message_id"] == heard[0]["message_id"]


async def test_messages_of_one_chat_arrive_in_the_order_of_their_promises(office: Office) -> None:
    shop = await office.open_shop()
    phone, user_id = await office.person(shop)
    await office.promise(shop, phone, user_id, 1, 2, 3)

    while await office.outbox.deliver_due():
        pass

    assert amounts(await phone.heard()) == ["1", "2", "3"]


async def test_one_chat_is_written_to_about_once_a_second(office: Office) -> None:
    shop = await office.open_shop()
    phone, user_id = await office.person(shop)
    await office.promise(shop, phone, user_id, 1, 2, 3, 4, 5)

    begun = time.monotonic()
    while await office.outbox.deliver_due():
        pass

    assert len(await phone.heard()) == 5
    assert 1.5 < time.monotonic() - begun < 4  # three at once, then one a second


async def test_too_many_requests_silence_that_bot_alone_for_as_long_as_asked(
    office: Office, bare: asyncpg.Connection
) -> None:
    flooded, other = await office.open_shop(), await office.open_shop()
    (phone, user_id), (neighbour, neighbour_id) = await office.person(flooded), await office.person(other)
    await office.fault(flooded, 429, "Too Many Requests: retry after 2", retry_after=2)
    await office.promise(flooded, phone, user_id, 1)
    await office.promise(other, neighbour, neighbour_id, 2)

    await office.outbox.deliver_due()
    await office.promise(flooded, phone, user_id, 3)
    office.clock.forward(seconds=5)
    quiet = await office.outbox.deliver_due()
    silent = await phone.heard()
    office.outbox._paused.clear()  # the two seconds have passed
    while await office.outbox.deliver_due():
        pass

    assert (quiet, silent) == (0, [])
    assert len(await neighbour.heard()) == 1
    assert amounts(await phone.heard()) == ["1", "3"]
    assert [row["attempts"] for row in await rows(bare, flooded)] == [1, 1]


async def test_who_blocked_the_bot_is_noted_as_unreachable(office: Office, bare: asyncpg.Connection) -> None:
    shop = await office.open_shop()
    phone, user_id = await office.person(shop)
    await phone.block()
    await office.promise(shop, phone, user_id, 1)

    await office.outbox.deliver_due()

    (failed,) = await rows(bare, shop)
    assert failed["failed_at"] is not None
    assert "blocked" in failed["last_error"]
    assert await bare.fetchval("select unreachable_at from users where id = $1", user_id) is not None


async def test_a_refused_token_leaves_the_message_due_and_is_told(
    office: Office, bare: asyncpg.Connection
) -> None:
    shop = await office.open_shop()
    phone, user_id = await office.person(shop)
    await office.fault(shop, 401, "Unauthorized")
    await office.promise(shop, phone, user_id, 1)

    await office.outbox.deliver_due()
    (waiting,) = await rows(bare, shop)
    await office.outbox.deliver_due()  # the token works again

    assert office.refused == [shop.bot_id]
    assert (waiting["attempts"], waiting["failed_at"]) == (0, None)
    assert len(await phone.heard()) == 1


async def test_a_failing_telegram_is_tried_again_with_growing_pauses_and_given_up_visibly(
    office: Office, bare: asyncpg.Connection
) -> None:
    shop = await office.open_shop()
    phone, user_id = await office.person(shop)
    await office.fault(shop, 500, "Internal Server Error", times=MOST_ATTEMPTS)
    await office.promise(shop, phone, user_id, 1)
    pauses = []

    for _ in range(MOST_ATTEMPTS):
        assert await office.outbox.deliver_due() == 1
        (failing,) = await rows(bare, shop)
        pauses.append(failing["due_at"] - office.clock.now)
        office.clock.now = failing["due_at"]

    assert pauses[: len(PAUSES)] == list(PAUSES)
    assert failing["failed_at"] is not None
    assert failing["attempts"] == MOST_ATTEMPTS
    assert "Internal Server Error" in failing["last_error"]


async def test_after_a_passing_trouble_the_message_arrives(office: Office) -> None:
    shop = await office.open_shop()
    phone, user_id = await office.person(shop)
    await office.fault(shop, 500, "Internal Server Error")
    await office.promise(shop, phone, user_id, 1, 2)

    await office.outbox.deliver_due()
    held_up = await office.outbox.deliver_due()
    office.clock.forward(seconds=6)
    while await office.outbox.deliver_due():
        pass

    assert held_up == 0  # the second waits for the first
    assert amounts(await phone.heard()) == ["1", "2"]


async def test_what_telegram_will_never_take_fails_at_once(office: Office, bare: asyncpg.Connection) -> None:
    shop = await office.open_shop()
    phone, user_id = await office.person(shop)
    await office.fault(shop, 400, "Bad Request: chat not found")
    await office.promise(shop, phone, user_id, 1)

    await office.outbox.deliver_due()

    (failed,) = await rows(bare, shop)
    assert (failed["attempts"], failed["failed_at"] is None) == (1, False)


async def test_a_message_without_words_does_not_stop_the_queue(
    office: Office, bare: asyncpg.Connection
) -> None:
    shop = await office.open_shop()
    phone, user_id = await office.person(shop)
    other, other_id = await office.person(shop)
    async with office.units.begin(shop.bot_id, TEST) as uow:
        await enqueue(uow, chat_id=phone.user_id, user_id=user_id, message=Nonsense())
    await office.promise(shop, other, other_id, 2)

    await office.outbox.deliver_due()

    nonsense, fine = await rows(bare, shop)
    assert "TemplateNotFound" in nonsense["last_error"]
    assert nonsense["failed_at"] is None
    assert fine["sent_at"] is not None


async def test_what_was_claimed_and_never_sent_is_sent_after_the_restart(
    office: Office, bare: asyncpg.Connection
) -> None:
    shop = await office.open_shop()
    phone, user_id = await office.person(shop)
    await office.promise(shop, phone, user_id, 1)
    assert len(await office.outbox._claim()) == 1  # and then the process died

    restarted = Outbox(office.units, office.registry, lambda _shop, _why: None)
    too_soon = await restarted.deliver_due()
    office.clock.forward(seconds=LEASE.total_seconds() + 1)
    await restarted.deliver_due()

    assert too_soon == 0
    assert len(await phone.heard()) == 1


async def test_a_bot_that_does_not_run_keeps_its_messages_due(
    office: Office, bare: asyncpg.Connection
) -> None:
    shop = await office.open_shop()
    phone, user_id = await office.person(shop)
    await office.promise(shop, phone, user_id, 1)
    bot = office.registry.bot_of(shop.bot_id)
    office.registry.remove(shop.bot_id)

    assert await office.outbox.deliver_due() == 0
    office.registry.add(shop.bot_id, bot)

    assert await office.outbox.deliver_due() == 1
    assert len(await phone.heard()) == 1


async def test_a_backlog_of_one_shop_leaves_room_for_the_others(office: Office) -> None:
    noisy, quiet = await office.open_shop(), await office.open_shop()
    for _ in range(12):
        phone, user_id = await office.person(noisy)
        await office.promise(noisy, phone, user_id, 1)
    phone, user_id = await office.person(quiet)
    await office.promise(quiet, phone, user_id, 1)

    claimed = await office.outbox._claim()

    assert [one.bot_id for one in claimed].count(quiet.bot_id) == 1
    assert len(claimed) < 12


async def test_the_message_is_written_in_the_persons_language_at_delivery(office: Office) -> None:
    shop = await office.open_shop()
    phone, user_id = await office.person(shop)
    await office.promise(shop, phone, user_id, 1)
    async with office.units.begin(shop.bot_id, TEST) as uow:
        await users.set_language(uow, user_id, "fa")

    await office.outbox.deliver_due()

    assert "پرداخت شما تأیید شد" in words_of((await phone.heard())[0])


async def test_telegram_cannot_be_called_while_a_transaction_is_open(office: Office) -> None:
    shop = await office.open_shop()
    bot = office.registry.bot_of(shop.bot_id)
    assert bot is not None

    async with office.units.begin(shop.bot_id, TEST):
        with pytest.raises(TelegramInsideTransaction):
            await bot.get_me()

    assert (await bot.get_me()).is_bot


async def test_a_new_leader_sends_at_once_what_the_one_before_had_in_hand(
    office: Office, bare: asyncpg.Connection
) -> None:
    shop = await office.open_shop()
    phone, user_id = await office.person(shop)
    await office.promise(shop, phone, user_id, 1)
    await office.outbox._claim()  # and then the process is killed
    successor = Outbox(office.units, office.registry, lambda _shop, _why: None)
    assert await successor.deliver_due() == 0

    await successor.take_over()
    await successor.deliver_due()

    assert amounts(await phone.heard()) == ["1"]
    assert (await rows(bare, shop))[0]["attempts"] == 1


async def test_a_new_leader_respects_the_pauses_of_the_one_before(
    office: Office, bare: asyncpg.Connection
) -> None:
    shop, quiet = await office.open_shop(), await office.open_shop()
    await office.fault(shop, 500, "Internal Server Error")
    await office.fault(quiet, 429, "Too Many Requests", retry_after=30)
    for one in (shop, quiet):
        phone, user_id = await office.person(one)
        await office.promise(one, phone, user_id, 1)
    await office.outbox.deliver_due()
    successor = Outbox(office.units, office.registry, lambda _shop, _why: None)

    await successor.take_over()

    assert await successor.deliver_due() == 0
    assert [row["attempts"] for one in (shop, quiet) for row in await rows(bare, one)] == [1, 0]


async def test_what_we_are_sending_ourselves_is_not_taken_over(
    office: Office, bare: asyncpg.Connection
) -> None:
    shop = await office.open_shop()
    phone, user_id = await office.person(shop)
    await office.promise(shop, phone, user_id, 1)
    await office.outbox._claim()

    await office.outbox.take_over()
    assert (await rows(bare, shop))[0]["attempts"] == 1, "another process would see it as never tried"
    office.clock.forward(seconds=LEASE.total_seconds() + 1)

    assert await office.outbox.deliver_due() == 0


async def test_an_outbox_with_nothing_to_do_sleeps_until_something_falls_due(
    office: Office, bare: asyncpg.Connection
) -> None:
    shop = await office.open_shop()
    phone, user_id = await office.person(shop)
    nothing = await office.outbox._until_next()

    await office.promise(shop, phone, user_id, 1)
    await bare.execute(
        "update outbox set due_at = $2 where bot_id = $1", shop.bot_id, office.clock() + timedelta(seconds=3)
    )
    soon = await office.outbox._until_next()
    office.clock.forward(seconds=4)
    overdue = await office.outbox._until_next()
    office.registry.remove(shop.bot_id)
    of_nobody = await office.outbox._until_next()

    assert (nothing, soon, overdue, of_nobody) == (LONGEST_WAIT, 3, TICK_SECONDS, LONGEST_WAIT)


async def test_a_message_that_waits_for_its_bots_pace_is_looked_for_at_every_tick(office: Office) -> None:
    shop = await office.open_shop()
    phone, user_id = await office.person(shop)
    await office.promise(shop, phone, user_id, 1)
    office.outbox._bots.of(shop.bot_id).take(1000)

    delivered = await office.outbox.deliver_due()
    wait = await office.outbox._until_next()

    assert (delivered, wait) == (0, TICK_SECONDS)
    assert office.outbox._bots.room_of("a bot that has not spoken yet") >= PER_BOT

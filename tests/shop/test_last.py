"""What a unit writes last: history, promises and signals, together and in one statement."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import event, func, select

from db.models import AuditEntry, OutboxMessage
from shop.audit import service as audit
from shop.notifications import messages
from shop.notifications.outbox import enqueue
from shop.signals import desk_changed


@pytest.fixture
def statements(engine):
    seen = []

    def note(_connection, _cursor, statement, *_rest) -> None:
        seen.append(statement)

    event.listen(engine.sync_engine, "before_cursor_execute", note)
    yield seen
    event.remove(engine.sync_engine, "before_cursor_execute", note)


async def say_things(uow, person) -> None:
    for payment_id in (1, 2, 2):
        message = messages.WalletCredited(payment_id, 5, 5)
        await enqueue(uow, chat_id=person.telegram_id, user_id=person.user_id, message=message)
        await audit.record(uow, "test.said", "payment", payment_id, words="پنج\x00")
        await desk_changed(uow)


async def test_history_promises_and_signals_of_a_unit_go_in_one_statement(units, shops, statements):
    shop = await shops.open()
    person = await shops.person(shop)
    statements.clear()

    async with units.begin(shop.bot_id, shop.owner) as uow:
        await say_things(uow, person)

    assert len(statements) == 1
    async with units.begin(shop.bot_id, shop.owner) as uow:
        history = (
            await uow.session.scalars(
                select(AuditEntry).where(AuditEntry.action == "test.said").order_by(AuditEntry.id)
            )
        ).all()
        promised = await uow.session.scalar(select(func.count()).select_from(OutboxMessage))
    assert [entry.subject_id for entry in history] == [1, 2, 2]
    assert {entry.data["words"] for entry in history} == {"پنج"}
    assert promised == 2, "the same promise twice is one"


async def test_a_unit_that_fails_has_said_nothing(units, shops, everything):
    shop = await shops.open()
    person = await shops.person(shop)
    heard = asyncio.Queue()
    await everything.add_listener("desk", lambda *told: heard.put_nowait(told[-1]))

    with pytest.raises(ZeroDivisionError):
        async with units.begin(shop.bot_id, shop.owner) as uow:
            await say_things(uow, person)
            1 / 0  # noqa: B018
    async with units.begin(shop.bot_id, shop.owner) as uow:
        await desk_changed(uow)
        await desk_changed(uow)
    assert await asyncio.wait_for(heard.get(), 5) == str(shop.bot_id)
    assert heard.empty(), "one for the unit that held, none for the other"
    count = "SELECT count(*) FROM outbox WHERE bot_id = $1"
    assert await everything.fetchval(count, shop.bot_id) == 0

"""What is around an update is asked once, for all that arrive together, and nothing of it is kept."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from aiogram.fsm.storage.base import StorageKey
from sqlalchemy import event

from bot.arrivals import Arrivals
from shop.actors import System
from shop.bots.queries import list_fleet
from shop.configurations import service as configurations
from shop.features import service as features
from shop.unit_of_work import UnitsOfWork
from shop.users import service as users
from tests.factories import Shops

TEST = System("test")


@contextmanager
def statements(units: UnitsOfWork) -> Iterator[list[str]]:
    """What SQLAlchemy sends meanwhile."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        sent.append(statement)

    engine = units.sessions.kw["bind"].sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)


def key(person: int) -> StorageKey:
    return StorageKey(bot_id=1, chat_id=person, user_id=person)


async def test_many_who_arrive_together_cost_two_statements(units: UnitsOfWork, shops: Shops) -> None:
    alices, mallorys = await shops.open(), await shops.open()
    carol = await shops.person(alices)
    arrivals = Arrivals(units)

    with statements(units) as sent:
        found = await asyncio.gather(
            *(arrivals.of(shop, key(carol.telegram_id)) for shop in 10 * (alices.bot_id, mallorys.bot_id))
        )

    assert len(sent) <= 2
    assert [one.shop.bot_id for one in found if one] == 10 * [alices.bot_id, mallorys.bot_id]
    assert {one.person.id if one.person else None for one in found[::2] if one} == {carol.user_id}
    assert {one.person for one in found[1::2] if one} == {None}  # a stranger in the other shop


async def test_the_next_arrival_sees_what_was_committed(units: UnitsOfWork, shops: Shops) -> None:
    shop = await shops.open()
    arrivals = Arrivals(units)
    before = await arrivals.of(shop.bot_id, key(5))

    async with units.begin(shop.bot_id, shop.owner) as uow:
        await features.toggle_feature(uow, "card_to_card")
        await configurations.set_configuration(uow, "late_receipt_hours", value=3)
    async with units.begin(shop.bot_id, TEST) as uow:
        await users.register(uow, telegram_id=5, first_name="Carol")
    after = await arrivals.of(shop.bot_id, key(5))

    assert before
    assert after
    assert before.person is None
    assert after.person
    assert before.features.is_on("card_to_card") is not after.features.is_on("card_to_card")
    assert after.settings["late_receipt_hours"] == 3


async def test_there_is_nothing_around_an_update_of_no_shop(units: UnitsOfWork) -> None:
    assert await Arrivals(units).of(10**12, key(5)) is None


async def test_the_tokens_of_a_fleet_are_opened_once(units: UnitsOfWork, shops: Shops) -> None:
    shop = await shops.open()
    async with units.platform(TEST) as uow:
        first = {bot.bot_id: bot for bot in await list_fleet(uow)}
        again = {bot.bot_id: bot for bot in await list_fleet(uow, first)}
        afresh = {bot.bot_id: bot for bot in await list_fleet(uow)}

    assert again[shop.bot_id] is first[shop.bot_id]
    assert again == afresh
    assert first[shop.bot_id].token == shop.telegram_token

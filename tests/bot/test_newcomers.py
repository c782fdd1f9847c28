"""Those who write for the first time at the same time are written down together, each with his own record."""

from __future__ import annotations

import asyncio

import asyncpg
from sqlalchemy.exc import DBAPIError

from bot.newcomers import Newcomers
from shop.unit_of_work import UnitsOfWork
from shop.users.service import Told
from tests.factories import Shops

TROUBLE = "a\x00b"
"""Of a name no table takes."""


async def test_many_first_contacts_at_once_are_two_transactions_and_everybody_gets_his_own(
    units: UnitsOfWork, shops: Shops, bare: asyncpg.Connection
) -> None:
    shop, newcomers = await shops.open(), Newcomers(units)

    cards = await asyncio.gather(
        *(newcomers.keep(shop.bot_id, Told(number, f"Name {number}"), "fa") for number in range(70, 90))
    )
    # The first goes at once; who comes meanwhile waits for it.
    transactions = await bare.fetchval(
        "select count(distinct xmin::text) from users where bot_id = $1", shop.bot_id
    )

    assert [(card.telegram_id, card.name) for card in cards] == [(n, f"Name {n}") for n in range(70, 90)]
    assert transactions == 2


async def test_one_person_twice_in_a_breath_is_one_record_with_the_last_name(
    units: UnitsOfWork, shops: Shops
) -> None:
    shop, newcomers = await shops.open(), Newcomers(units)

    cards = await asyncio.gather(
        *(newcomers.keep(shop.bot_id, Told(60, name), "fa") for name in ("first", "second", "third"))
    )

    assert len({card.id for card in cards}) == 1
    assert [card.name for card in cards] == ["first", "third", "third"]


async def test_a_record_that_cannot_be_written_spoils_nobody_elses(units: UnitsOfWork, shops: Shops) -> None:
    shop, newcomers = await shops.open(), Newcomers(units)

    first, good, bad, other = await asyncio.gather(
        newcomers.keep(shop.bot_id, Told(50, "Early"), "fa"),
        newcomers.keep(shop.bot_id, Told(51, "Good"), "fa"),
        newcomers.keep(shop.bot_id, Told(52, "Bad", username=TROUBLE), "fa"),
        newcomers.keep(shop.bot_id, Told(53, "Other"), "fa"),
        return_exceptions=True,
    )

    assert isinstance(bad, DBAPIError)
    assert [card.name for card in (first, good, other)] == ["Early", "Good", "Other"]


async def test_two_shops_write_down_the_same_person_each_for_itself(units: UnitsOfWork, shops: Shops) -> None:
    ours, theirs, newcomers = await shops.open(), await shops.open(), Newcomers(units)

    one, two = await asyncio.gather(
        *(newcomers.keep(shop.bot_id, Told(40, "Carol"), "fa") for shop in (ours, theirs))
    )

    assert (one.telegram_id, two.telegram_id) == (40, 40)
    assert one.id != two.id

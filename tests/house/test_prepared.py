"""What ``db.prepared`` makes of a statement is the same statement."""

from __future__ import annotations

import pytest
from sqlalchemy import BigInteger, bindparam, select
from sqlalchemy.dialects.postgresql import insert

from db.models import BotConfiguration, CardDay
from db.prepared import compiled_once
from shop.actors import System

SHOP = bindparam("shop", type_=BigInteger)


async def test_parameters_values_and_columns_are_those_of_the_statement(units, make_shop):
    shop = await make_shop(stock=0)
    statement = (
        insert(BotConfiguration)
        .values(
            bot_id=SHOP,
            config_key=bindparam("key"),
            config_value={"list": [1, 2], "text": "«:یک» ::text"},
            created_at=bindparam("now"),
            updated_at=bindparam("now"),
        )
        .on_conflict_do_nothing()
        .returning(BotConfiguration.config_key, BotConfiguration.config_value)
    )
    once = compiled_once(statement)

    async with units.begin(shop.bot_id, System("test")) as uow:
        given = {"shop": shop.bot_id, "key": "anything", "now": uow.now}
        rows = (await uow.session.execute(once, given)).all()
        again = (await uow.session.execute(once, given)).all()

    assert [tuple(row) for row in rows] == [("anything", {"list": [1, 2], "text": "«:یک» ::text"})]
    assert again == []


async def test_the_wall_stands_behind_a_statement_that_names_another_shop(units, make_shop):
    shop = await make_shop(stock=0)
    other = await make_shop(stock=0)
    everybodys = compiled_once(select(CardDay.card_id, CardDay.bot_id))
    async with units.begin(other.bot_id, System("test")) as uow:
        uow.session.add(CardDay(card_id=other.card_id, day=uow.now.date()))

    async with units.begin(shop.bot_id, System("test")) as uow:
        seen = (await uow.session.execute(everybodys)).all()

    assert seen == []


def test_a_column_that_python_would_fill_at_each_execution_has_to_be_named():
    with pytest.raises(ValueError, match="shown_count"):
        compiled_once(insert(CardDay).values(bot_id=SHOP, card_id=1, day=bindparam("day")))

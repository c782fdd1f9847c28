"""A connection of the pool carries nothing of one shop into the next transaction."""

from __future__ import annotations

import ast
import re
from collections.abc import AsyncIterator

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from db.engine import build_engine, build_sessions
from shop.actors import System
from shop.unit_of_work import UnitsOfWork
from tests.house.test_conventions import ROOT, SOURCES

TURNS = 1000
PLANS = text("SELECT count(*) FROM bot_plans")
_PLAIN_SET = re.compile(
    r"(?:\A|;)\s*(?:set\s+(?!local\b|transaction\b)(?:session\s+)?(?:role\b|[\w.]+\s*(?:=|to\s))|reset\s)"
    r"|set_config\([^)]*false",
    re.IGNORECASE,
)
ALLOWED = {("db/migrate.py", "SET lock_timeout = '")}
"""Migrations run on a connection of their own, which is closed after them."""


@pytest.fixture
async def one_connection(database) -> AsyncIterator[AsyncEngine]:
    engine = build_engine(database.app_url, application_name="one connection", pool_size=1)
    engine.pool._max_overflow = 0  # type: ignore[attr-defined]
    yield engine
    await engine.dispose()


async def leave_behind(engine: AsyncEngine, bot_id: int) -> None:
    """What a careless statement, or a clever one from outside, would leave on the connection."""
    async with engine.connect() as connection:
        pooled = await connection.get_raw_connection()
        driver = pooled.driver_connection
        assert isinstance(driver, asyncpg.Connection)
        await driver.execute(f"SET app.bot_id = '{bot_id}'; SET app.platform = 'on'")


async def count(connection: AsyncConnection) -> int:
    return (await connection.execute(PLANS)).scalar_one()


async def test_a_thousand_times_on_one_connection_nothing_of_a_shop_is_left_for_the_next(
    one_connection, make_shop, vault
):
    alice, mallory = await make_shop(), await make_shop()
    units = UnitsOfWork(build_sessions(one_connection), vault, channel="test")
    wrong = []
    for turn in range(TURNS):
        if turn % 100 == 0:
            await leave_behind(one_connection, alice.bot_id)
        shop = (alice, mallory)[turn % 2]
        async with units.begin(shop.bot_id, System("test")) as uow:
            own = await uow.session.scalar(PLANS)
        async with one_connection.connect() as bare:
            none = await count(bare)
        if (own, none) != (1, 0):
            wrong.append((turn, own, none))

    assert wrong == []


async def test_what_somebody_left_on_the_connection_does_not_widen_a_units_sight(
    one_connection, make_shop, vault
):
    alice, mallory = await make_shop(), await make_shop()
    units = UnitsOfWork(build_sessions(one_connection), vault, channel="test")
    await leave_behind(one_connection, alice.bot_id)

    async with units.begin(mallory.bot_id, System("test")) as uow:
        seen = (await uow.session.scalars(text("SELECT bot_id FROM bot_plans"))).all()
    async with units.platform(System("test")) as uow:
        changed = await uow.session.execute(text("UPDATE bot_plans SET price = price"))

    assert seen == [mallory.bot_id]
    assert changed.rowcount == 0  # type: ignore[attr-defined]


async def test_a_setting_outside_a_transaction_shows_nothing(app_connection, make_shop):
    shop = await make_shop()

    await app_connection.execute(f"SET LOCAL app.bot_id = '{shop.bot_id}'")

    assert await app_connection.fetchval("SELECT count(*) FROM bot_plans") == 0


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_statement_of_ours_outlives_its_transaction(path):
    """A plain SET, RESET or set_config(…, false) reaches the next user of the pooled connection."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _PLAIN_SET.search(node.value):
            assert (str(path.relative_to(ROOT)), node.value) in ALLOWED, node.value


@pytest.mark.parametrize(
    "statement",
    [
        "SET app.bot_id = '7'",
        "select 1; set session role to x",
        "RESET ROLE",
        "select set_config('a', 'b', false)",
    ],
)
def test_the_rule_knows_such_a_statement(statement):
    assert _PLAIN_SET.search(statement)

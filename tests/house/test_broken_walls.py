"""Break the wall of each table in turn, in a transaction that is rolled back: the checks must notice it.

A check that nobody has seen fail proves nothing. ``symptoms`` is what a person without rights would notice,
``faults_in_the_wall`` what every start of ours looks at.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from db.doctor import UnfitDatabase, check_wall, faults_in_the_wall
from db.urls import APP_ROLE, OWNER_ROLE
from db.walls import CLAIMED_ACROSS_SHOPS, SHOP
from tests.house.test_walls import SHOP_TABLES

MINE, OTHERS = 2**60, 2**60 + 1
"""Shops that no other test has."""
ROW_LEVEL_SECURITY = "42501"
KEYS = {table: "id" if table == "bots" else "bot_id" for table in SHOP_TABLES}
DAMAGE = {
    "not forced": "ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY",
    "switched off": "ALTER TABLE {table} DISABLE ROW LEVEL SECURITY",
    "without WITH CHECK": "DROP POLICY shop ON {table}; CREATE POLICY shop ON {table} USING ({key} = {shop})",
    "anything may be written": "ALTER POLICY shop ON {table} WITH CHECK (true)",
    "USING (true)": "ALTER POLICY shop ON {table} USING (true)",
    "the policy removed": "DROP POLICY shop ON {table}",
    "one policy too many": "CREATE POLICY more ON {table} USING (true) WITH CHECK (true)",
    "for one role alone": "ALTER POLICY shop ON {table} TO pg_monitor",
}
UNSEEN_BY_PEOPLE = {"without WITH CHECK"}
"""PostgreSQL then takes USING for WITH CHECK, so only the catalogue tells, until somebody widens USING."""
VALUES = {
    "bigint": "1",
    "integer": "1",
    "boolean": "true",
    "bytea": "gen_random_uuid()::text::bytea",
    "date": "current_date",
    "timestamp with time zone": "now()",
    "text": "gen_random_uuid()::text",
    "text[]": "'{}'",
    "jsonb": "'{}'",
}


@pytest.fixture(scope="module")
async def superuser(database) -> AsyncIterator[AsyncConnection]:
    engine = create_async_engine(
        database.owner_url.replace(f"{OWNER_ROLE}@", "postgres@"), poolclass=NullPool
    )
    async with engine.connect() as connection:
        yield connection
    await engine.dispose()


async def run(connection: AsyncConnection, script: str) -> None:
    for statement in script.split(";"):
        await connection.exec_driver_sql(statement)


async def furnish(connection: AsyncConnection, table: str) -> str:
    """A row for each of the two shops, whatever else the schema would ask of it; how to write another."""
    await connection.exec_driver_sql("SET LOCAL session_replication_role = replica")  # no foreign keys
    checks = await connection.scalars(
        text("SELECT conname FROM pg_constraint WHERE contype = 'c' AND conrelid = to_regclass(:table)"),
        {"table": table},
    )
    for name in checks.all():
        await connection.exec_driver_sql(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    columns = await connection.execute(
        text(
            "SELECT attname, format_type(atttypid, NULL) FROM pg_attribute "
            "WHERE attrelid = to_regclass(:table) AND attnum > 0 AND NOT attisdropped AND attnotnull "
            "AND NOT atthasdef AND attidentity = '' AND attname <> :key"
        ),
        {"table": table, "key": KEYS[table]},
    )
    values = {name: VALUES[kind] for name, kind in columns.tuples()}
    insert = (
        f"INSERT INTO {table} ({', '.join((KEYS[table], *values))}) "  # noqa: S608
        f"VALUES (%s, {', '.join(values.values())})".replace(", )", ")")
    )
    for shop in (MINE, OTHERS):
        await connection.exec_driver_sql(insert % shop)
    return insert


async def as_role(connection: AsyncConnection, role: str, *, shop: int | None = None) -> None:
    await run(
        connection,
        f"RESET ROLE; SET LOCAL ROLE {role}; SET LOCAL app.platform = ''; "
        f"SET LOCAL app.bot_id = '{'' if shop is None else shop}'",
    )


async def refuses(connection: AsyncConnection, statement: str) -> bool:
    try:
        async with connection.begin_nested():
            await connection.exec_driver_sql(statement)
    except DBAPIError as error:
        return error.orig is not None and error.orig.sqlstate == ROW_LEVEL_SECURITY  # type: ignore[attr-defined]
    return False


async def seen(connection: AsyncConnection, table: str) -> list[int]:
    rows = await connection.exec_driver_sql(f"SELECT {KEYS[table]} FROM {table}")  # noqa: S608
    return sorted(rows.scalars())


async def symptoms(connection: AsyncConnection, table: str, insert: str) -> list[str]:
    """What is wrong for the application's role and for the owner, asked in their own names."""
    found = []
    await as_role(connection, APP_ROLE)
    if await seen(connection, table):
        found.append("without a shop rows are seen")
    await as_role(connection, OWNER_ROLE)
    if await seen(connection, table):
        found.append("the owner looks past the wall")
    await as_role(connection, APP_ROLE, shop=MINE)
    if await seen(connection, table) != [MINE]:
        found.append("a shop does not see its own rows alone")
    if not await refuses(connection, insert % OTHERS):
        found.append("a row of another shop can be written")
    await connection.exec_driver_sql("RESET ROLE")
    return found


@pytest.mark.parametrize("table", SHOP_TABLES)
async def test_every_damage_to_the_wall_of_every_table_is_noticed(superuser, table):
    unnoticed = []
    for damage, script in {"none": "", **DAMAGE}.items():
        async with superuser.begin() as transaction:
            insert = await furnish(superuser, table)
            await run(superuser, script.format(table=table, key=KEYS[table], shop=SHOP) or "SELECT 1")
            by_people = await symptoms(superuser, table, insert)
            by_catalogue = await faults_in_the_wall(superuser)
            await transaction.rollback()
        if damage == "none":
            assert (by_people, by_catalogue) == ([], []), "the whole wall is no false alarm"
        elif not by_catalogue or not (by_people or damage in UNSEEN_BY_PEOPLE):
            unnoticed.append((damage, by_people, by_catalogue))

    assert unnoticed == []


@pytest.mark.parametrize("table", CLAIMED_ACROSS_SHOPS)
async def test_a_platform_policy_that_was_widened_is_noticed(superuser, table):
    async with superuser.begin() as transaction:
        await superuser.exec_driver_sql(f"ALTER POLICY platform_claims ON {table} USING (true)")
        found = await faults_in_the_wall(superuser)
        await transaction.rollback()

    assert found == [f"the policy platform_claims of {table} is not ours"]


async def test_a_table_of_a_shop_that_was_made_without_a_wall_is_noticed(superuser):
    name = f"forgotten_{secrets.token_hex(4)}"
    async with superuser.begin() as transaction:
        await superuser.exec_driver_sql(f"CREATE TABLE {name} (bot_id bigint)")
        with pytest.raises(UnfitDatabase, match=f"not forced on {name}; the policy platform_reads of {name}"):
            await check_wall(superuser)
        await transaction.rollback()

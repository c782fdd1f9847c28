"""One history of the schema: forwards, backwards, forwards again, and equal to the models."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from db import migrate
from db.base import Base
from db.urls import APP_ROLE


def test_the_history_has_one_head():
    heads = ScriptDirectory.from_config(migrate.build_config()).get_heads()

    assert heads == [migrate.head()]


async def test_up_and_down_and_up_again(server):
    database = server.create_database("up_and_down")

    await migrate.upgrade(database.owner_url, app_role=APP_ROLE)
    await migrate.downgrade(database.owner_url, revision="base")
    left = await _tables(database.owner_url)
    await migrate.upgrade(database.owner_url, app_role=APP_ROLE)

    assert left == {"alembic_version"}
    assert set(Base.metadata.tables) <= await _tables(database.owner_url)


async def test_the_largest_receipt_becomes_megabytes_and_never_smaller_than_it_was(server):
    made = server.create_database("in_megabytes")
    await migrate.upgrade(made.owner_url, app_role=APP_ROLE, revision="0036")
    engine = create_async_engine(made.owner_url, poolclass=NullPool)
    async with engine.begin() as connection:
        # Rows of shops there are none of.
        await connection.execute(
            text("ALTER TABLE bot_configurations DROP CONSTRAINT fk_bot_configurations_bot_id")
        )
        for shop, size in enumerate((204_800, 2 * 2**20, 2 * 2**20 + 1, 20 * 2**20), start=1):
            await _of_shop(connection, shop)
            await connection.execute(
                text(
                    "INSERT INTO bot_configurations (bot_id, config_key, config_value, created_at, "
                    "updated_at) VALUES "
                    "(:shop, 'receipt_max_bytes', to_jsonb(cast(:size AS int)), now(), now())"
                ),
                {"shop": shop, "size": size},
            )

    await migrate.upgrade(made.owner_url, app_role=APP_ROLE)

    async with engine.begin() as connection:
        kept = []
        for shop in range(1, 5):
            await _of_shop(connection, shop)
            kept += await connection.execute(
                text("SELECT config_key, config_value FROM bot_configurations WHERE bot_id = :shop"),
                {"shop": shop},
            )
    await engine.dispose()
    assert kept == [("receipt_max_mb", megabytes) for megabytes in (1, 2, 3, 20)]


async def _of_shop(connection, shop):
    await connection.execute(text("SELECT set_config('app.bot_id', :shop, true)"), {"shop": str(shop)})


async def test_the_models_equal_what_the_migrations_make(database):
    engine = create_async_engine(database.owner_url, poolclass=NullPool)
    async with engine.connect() as connection:
        differences = await connection.run_sync(
            lambda sync: compare_metadata(
                MigrationContext.configure(sync, opts={"compare_type": True}), Base.metadata
            )
        )
    await engine.dispose()

    assert differences == []


async def test_migrating_twice_changes_nothing_and_keeps_the_grants(database):
    await migrate.upgrade(database.owner_url, app_role=APP_ROLE)

    engine = create_async_engine(database.app_url, poolclass=NullPool)
    assert await migrate.current(engine) == migrate.head()
    await engine.dispose()


async def test_migrating_takes_back_what_was_granted_beyond_the_list(server):
    made = server.create_database("granting")
    await migrate.upgrade(made.owner_url, app_role=APP_ROLE)
    engine = create_async_engine(made.owner_url, poolclass=NullPool)
    asked = text("SELECT has_table_privilege(:role, 'audit_log', 'UPDATE')")
    found = []
    for statement in (f"GRANT UPDATE ON audit_log TO {APP_ROLE}", None):
        async with engine.begin() as connection:
            if statement is not None:
                await connection.execute(text(statement))
            found.append(await connection.scalar(asked, {"role": APP_ROLE}))
        await migrate.upgrade(made.owner_url, app_role=APP_ROLE)
    await engine.dispose()

    assert found == [True, False]


async def _tables(url: str) -> set[str]:
    engine = create_async_engine(url, poolclass=NullPool)
    async with engine.connect() as connection:
        rows = await connection.execute(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))
        found = {row[0] for row in rows}
    await engine.dispose()
    return found

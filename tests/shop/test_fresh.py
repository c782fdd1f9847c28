"""A fresh installation knows nobody: there is no default account and no default key."""

from __future__ import annotations

import asyncpg
import pytest

from db import migrate
from db.embedded import Server
from db.urls import APP_ROLE


@pytest.fixture(scope="module")
async def fresh(server: Server):
    made = server.create_database("fresh")
    await migrate.upgrade(made.owner_url, app_role=APP_ROLE)
    return made


async def test_nobody_has_an_account_or_a_key_before_somebody_makes_one(server, fresh):
    connection = await asyncpg.connect(
        host=str(server.socket_folder), port=5432, user="postgres", database=fresh.name
    )
    names = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    tables = {name for (name,) in names} - {"alembic_version"}
    counts = {name: await connection.fetchval(f"SELECT count(*) FROM {name}") for name in tables}  # noqa: S608  (our own names)
    await connection.close()

    assert {name for name, count in counts.items() if count} == set()
    assert {"staff", "api_tokens", "sessions", "bots"} <= tables

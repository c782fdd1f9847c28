"""A database that is not ours: which roles we accept, and what we ask its administrator for."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from db import migrate
from db.doctor import UnfitDatabase, check_role
from db.embedded import Database, Server
from db.ready import DatabaseUnreachable, MigrationsBehind, wait_until_migrated
from db.urls import APP_ROLE
from tests.runtime.conftest import Told


@pytest.fixture
def external(server: Server) -> Iterator[Database]:
    """An empty database with our two roles, as an administrator would prepare it."""
    name = f"external_{secrets.token_hex(4)}"
    yield server.create_database(name)
    server.drop_database(name)


def as_superuser(address: str) -> str:
    return address.replace("pishkhan_app@", "postgres@").replace("pishkhan_owner@", "postgres@")


def test_migrating_needs_the_owner_and_says_so_unless_there_is_nothing_to_do(
    pishkhan: Callable[..., Told], external: Database
) -> None:
    alone = pishkhan("migrate", DATABASE_URL=external.app_url)
    assert (alone.status, alone.err.count("\n")) == (1, 1)
    assert alone.err.startswith("DATABASE_OWNER_URL is missing")

    both = pishkhan("migrate", DATABASE_URL=external.app_url, DATABASE_OWNER_URL=external.owner_url)
    assert both.status == 0, both.err
    again = pishkhan("migrate", DATABASE_URL=external.app_url)
    assert again.status == 0, again.err


def test_migrating_with_a_bot_token_opens_the_masters_shop_once_and_leaves_no_key_in_a_journal(
    pishkhan: Callable[..., Told], external: Database
) -> None:
    roles = {"DATABASE_URL": external.app_url, "DATABASE_OWNER_URL": external.owner_url}
    token = {"BOT_TOKEN": "123456789:AAExampleExampleExampleExampleExamp"}

    first = pishkhan("migrate", **roles, **token)
    again = pishkhan("migrate", **roles, **token)

    assert (first.status, again.status) == (0, 0), first.err + again.err
    assert "token issue master" in first.out
    assert "pk_live_" not in first.out
    assert "master" not in again.out
    assert pishkhan("token", "issue", "master", **roles).out.count("pk_live_") == 1


def test_a_superuser_may_not_be_the_application(pishkhan: Callable[..., Told], external: Database) -> None:
    told = pishkhan(
        "migrate", DATABASE_URL=as_superuser(external.app_url), DATABASE_OWNER_URL=external.owner_url
    )

    assert (told.status, told.err.count("\n")) == (1, 1)
    assert "is a superuser" in told.err


@pytest.mark.parametrize("trick", ["owner", "member", "bypass"])
async def test_a_role_that_could_look_past_the_wall_is_refused(
    server: Server, database: Database, trick: str
) -> None:
    role = f"sly_{secrets.token_hex(4)}"
    server.run_sql(f"create role {role} login {'bypassrls' if trick == 'bypass' else ''}")
    server.run_sql(f"grant connect on database {database.name} to {role}")
    if trick == "member":
        server.run_sql(f"grant pishkhan_owner to {role}")
    url = database.owner_url if trick == "owner" else database.app_url.replace("pishkhan_app@", f"{role}@")
    engine = create_async_engine(url)
    try:
        async with engine.connect() as connection:
            with pytest.raises(UnfitDatabase, match="keep the shops apart"):
                await check_role(connection)
    finally:
        await engine.dispose()
        server.run_sql(f"revoke all on database {database.name} from {role}")
        server.run_sql(f"drop role {role}")


async def test_the_role_of_the_application_is_accepted(database: Database) -> None:
    await wait_until_migrated(database.app_url, timeout=0)


async def test_waiting_ends_at_once_where_it_is_of_no_use(database: Database) -> None:
    nowhere = database.app_url.replace(f"/{database.name}?", "/nowhere?")

    async with asyncio.timeout(3):
        with pytest.raises(DatabaseUnreachable, match="does not exist"):
            await wait_until_migrated(nowhere, timeout=60)


async def test_a_schema_that_is_behind_is_named_with_its_cure(external: Database) -> None:
    with pytest.raises(MigrationsBehind, match="python -m shop migrate"):
        await wait_until_migrated(external.app_url, timeout=0)


async def test_nobody_starts_on_a_database_whose_wall_is_broken(external: Database) -> None:
    await migrate.upgrade(external.owner_url, app_role=APP_ROLE)
    await wait_until_migrated(external.app_url, timeout=0)
    engine = create_async_engine(external.owner_url)
    async with engine.begin() as connection:
        await connection.execute(text("alter table orders no force row level security"))
    await engine.dispose()

    with pytest.raises(UnfitDatabase, match="not forced on orders"):
        await wait_until_migrated(external.app_url, timeout=0)


def test_a_backup_needs_a_role_above_the_wall_and_says_so(
    pishkhan: Callable[..., Told], external: Database, tmp_path: Path
) -> None:
    roles = {"DATABASE_URL": external.app_url, "DATABASE_OWNER_URL": external.owner_url}
    assert pishkhan("migrate", **roles).status == 0
    place = tmp_path / "backup.tar"

    refused = pishkhan("backup", str(place), **roles)
    assert (refused.status, refused.err.count("\n")) == (1, 1)
    assert "BYPASSRLS" in refused.err
    assert list(tmp_path.glob("backup*")) == []

    above = {**roles, "DATABASE_OWNER_URL": as_superuser(external.owner_url)}
    assert pishkhan("backup", str(place), **above).status == 0


def test_the_doctor_tells_everything_that_is_wrong_at_once(
    pishkhan: Callable[..., Told], external: Database
) -> None:
    told = pishkhan("check", "--json", DATABASE_URL=as_superuser(external.app_url))

    wrong = {row["check"] for row in json.loads(told.out) if not row["ok"]}
    assert told.status == 1
    assert wrong == {"role", "schema"}

"""The server lets go by itself of what a vanished client held."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from db import migrate
from db.bounds import SERVER_BOUNDS
from db.embedded import Database, Server
from db.engine import build_engine
from db.listen import CONNECTION_TROUBLE, connect_alone
from db.passing import is_locked_out, is_passing
from db.urls import APP_ROLE

TIMES = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")


async def test_every_connection_of_ours_tells_the_server_how_long_to_bear_with_it(database: Database) -> None:
    engine = build_engine(database.app_url, application_name="bounds")
    alone = await connect_alone(database.app_url, application_name="bounds")
    async with engine.connect() as pooled:
        found = [
            [await alone.fetchval(f"show {name}") for name in TIMES],
            [await pooled.scalar(text(f"show {name}")) for name in TIMES],
        ]
    await alone.close()
    await engine.dispose()

    assert found == [[SERVER_BOUNDS[name] for name in TIMES]] * 2


async def test_the_server_is_told_to_give_up_a_peer_that_is_silent_for_nine_seconds() -> None:
    """A Unix socket has no such settings to ask for, so what is sent is looked at."""
    sent: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(8)  # asks for TLS
        writer.write(b"N")
        length = int.from_bytes(await reader.readexactly(4), "big")
        sent.set_result(await reader.readexactly(length - 4))
        writer.close()

    async with await asyncio.start_server(listen, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(CONNECTION_TROUBLE):
            await connect_alone(
                f"postgresql+asyncpg://nobody@127.0.0.1:{port}/none", application_name="bounds"
            )
    words = (await sent)[4:].decode().split("\0")
    told = dict(zip(words[::2], words[1::2], strict=False))

    assert told["tcp_user_timeout"] == "9000"
    idle, interval, count = [int(told[f"tcp_keepalives_{name}"]) for name in ("idle", "interval", "count")]
    assert idle + interval * count == 9


async def test_a_locked_table_is_waited_for_three_seconds_and_may_be_tried_again(
    server: Server, database: Database
) -> None:
    engine = build_engine(database.app_url, application_name="bounds")
    async with _locked(server, database, "users"), engine.connect() as connection:
        with pytest.raises(DBAPIError) as raised:
            await connection.execute(text("select count(*) from users"))
    await engine.dispose()

    assert is_locked_out(raised.value)
    assert is_passing(raised.value)


async def test_a_migration_lets_others_pass_and_tries_again(server: Server) -> None:
    made = server.create_database("migrating")
    await migrate.upgrade(made.owner_url, app_role=APP_ROLE)

    async with _locked(server, made, "alembic_version") as lock:
        migrating = asyncio.create_task(migrate.upgrade(made.owner_url, app_role=APP_ROLE))
        await _until_given_up(lock)
    await migrating


class _locked:  # noqa: N801  (reads like the statement it stands for)
    """``ACCESS EXCLUSIVE`` on a table, as a superuser, for the time of the block."""

    def __init__(self, server: Server, database: Database, table: str) -> None:
        self._arguments = {"host": str(server.socket_folder), "port": 5432, "user": "postgres"}
        self._database, self._table = database.name, table

    async def __aenter__(self) -> asyncpg.Connection:
        self._connection = await asyncpg.connect(**self._arguments, database=self._database)
        await self._connection.execute(f"begin; lock table {self._table} in access exclusive mode")
        return self._connection

    async def __aexit__(self, *_: object) -> None:
        await self._connection.close()


async def _until_given_up(connection: asyncpg.Connection) -> None:
    """Until somebody has waited for our lock, and does so no more."""
    has_waited = False
    async with asyncio.timeout(20):
        while True:
            waits = await connection.fetchval("select count(*) from pg_locks where not granted") > 0
            if has_waited and not waits:
                return
            has_waited = has_waited or waits
            await asyncio.sleep(0.02)

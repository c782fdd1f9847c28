"""Is the database as this version needs it, and if not, make it so; `check` tells everything."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import TypeVar

from alembic.util import CommandError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from db.doctor import UnfitDatabase, check_role, check_wall
from db.embedded import FolderBusy, embedded_postgres
from db.migrate import head, upgrade
from db.ready import MigrationsBehind, wait_until_migrated, wait_until_reachable
from db.settings import Settings
from shop.cli.command import Command, Refused, print_table

REACH_SECONDS = 8.0
_T = TypeVar("_T")


@contextmanager
def serving_database(settings: Settings) -> Iterator[None]:
    """The database answers within the block: an embedded one that is not running is started for it."""
    with ExitStack() as stack:
        if settings.embedded:
            with suppress(FolderBusy):  # then `up` serves it already
                stack.enter_context(embedded_postgres(settings.data_dir))
        yield


def migrate(settings: Settings) -> None:
    """Bring the schema to this version's form, and see that the application's role is a harmless one.

    Raises Refused or one of db.ready.NOT_READY. Safe to repeat.
    """
    asyncio.run(_migrate(settings))


async def _migrate(settings: Settings) -> None:
    await wait_until_reachable(settings.database_url, timeout=REACH_SECONDS)
    await _with_connection(settings, check_role)
    if settings.owner_url is None:
        try:
            await wait_until_migrated(settings.database_url, timeout=0)
        except MigrationsBehind as error:
            raise Refused(
                "DATABASE_OWNER_URL is missing: the schema must first be brought up to date, "
                "by the role that owns the tables"
            ) from error
        return
    await wait_until_reachable(settings.owner_url, timeout=REACH_SECONDS)
    try:
        await upgrade(settings.owner_url, app_role=settings.app_role)
    except DBAPIError as error:
        raise Refused(f"the migration failed and changed nothing: {_first_line(error)}") from error
    except CommandError as error:
        raise Refused(f"the migration failed: {error}") from error
    await wait_until_migrated(settings.database_url, timeout=REACH_SECONDS)


def _first_line(error: DBAPIError) -> str:
    return str(error.orig).split("\n", 1)[0].rpartition(">: ")[2]


async def _with_connection(settings: Settings, ask: Callable[[AsyncConnection], Awaitable[_T]]) -> _T:
    engine = create_async_engine(settings.database_url, poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            return await ask(connection)
    finally:
        await engine.dispose()


def run_check(arguments: argparse.Namespace, settings: Settings) -> int:
    """Look at everything, and tell everything: a doctor does not stop at the first finding."""
    with serving_database(settings):
        rows = asyncio.run(_examine(settings))
    print_table(rows, ("check", "ok", "finding"), as_json=arguments.json)
    return 0 if all(row["ok"] for row in rows) else 1


async def _examine(settings: Settings) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []

    async def note(check: str, work: Awaitable[object], fine: str) -> bool:
        try:
            await work
        except Exception as error:  # noqa: BLE001  (whatever is wrong is the finding)
            rows.append({"check": check, "ok": False, "finding": str(error)})
            return False
        rows.append({"check": check, "ok": True, "finding": fine})
        return True

    rows.append({"check": "settings", "ok": True, "finding": f"{settings.data_dir}, {_telegram(settings)}"})
    if not await note(
        "database", wait_until_reachable(settings.database_url, timeout=REACH_SECONDS), "answers"
    ):
        return rows
    await note(
        "role", _with_connection(settings, check_role), f"{settings.app_role} may not look past the wall"
    )
    await note("schema", _require_schema(settings), f"at {head()}")
    await note(
        "wall",
        _with_connection(settings, check_wall),
        "every table of a shop has row-level security, forced, with our policies alone",
    )
    await note("pictures", asyncio.to_thread(_require_writable, settings), str(settings.media_dir))
    return rows


def _telegram(settings: Settings) -> str:
    return (
        "the sandbox stands in for Telegram" if settings.sandbox else f"Telegram by {settings.telegram_mode}"
    )


async def _require_schema(settings: Settings) -> None:
    with suppress(UnfitDatabase):  # about the role, which has a line of its own
        await wait_until_migrated(settings.database_url, timeout=0)


def _require_writable(settings: Settings) -> None:
    settings.media_dir.mkdir(mode=0o700, exist_ok=True)
    probe = settings.media_dir / ".probe"
    probe.touch()
    probe.unlink()


def _check_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")


CHECK = Command(
    "check", "Examine settings and database, and tell what is wrong.", run_check, _check_arguments
)

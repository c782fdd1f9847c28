"""Bring the schema to its newest form, as the owner role, one process at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from db import models as _models  # noqa: F401  (fills the metadata)
from db import walls
from db.base import Base
from db.passing import is_locked_out

LOCK_KEY = 7_106_108_001
"""Any number will do, as long as every migrator takes the same one."""
LOCK_TIMEOUT = "2s"
"""A migration that cannot have its table soon gives up: everybody else waits behind it, and bears five."""
TRIES, PAUSE_SECONDS = 5, 2.0
"""Between two tries whoever waited behind us gets his turn."""


def build_config() -> Config:
    """Alembic's settings, without an ini file."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    return config


def head() -> str:
    """The newest revision the code knows. Raises when there is more than one."""
    revision = ScriptDirectory.from_config(build_config()).get_current_head()
    if revision is None:
        raise RuntimeError("no migrations found")
    return revision


async def upgrade(owner_url: str, *, app_role: str, revision: str = "head") -> None:
    """Run what is missing and renew the grants of ``app_role``. Safe to repeat and to run twice at once."""
    await _run(owner_url, lambda config: command.upgrade(config, revision), app_role=app_role)


async def downgrade(owner_url: str, *, revision: str) -> None:
    """Go back to ``revision`` (``base`` empties the schema). Loses what newer tables hold."""
    await _run(owner_url, lambda config: command.downgrade(config, revision), app_role=None)


async def current(engine: AsyncEngine) -> str | None:
    """The revision the database is at, or None when it was never migrated."""
    async with engine.connect() as connection:
        return await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_revision())


async def _run(owner_url: str, step: Callable[[Config], None], *, app_role: str | None) -> None:
    engine = create_async_engine(owner_url, poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            await connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": LOCK_KEY})
            await connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
            await connection.commit()
            for tries_left in reversed(range(TRIES)):
                try:
                    await connection.run_sync(_migrate, step, app_role)
                    await connection.commit()
                except DBAPIError as error:
                    await connection.rollback()
                    if not tries_left or not is_locked_out(error):
                        raise
                    await asyncio.sleep(PAUSE_SECONDS)
                else:
                    break
    finally:
        await engine.dispose()


def _migrate(connection: Connection, step: Callable[[Config], None], app_role: str | None) -> None:
    config = build_config()
    config.attributes["connection"] = connection
    step(config)
    if app_role is not None:
        for statement in walls.grants(app_role, Base.metadata.tables):
            connection.execute(text(statement))

"""The ground everything is measured on: a PostgreSQL of its own, filled in bulk, gone afterwards."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from db import migrate
from db.crypto import Vault
from db.embedded import Database, Server, embedded_postgres
from db.engine import build_engine, build_sessions
from db.urls import APP_ROLE, DATABASE, embedded_address
from shop.actors import OWNING, Master, StaffMember
from shop.demo.bulk import Wanted, seed_bulk
from shop.media.shelf import Shelf
from shop.staff import service as staff
from shop.unit_of_work import UnitsOfWork

SECRET = "a secret of the bench that is long enough for every check"
BYPASSING = "bench_bypassing"
"""A role for which row-level security does not exist: for baselines, and for P9."""
POOL_SIZE = 70
"""Connections of the bench's own process: as many as one measure has callers, and some."""
COPIES_APART = 10_000_000
"""Between the keys of a row and those of its copy."""

_COPIED = {
    "orders": {"id": "id + shift"},
    "card_to_card_payments": {
        "id": "id + shift",
        "order_id": "order_id + shift",
        "tracking_number": "'copy ' || (id + shift)",
        "receipt_submitted_at": "receipt_submitted_at - copy * interval '1 second'",
    },
}


@dataclass(frozen=True, slots=True)
class Ground:
    """Where a measure stands."""

    server: Server
    database: Database
    units: UnitsOfWork
    folder: Path
    shops: Sequence[int]
    """The shops of the million, by key; each as large as the next."""
    rows: int
    """Payments of all of them."""

    @property
    def postmaster(self) -> int:
        return self.server.process.pid

    @property
    def bypassing_url(self) -> str:
        return embedded_address(BYPASSING, self.database.name, self.server.socket_folder)

    @property
    def shelf(self) -> Shelf:
        return Shelf(self.folder / "media")

    def environment(self, url: str | None = None, **more: str) -> dict[str, str]:
        """Of a process of the product, on this database."""
        return {
            "DATABASE_URL": url or self.database.app_url,
            "SECRET_KEY": SECRET,
            "PISHKHAN_DATA": str(self.folder),
            "LOG_LEVEL": "WARNING",
            **more,
        }

    async def connect(self, role: str = BYPASSING, **options: object) -> asyncpg.Connection:
        return await asyncpg.connect(**self.address(role), **options)

    def address(self, role: str = BYPASSING) -> dict[str, object]:
        """How asyncpg alone reaches the database."""
        return {
            "host": str(self.server.socket_folder),
            "port": 5432,
            "user": role,
            "database": self.database.name,
        }

    async def token_of(self, bot_id: int) -> str:
        """A fresh key to a shop's dashboard."""
        async with self.units.begin(bot_id, Master(1, "Bench")) as uow:
            staff_id = await staff.create_staff(
                uow, name="Bench", role="owner", permissions=frozenset(OWNING)
            )
            return (await staff.issue_api_token(uow, staff_id, name="bench")).token


def owner_of(staff_id: int = 1) -> StaffMember:
    return StaffMember(staff_id, "Bench", OWNING)


@asynccontextmanager
async def prepared(folder: Path, *, shops: int, rows: int, durable: bool = True) -> AsyncIterator[Ground]:
    """A fresh database with ``rows`` payments spread evenly over ``shops`` shops."""
    with embedded_postgres(folder / "postgres", fsync=durable) as server:
        database = server.create_database(DATABASE)
        await migrate.upgrade(database.owner_url, app_role=APP_ROLE)
        server.run_sql(
            f"create role {BYPASSING} login bypassrls; grant {APP_ROLE} to {BYPASSING};",
        )
        engine = build_engine(database.app_url, application_name="bench", pool_size=POOL_SIZE)
        try:
            units = UnitsOfWork(build_sessions(engine), Vault((SECRET,)), channel="cli")
            made = await fill(server, database, units, shops=shops, rows=rows)
            yield Ground(server, database, units, folder, made, rows)
        finally:
            await engine.dispose()


async def fill(
    server: Server, database: Database, units: UnitsOfWork, *, shops: int, rows: int
) -> Sequence[int]:
    """A hundredth through the product's own bulk seeding; the rest are copies of it inside each shop."""
    copies = 100 if rows >= 100 * 100 * shops else 1
    seeded = await seed_bulk(
        units, Wanted(bots=shops, users=max(shops * 10, rows // 100), payments=rows // copies), _quiet
    )
    if copies > 1:
        server.run_sql(_copying(server, database, copies - 1), database=database.name)
    server.run_sql("vacuum analyze", database=database.name)
    server.run_sql("checkpoint", database=database.name)
    return [shop.bot_id for shop in seeded]


def _copying(server: Server, database: Database, copies: int) -> str:
    # As the superuser and without triggers: this is data to be looked at, and its books are not proved.
    script = ["set session_replication_role = replica", "set synchronous_commit = off"]
    for table, changed in _COPIED.items():
        columns = server.run_sql(
            "select column_name from information_schema.columns "
            f"where table_schema = 'public' and table_name = '{table}' and is_generated = 'NEVER'",
            database=database.name,
        ).split()
        values = ", ".join(changed.get(column, column) for column in columns)
        script.append(
            f"insert into {table} ({', '.join(columns)}) overriding system value "
            f"select {values} from (select t.*, c.copy, c.copy * {COPIES_APART}::bigint as shift "
            f"from {table} t cross join generate_series(1, {copies}) c(copy)) copied"
        )
        script.append(
            f"select setval(pg_get_serial_sequence('{table}', 'id'), (select max(id) from {table}))"
        )
    return ";\n".join(script)


def _quiet(_steps: int) -> None:
    """Nobody watches the filling."""


def processors() -> int:
    return len(os.sched_getaffinity(0))

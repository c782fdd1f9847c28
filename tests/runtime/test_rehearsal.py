"""The roles an administrator makes with docs/deploy/roles.sql, and a backup restored with them."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from db.embedded import Server
from tests.runtime.conftest import Told

ROLES = Path(__file__).parents[2] / "docs" / "deploy" / "roles.sql"
WALL = """
select c.relname, c.relrowsecurity, c.relforcerowsecurity, p.polname, p.polcmd, p.polpermissive,
       pg_get_expr(p.polqual, c.oid), pg_get_expr(p.polwithcheck, c.oid)
from pg_class c left join pg_policy p on p.polrelid = c.oid
where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' order by 1, 4
"""
TRIGGERS = (
    "select tgrelid::regclass::text, pg_get_triggerdef(oid) from pg_trigger where not tgisinternal"
    " order by 1, 2"
)
CONTENTS = r"""
select format('select %1$L, count(*), md5(array_agg(t::text order by t::text)::text) from %1$I t', table_name)
from information_schema.tables where table_schema = 'public' order by table_name \gexec
"""


class Installation:
    """A database of its own with roles of its own, made by the script that we hand out."""

    def __init__(self, server: Server) -> None:
        self.server, self.name = server, f"ours_{secrets.token_hex(4)}"
        given = "".join(f"\\set {word}_password x\n" for word in ("owner", "app", "backup"))
        server.run_sql(given + re.sub(r"\bpishkhan(?=_|\b)", self.name, ROLES.read_text()))

    def address(self, role: str) -> str:
        whole = self.server.database(self.name).owner_url
        return whole.replace("pishkhan_owner@", f"{self.name}_{role}@")

    @property
    def urls(self) -> dict[str, str]:
        return {"DATABASE_URL": self.address("app"), "DATABASE_OWNER_URL": self.address("owner")}

    def sql(self, script: str) -> str:
        return self.server.run_sql(script, database=self.name)

    def remove(self) -> None:
        self.server.drop_database(self.name)
        for role in ("owner", "app", "backup"):
            self.server.run_sql(f"drop role {self.name}_{role}")


@pytest.fixture
def make(server: Server) -> Iterator[Callable[[], Installation]]:
    made: list[Installation] = []

    def one() -> Installation:
        made.append(Installation(server))
        return made[-1]

    yield one
    for installation in made:
        installation.remove()


def test_a_backup_by_its_own_role_is_restored_with_every_row_policy_and_flag(
    make: Callable[[], Installation], pishkhan: Callable[..., Told], tmp_path: Path
) -> None:
    here, there, place = make(), make(), tmp_path / "backup.tar"
    key = {"SECRET_KEY": secrets.token_hex(32)}
    assert pishkhan("migrate", **here.urls, **key).status == 0
    seeded = pishkhan(
        "seed", "--bots", "2", "--users", "20", "--payments", "60", "--json", **here.urls, **key
    )
    assert seeded.status == 0, seeded.err

    with_backup = {**here.urls, "DATABASE_OWNER_URL": here.address("backup")}
    told = pishkhan("backup", str(place), **with_backup, **key)
    assert told.status == 0, told.err
    restored = pishkhan("restore", str(place), **there.urls, **key)
    assert restored.status == 0, restored.err

    for what in (WALL, TRIGGERS, CONTENTS):
        assert here.sql(what) == there.sql(what)
    assert there.sql("select count(*) from card_to_card_payments").strip() == "60"
    check = pishkhan("check", "--json", **there.urls, **key)
    assert [row for row in json.loads(check.out) if not row["ok"]] == []
    assert pishkhan("ledger", "verify", **there.urls, **key).status == 0


def test_the_owner_cannot_dump_the_shops_so_the_backup_has_a_role_of_its_own(
    make: Callable[[], Installation], pishkhan: Callable[..., Told], tmp_path: Path
) -> None:
    here = make()
    assert pishkhan("migrate", **here.urls).status == 0

    told = pishkhan("backup", str(tmp_path / "backup.tar"), **here.urls)

    assert told.status == 1
    assert "BYPASSRLS" in told.err


def test_no_process_of_ours_serves_with_the_role_of_the_backup(
    make: Callable[[], Installation], pishkhan: Callable[..., Told]
) -> None:
    here = make()
    assert pishkhan("migrate", **here.urls).status == 0

    told = pishkhan("bots", "list", DATABASE_URL=here.address("backup"))

    assert told.status == 1
    assert "has BYPASSRLS" in told.err


def test_what_the_master_was_told_at_night_proves_the_history_later(
    make: Callable[[], Installation], pishkhan: Callable[..., Told]
) -> None:
    here = make()
    settings = {**here.urls, "SECRET_KEY": secrets.token_hex(32)}
    token = "123456789:AAExampleExampleExampleExampleExamp"
    assert pishkhan("migrate", BOT_TOKEN=token, **settings).status == 0
    assert pishkhan("seed", "--bots", "1", "--users", "5", "--payments", "9", **settings).status == 0

    first = pishkhan("ledger", "verify", "--record", **settings)
    assert (first.status, first.err) == (0, "")
    told = here.sql("select day || ':' || left(encode(anchor, 'hex'), 32) from book_days").strip()
    assert pishkhan("ledger", "verify", "--anchor", told, **settings).status == 0

    other = told[:-1] + ("0" if told[-1] != "0" else "1")
    assert "anchor_differs" in pishkhan("ledger", "verify", "--anchor", other, **settings).out
    assert (
        "night_missing" in pishkhan("ledger", "verify", "--anchor", f"2020-01-01:{'0' * 32}", **settings).out
    )
    assert pishkhan("ledger", "verify", "--anchor", "yesterday", **settings).status == 2

    # Somebody cuts the end off the history, and off every note of it but the one outside.
    here.sql(
        "set session_replication_role = replica; delete from book_proofs; "
        "delete from audit_seals where seq > 2 and bot_id <> (select id from bots where is_master)"
    )
    cut = pishkhan("ledger", "verify", "--json", "--anchor", told, **settings)
    assert (cut.status, {row["code"] for row in json.loads(cut.out)}) == (1, {"history_cut"})

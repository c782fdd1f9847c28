"""The wall between shops, as PostgreSQL sees it: no trust in our own code here."""

from __future__ import annotations

import asyncpg
import pytest
from sqlalchemy import func, select, text

from db import walls
from db.base import Base, BotOwned
from db.models import Bot, Transaction, User
from db.tenancy import TenantNotSet
from shop.actors import System
from shop.staff import sessions

SHOP_TABLES = sorted(
    {mapper.local_table.name for mapper in Base.registry.mappers if issubclass(mapper.class_, BotOwned)}
    | {"bots"}
)
HISTORY = ("transactions", "audit_log", "audit_seals", "book_proofs", "book_days")
"""Said here once more, so that the list in the code cannot lose one unseen."""
GLOBAL_KEYS = {
    ("api_tokens", "key_id"),
    ("bots", "public_id"),
    ("bots", "telegram_bot_id"),
    ("bots", "token_fingerprint"),
    ("bots", "is_master"),
    ("sessions", "id_hash"),
    ("sign_in_challenges", "id_hash"),
    ("zarinpal_payments", "zarinpal_authority"),
}
"""Unique across shops on purpose: random, or given by somebody outside."""


SIGHT = text(
    "SELECT coalesce(current_setting('app.bot_id', true), ''), "
    "coalesce(current_setting('app.platform', true), '')"
)


async def enter(connection: asyncpg.Connection, bot_id: int) -> None:
    await connection.execute(f"SET LOCAL app.bot_id = '{bot_id}'")


async def test_without_a_shop_a_select_sees_no_row_of_any_table(make_shop, shops, app_connection, everything):
    await shops.receipt(await make_shop())

    for table in SHOP_TABLES:
        assert await app_connection.fetch(f"SELECT * FROM {table}") == [], table  # noqa: S608
    assert await everything.fetchval("SELECT count(*) FROM card_to_card_payments") > 0, "there are rows"


@pytest.mark.parametrize("table", SHOP_TABLES)
async def test_the_wall_is_up_and_forced(table, everything):
    row = await everything.fetchrow(
        "SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE oid = $1::regclass", table
    )
    policies = await everything.fetch(
        "SELECT polname, polcmd, polwithcheck FROM pg_policy WHERE polrelid = $1::regclass", table
    )

    assert tuple(row) == (True, True)
    assert any(policy["polname"] == "shop" for policy in policies)
    assert all(p["polwithcheck"] is not None for p in policies if p["polcmd"] != b"r"), "WITH CHECK"


async def test_no_table_of_a_shop_is_missing_from_the_list(everything):
    rows = await everything.fetch(
        "SELECT DISTINCT table_name FROM information_schema.columns "
        "WHERE column_name = 'bot_id' AND table_schema = 'public'"
    )

    assert {row["table_name"] for row in rows} | {"bots"} == set(SHOP_TABLES)


async def test_inside_a_shop_only_its_rows_exist(make_shop, app_connection):
    alice, mallory = await make_shop(), await make_shop()

    async with app_connection.transaction():
        await enter(app_connection, mallory.bot_id)
        seen = await app_connection.fetch("SELECT DISTINCT bot_id FROM bot_plans")
        foreign = await app_connection.fetch("SELECT 1 FROM bot_plans WHERE id = $1", alice.plan_id)
        changed = await app_connection.execute("UPDATE bot_plans SET price = 1 WHERE id = $1", alice.plan_id)

    assert [row["bot_id"] for row in seen] == [mallory.bot_id]
    assert foreign == []
    assert changed == "UPDATE 0"


async def test_a_row_for_another_shop_cannot_be_written(make_shop, app_connection):
    alice, mallory = await make_shop(), await make_shop()

    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
        async with app_connection.transaction():
            await enter(app_connection, mallory.bot_id)
            await app_connection.execute(
                "INSERT INTO users (bot_id, telegram_id, first_name, language, created_at, updated_at) "
                "VALUES ($1, 1, 'x', 'fa', now(), now())",
                alice.bot_id,
            )


async def test_a_link_into_another_shop_is_refused_by_its_key(make_shop, shops, app_connection):
    alice, mallory = await make_shop(), await make_shop()
    carol = await shops.person(alice)

    with pytest.raises(asyncpg.ForeignKeyViolationError):
        async with app_connection.transaction():
            await enter(app_connection, mallory.bot_id)
            await app_connection.execute(
                "INSERT INTO tickets (bot_id, user_id, subject, last_at, created_at, updated_at) "
                "VALUES ($1, $2, 'x', now(), now(), now())",
                mallory.bot_id,
                carol.user_id,
            )


async def test_the_shop_of_one_transaction_is_gone_in_the_next(make_shop, app_connection):
    shop = await make_shop()
    async with app_connection.transaction():
        await enter(app_connection, shop.bot_id)
        assert await app_connection.fetchval("SELECT count(*) FROM bot_plans") == 1

    assert await app_connection.fetchval("SELECT count(*) FROM bot_plans") == 0


async def test_the_platform_reads_every_shop_and_writes_in_none(make_shop, app_connection):
    alice, mallory = await make_shop(), await make_shop()

    async with app_connection.transaction():
        await app_connection.execute("SET LOCAL app.platform = 'on'")
        seen = await app_connection.fetch(
            "SELECT bot_id FROM bot_plans WHERE bot_id = any($1::bigint[])", [alice.bot_id, mallory.bot_id]
        )
        changed = await app_connection.execute("UPDATE bot_plans SET price = 1 WHERE id = $1", alice.plan_id)

    assert {row["bot_id"] for row in seen} == {alice.bot_id, mallory.bot_id}
    assert changed == "UPDATE 0"


async def test_the_application_owns_nothing_and_cannot_step_over_the_wall(everything, app_connection):
    role = await everything.fetchrow(
        "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb FROM pg_roles "
        "WHERE rolname = 'pishkhan_app'"
    )
    owned = await everything.fetchval(
        "SELECT count(*) FROM pg_class WHERE relowner = 'pishkhan_app'::regrole"
    )

    assert tuple(role) == (False, False, False, False)
    assert owned == 0
    for forbidden in ("TRUNCATE users", "ALTER TABLE users DISABLE ROW LEVEL SECURITY", "DROP TABLE users"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await app_connection.execute(forbidden)


@pytest.mark.parametrize("table", HISTORY)
@pytest.mark.parametrize("statement", ["UPDATE {} SET bot_id = bot_id", "DELETE FROM {}"])
async def test_history_can_only_be_added_to(table, statement, app_connection):
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await app_connection.execute(statement.format(table))


async def test_every_link_between_tables_of_shops_carries_the_shop(everything):
    loose = await everything.fetch(
        """
        SELECT c.conname FROM pg_constraint c
        JOIN pg_class t ON t.oid = c.conrelid JOIN pg_class f ON f.oid = c.confrelid
        WHERE c.contype = 'f' AND f.relname <> 'bots' AND NOT EXISTS (
          SELECT 1 FROM unnest(c.conkey) k JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k
          WHERE a.attname = 'bot_id')
        """
    )

    assert loose == []


async def test_every_unique_key_carries_the_shop_or_is_global_on_purpose(everything):
    rows = await everything.fetch(
        """
        SELECT t.relname AS table, array_agg(a.attname::text) AS columns FROM pg_index i
        JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace
        JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = any(i.indkey)
        WHERE i.indisunique AND n.nspname = 'public' AND t.relname = any($1::text[])
        GROUP BY t.relname, i.indexrelid
        """,
        SHOP_TABLES,
    )
    loose = {
        (row["table"], column)
        for row in rows
        if "bot_id" not in row["columns"] and row["columns"] != ["id"]
        for column in row["columns"]
    }

    assert loose == GLOBAL_KEYS


async def test_our_own_queries_without_a_shop_are_an_error_not_a_leak(sessions):
    async with sessions() as session:
        for statement in (
            select(User),
            select(func.count()).select_from(Transaction),
            select(select(func.count()).select_from(User).scalar_subquery()),
        ):
            with pytest.raises(TenantNotSet):
                await session.execute(statement)


async def test_our_own_queries_are_scoped_whatever_their_shape(units, make_shop, shops):
    alice, mallory = await make_shop(), await make_shop()
    await shops.receipt(alice)

    async with units.begin(mallory.bot_id, System("test")) as uow:
        counts = [
            await uow.session.scalar(select(func.count()).select_from(User)),
            await uow.session.scalar(text("SELECT count(*) FROM users")),
            await uow.session.scalar(select(func.count()).select_from(User.__table__)),
            await uow.session.scalar(select(select(func.count(User.id)).scalar_subquery())),
        ]
        own = list(await uow.session.scalars(select(Bot.id)))

    assert counts == [0, 0, 0, 0]
    assert own == [mallory.bot_id]


async def test_writing_a_row_of_another_shop_through_the_session_is_refused(units, make_shop):
    alice, mallory = await make_shop(), await make_shop()

    with pytest.raises(TenantNotSet):
        async with units.begin(mallory.bot_id, System("test")) as uow:
            uow.session.add(User(bot_id=alice.bot_id, telegram_id=1, first_name="x", language="fa"))
            await uow.session.flush()


async def test_the_shop_travels_in_the_message_that_begins_the_transaction(units, make_shop, monkeypatch):
    """Fails when the driver changes the text of its BEGIN, on which ``db.tenancy`` relies."""
    sent: list[str] = []
    shop = await make_shop()
    original = asyncpg.Connection.execute

    async def listen(self, query, *args, **kwargs):
        sent.append(query)
        return await original(self, query, *args, **kwargs)

    monkeypatch.setattr(asyncpg.Connection, "execute", listen)
    async with units.begin(shop.bot_id, System("test")) as uow:
        await uow.session.scalar(select(Bot.id))

    shops = f"; SET LOCAL app.bot_id = '{shop.bot_id}'; SET LOCAL app.platform = '';"
    # A connection that was told of an isolation before says the usual one aloud.
    assert any(said.startswith("BEGIN") and said.endswith(shops) for said in sent)


async def test_asking_whose_a_cookie_is_takes_one_statement_and_leaves_no_sight_behind(
    make_shop, units, monkeypatch
):
    shop = await make_shop()
    sent: list[str] = []
    execute = asyncpg.Connection.execute

    async def spy(self, query, *args, **kwargs):
        sent.append(query)
        return await execute(self, query, *args, **kwargs)

    monkeypatch.setattr(asyncpg.Connection, "execute", spy)
    async with units.glance(System("test")) as uow:
        nobody = await sessions.find(uow, "x" * 43)
        settings = (await uow.session.execute(SIGHT)).one()
        plans = await uow.session.scalar(text("SELECT count(*) FROM bot_plans"))
    bare = list(sent)
    async with units.begin(shop.bot_id, System("test")) as uow:
        await sessions.find(uow, "x" * 43)
        afterwards = (await uow.session.execute(SIGHT)).one()

    assert nobody is None
    assert bare == [], "no BEGIN, no COMMIT"
    assert (*settings, plans) == ("", "", 0)
    assert tuple(afterwards) == (str(shop.bot_id), "")


async def test_a_glance_may_read_no_shop_through_the_models_either(units):
    async with units.glance(System("test")) as uow:
        with pytest.raises(TenantNotSet):
            await uow.session.scalar(select(User.id))


async def test_nothing_in_the_schema_steps_around_the_wall(everything):
    """A view of its owner's, a materialised view or a function of its definer's would show every shop."""
    views = await everything.fetch(
        "SELECT c.oid::regclass::text FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace "
        "AND (c.relkind = 'm' OR c.relkind = 'v' "
        "AND NOT coalesce(c.reloptions @> array['security_invoker=true'], false))"
    )
    definers = await everything.fetch(
        "SELECT p.oid::regprocedure::text FROM pg_proc p "
        "WHERE p.pronamespace = 'public'::regnamespace AND p.prosecdef"
    )

    assert (views, definers) == ([], [])


async def test_the_application_may_do_what_the_list_says_and_nothing_else(everything):
    """No TRUNCATE, which row-level security does not see; no REFERENCES, TRIGGER or making of tables."""
    rows = await everything.fetch(
        "SELECT c.relname, array_agg(a.privilege_type ORDER BY a.privilege_type) AS rights FROM pg_class c, "
        "aclexplode(c.relacl) a WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') "
        "AND a.grantee IN ('pishkhan_app'::regrole, 0) GROUP BY c.relname"
    )
    given = {row["relname"]: set(row["rights"]) for row in rows}
    may_create = await everything.fetchval("SELECT has_schema_privilege('pishkhan_app', 'public', 'CREATE')")

    assert given.pop("alembic_version") == {"SELECT"}
    assert set(given) == set(Base.metadata.tables)
    assert may_create is False
    for table, rights in given.items():
        allowed = {"SELECT", "INSERT"}
        allowed |= set() if table in walls.APPEND_ONLY else {"UPDATE"}
        allowed |= {"DELETE"} if table in walls.DELETABLE else set()
        assert rights == allowed, table
    assert set(walls.APPEND_ONLY) >= set(HISTORY)
    assert not set(walls.APPEND_ONLY) & set(walls.DELETABLE)


async def test_every_policy_asks_for_the_shop_once_a_statement_and_can_use_an_index(everything):
    """As a sub-select the setting is read once; bare, it would be read for every row."""
    rows = await everything.fetch(
        "SELECT c.relname, pg_get_expr(p.polqual, c.oid) AS using FROM pg_policy p "
        "JOIN pg_class c ON c.oid = p.polrelid"
    )
    leading = await everything.fetch(
        "SELECT DISTINCT i.indrelid::regclass::text AS table FROM pg_index i "
        "JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0] "
        "WHERE a.attname = CASE WHEN i.indrelid = 'bots'::regclass THEN 'id' ELSE 'bot_id' END"
    )

    assert [row["relname"] for row in rows if "SELECT" not in row["using"]] == []
    assert set(SHOP_TABLES) <= {row["table"] for row in leading}

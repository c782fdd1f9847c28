"""Very many shops in minutes: a few that the product's own seeding made, copied whole by the database.

What is copied lies as it would if all shops had lived side by side: by time, the rows of one shop far apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from db.embedded import Database, Server

APART = 10_000_000
"""Between the keys of a row and those of its copy, whatever its table."""
LEFT_OUT = ("api_tokens", "sessions", "sign_in_challenges", "login_attempts", "outbox", "audit_seals")
"""Whoever looks at a copied shop gets a token of his own; the rest is not looked at."""
TICKETS_EACH, BROADCASTS_EACH = 120, 60

_OWN: Mapping[str, Mapping[str, str]] = {
    "bots": {
        "public_id": "public_id || '-' || copy",
        "token_fingerprint": "sha256(token_fingerprint || int8send(copy))",
        "telegram_bot_id": "telegram_bot_id + shift * 100000",
    },
    # By its key the page finds the transfer that brought the money.
    "transactions": {
        "idempotency_key": "CASE WHEN idempotency_key LIKE 'c2c:%' "
        "THEN 'c2c:' || (substr(idempotency_key, 5)::bigint + shift) ELSE idempotency_key END"
    },
}
"""What else must differ in a copy; ``copy`` is its number, ``shift`` what is added to keys."""

# The bulk seeding writes neither; one customer has at most one ticket that is not closed.
_TALK = """
    INSERT INTO tickets (bot_id, user_id, subject, status, last_at, waiting_since, unanswered, closed_at,
        created_at, updated_at)
    SELECT bot_id, user_id, 'Question ' || n,
        CASE WHEN n <= people AND n % 4 = 0 THEN 'waiting_staff' ELSE 'closed' END,
        at, CASE WHEN n <= people AND n % 4 = 0 THEN at END, (n % 4 = 0)::int, at, at, at
    FROM (
        SELECT u.bot_id, u.ids[1 + n % u.people] AS user_id, u.people, n,
            now() - n * interval '13 minutes' AS at
        FROM (
            SELECT bot_id, array_agg(id ORDER BY id) AS ids, count(*)::int AS people
            FROM users WHERE bot_id IN ({shops}) GROUP BY bot_id
        ) u CROSS JOIN generate_series(1, {tickets}) n
    ) t;
    INSERT INTO broadcasts (bot_id, form, status, audience, words, by, starts_at, started_at, ended_at,
        people, sent, created_at, updated_at)
    SELECT b.id, 'bench:' || n, 'completed', 'everybody', '{{"fa": "سلام", "en": "Hello"}}', 'Bench',
        at, at, at, 40, 40, at, at
    FROM bots b CROSS JOIN generate_series(1, {broadcasts}) n
    CROSS JOIN LATERAL (SELECT now() - n * interval '3 hours' AS at) t
    WHERE b.id IN ({shops})
"""


def add_talk(
    server: Server,
    database: Database,
    shops: Sequence[int],
    *,
    tickets: int = TICKETS_EACH,
    broadcasts: int = BROADCASTS_EACH,
) -> None:
    """Tickets and broadcasts for each of ``shops``."""
    keys = ", ".join(map(str, shops))
    server.run_sql(_TALK.format(shops=keys, tickets=tickets, broadcasts=broadcasts), database=database.name)


def multiply(server: Server, database: Database, times: int) -> None:
    """Let every shop be there ``times`` times, and lay all rows in the order of time; then vacuum.

    As the superuser, without triggers and with the indexes built afterwards: data to be looked at.
    """
    tables = server.run_sql(_TABLES, database=database.name).split()
    for statement in _copying(server, database, [name for name in tables if name not in LEFT_OUT], times):
        server.run_sql(statement, database=database.name)
    server.run_sql("VACUUM ANALYZE", database=database.name)
    server.run_sql("CHECKPOINT", database=database.name)


_TABLES = """
    SELECT table_name FROM information_schema.columns JOIN information_schema.tables USING (table_name)
    WHERE tables.table_schema = 'public' AND table_type = 'BASE TABLE'
      AND (column_name = 'bot_id' OR (table_name = 'bots' AND column_name = 'id'))
    ORDER BY table_name
"""
_COLUMNS = """
    SELECT column_name, EXISTS (
        SELECT FROM pg_constraint k
        JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey)
        WHERE k.conrelid = '{table}'::regclass AND k.contype = 'f' AND a.attname = column_name
    )
    FROM information_schema.columns
    WHERE table_schema = 'public' AND table_name = '{table}' AND is_generated = 'NEVER'
    ORDER BY ordinal_position
"""
_QUICKLY = (
    "SET session_replication_role = replica; SET synchronous_commit = off; SET maintenance_work_mem = '512MB'"
)


def _copying(server: Server, database: Database, tables: Sequence[str], times: int) -> Iterator[str]:
    columns = {
        table: dict(
            line.split("|")
            for line in server.run_sql(_COLUMNS.format(table=table), database=database.name).split()
        )
        for table in tables
    }
    yield ";\n".join(
        f"CREATE UNLOGGED TABLE bench_{table} AS SELECT * FROM {table} ORDER BY {_by_time(columns[table])}"
        for table in tables
    )
    # Cascading reaches those that are left out: nobody is signed in yet.
    yield f"TRUNCATE {', '.join(tables)} CASCADE"
    for table, known in columns.items():
        values = ", ".join(_value(table, name, is_key == "t") for name, is_key in known.items())
        keys, shop = "", "id" if table == "bots" else "bot_id"
        if "id" in known:
            keys = (
                f"; SELECT setval(pg_get_serial_sequence('{table}', 'id'), greatest(max(id), 1)) FROM {table}"
            )
        yield (
            f"{_QUICKLY}; UPDATE pg_index SET indisready = false, indisvalid = false "
            f"WHERE indrelid = '{table}'::regclass; "
            f"INSERT INTO {table} ({', '.join(known)}) OVERRIDING SYSTEM VALUE "
            f"SELECT {values} FROM (SELECT b.*, copy, copy * {APART} AS shift FROM bench_{table} b "
            # Asked anew for each row, so that its copies lie beside it.
            f"CROSS JOIN LATERAL generate_series(0, {times - 1} + 0 * b.{shop}) copy) copied; "
            f"REINDEX TABLE {table}; DROP TABLE bench_{table}{keys}"
        )


def _by_time(known: Mapping[str, str]) -> str:
    return ", ".join(name for name in ("created_at", "bot_id", "id") if name in known) or "1"


def _value(table: str, name: str, is_key: bool) -> str:
    if name == "id" or is_key:
        return f"{name} + shift"
    return _OWN.get(table, {}).get(name, name)

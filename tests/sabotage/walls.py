"""The wall between shops, each of its stones taken out.

The marks are those of docs/proof/security.md.
"""

from __future__ import annotations

from tests.sabotage.mutant import Mutant, tests_of

WALLS = "tests/house/test_walls.py"
GRANTED = "test_the_application_may_do_what_the_list_says_and_nothing_else"
STEPS_AROUND = "test_nothing_in_the_schema_steps_around_the_wall"
WALL = "db/walls.py"
TENANCY = "db/tenancy.py"

MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        "a table's wall is not forced on its owner",
        WALL,
        '        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",\n        *(policy',
        "        *(policy",
        tests_of(WALLS, "test_the_wall_is_up_and_forced"),
        meets="R2",
    ),
    Mutant(
        "rows of another shop may be written",
        WALL,
        'check = f" WITH CHECK ({self.check})" if self.check else ""',
        'check = " WITH CHECK (true)" if self.check else ""',
        tests_of(WALLS, "test_a_row_for_another_shop_cannot_be_written"),
        meets="R2",
    ),
    Mutant(
        "a start does not look at the wall",
        "db/ready.py",
        "            await check_wall(connection)\n",
        "",
        tests_of(
            "tests/runtime/test_external_database.py",
            "test_nobody_starts_on_a_database_whose_wall_is_broken",
        ),
        meets="R2, R11",
    ),
    Mutant(
        "a superuser may serve",
        "db/doctor.py",
        '        (role.rolsuper, "is a superuser"),\n',
        "",
        tests_of("tests/runtime/test_external_database.py"),
        meets="R1",
    ),
    Mutant(
        "a role past row-level security may serve",
        "db/doctor.py",
        '        (role.rolbypassrls, "has BYPASSRLS"),\n',
        "",
        tests_of("tests/runtime/test_external_database.py"),
        meets="R1",
    ),
    Mutant(
        "our own queries may name no shop",
        TENANCY,
        "        if owned:\n            raise TenantNotSet",
        "        if owned and scope is not None and scope.bot_id:\n            raise TenantNotSet",
        tests_of(WALLS, "test_our_own_queries_without_a_shop_are_an_error_not_a_leak"),
        meets="R3",
    ),
    Mutant(
        "a row of another shop may be put into the session",
        TENANCY,
        "        elif bot_id is not None and given != bot_id:\n            raise",
        "        elif False:\n            raise",
        tests_of(WALLS, "test_writing_a_row_of_another_shop_through_the_session_is_refused"),
        meets="R3",
    ),
    Mutant(
        "the next user of a connection finds the shop on it",
        TENANCY,
        "        driver.scope = None\n",
        "        pass\n",
        tests_of("tests/house/test_pool.py"),
        meets="R4",
    ),
    Mutant(
        "a key is unique over all shops",
        WALL,
        '        f"GRANT SELECT ON alembic_version TO {quoted}",\n',
        '        f"GRANT SELECT ON alembic_version TO {quoted}",\n'
        '        "CREATE UNIQUE INDEX IF NOT EXISTS peek ON users (username)",\n',
        tests_of(WALLS, "test_every_unique_key_carries_the_shop_or_is_global_on_purpose"),
        meets="R6",
    ),
    Mutant(
        "a link between shops' tables names no shop",
        WALL,
        '        f"GRANT SELECT ON alembic_version TO {quoted}",\n',
        '        f"GRANT SELECT ON alembic_version TO {quoted}",\n'
        '        "ALTER TABLE users DROP CONSTRAINT IF EXISTS peek",\n'
        '        "ALTER TABLE users ADD CONSTRAINT peek FOREIGN KEY (id) REFERENCES users (id)",\n',
        tests_of(WALLS, "test_every_link_between_tables_of_shops_carries_the_shop"),
        meets="R5",
    ),
    Mutant(
        "a view shows every shop",
        WALL,
        '        f"GRANT SELECT ON alembic_version TO {quoted}",\n',
        '        f"GRANT SELECT ON alembic_version TO {quoted}",\n'
        '        "CREATE OR REPLACE VIEW peek AS SELECT * FROM users",\n',
        tests_of(WALLS, STEPS_AROUND),
        meets="R7",
    ),
    Mutant(
        "a materialised view keeps every shop",
        WALL,
        '        f"GRANT SELECT ON alembic_version TO {quoted}",\n',
        '        f"GRANT SELECT ON alembic_version TO {quoted}",\n'
        '        "CREATE MATERIALIZED VIEW IF NOT EXISTS peek AS SELECT * FROM users",\n',
        tests_of(WALLS, STEPS_AROUND),
        meets="R7",
    ),
    Mutant(
        "a function runs with its definer's rights",
        WALL,
        '        f"GRANT SELECT ON alembic_version TO {quoted}",\n',
        '        f"GRANT SELECT ON alembic_version TO {quoted}",\n'
        '        "CREATE OR REPLACE FUNCTION peek() RETURNS bigint LANGUAGE sql SECURITY DEFINER "\n'
        '        "AS $$SELECT count(*) FROM users$$",\n',
        tests_of(WALLS, STEPS_AROUND),
        meets="R7",
    ),
    Mutant(
        "the application may truncate",
        WALL,
        '        rights = ["SELECT", "INSERT"]\n',
        '        rights = ["SELECT", "INSERT", "TRUNCATE"]\n',
        tests_of(WALLS, GRANTED),
        meets="R8",
    ),
    Mutant(
        "history may be changed",
        WALL,
        '"transactions", "audit_log", ',
        '"transactions", ',
        tests_of(WALLS, "test_history_can_only_be_added_to"),
        meets="R8, S6",
    ),
    Mutant(
        "what was granted before stays granted",
        WALL,
        '        f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {quoted}",\n',
        "",
        tests_of(
            "tests/house/test_migrations.py", "test_migrating_takes_back_what_was_granted_beyond_the_list"
        ),
        meets="R8",
    ),
    Mutant(
        "the policy asks for the shop once a row",
        WALL,
        "(SELECT nullif(current_setting('app.bot_id', true), '')::bigint)",
        "nullif(current_setting('app.bot_id', true), '')::bigint",
        tests_of(WALLS, "test_every_policy_asks_for_the_shop_once_a_statement_and_can_use_an_index"),
        meets="R10",
    ),
)

"""Is this database fit to hold several shops? Asked at every start, because one wrong role undoes the wall
between them."""

from __future__ import annotations

import re

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from db.walls import policies

OLDEST_SERVER = 15

_ROLE = text(
    """
    select r.rolname, r.rolsuper, r.rolbypassrls,
           current_setting('server_version_num')::int / 10000 as server,
           exists (
               select from pg_class c
               where c.relnamespace = to_regnamespace('public') and c.relkind in ('r', 'p')
                 and pg_has_role(r.oid, c.relowner, 'USAGE')
           ) as owns_tables
    from pg_roles r where r.rolname = current_user
    """
)
_WALL = text(
    """
    select c.relname, c.relrowsecurity and c.relforcerowsecurity as is_forced,
           p.polname, p.polcmd::text as command, p.polpermissive, p.polroles = '{0}' as for_everybody,
           pg_get_expr(p.polqual, c.oid) as using, pg_get_expr(p.polwithcheck, c.oid) as written
    from pg_class c left join pg_policy p on p.polrelid = c.oid
    where c.relnamespace = to_regnamespace('public') and c.relkind in ('r', 'p')
      and (c.relname = 'bots' or exists (
          select from pg_attribute a
          where a.attrelid = c.oid and a.attname = 'bot_id' and not a.attisdropped))
    order by c.relname, p.polname
    """
)
_COMMANDS = {"*": "ALL", "r": "SELECT", "w": "UPDATE", "a": "INSERT", "d": "DELETE"}
_AS_IT_PLEASES = re.compile(r"""::text|\s+as\s+"?(?:nullif|current_setting)"?|[\s()]""")
"""What PostgreSQL adds of its own when it writes an expression down."""


class UnfitDatabase(RuntimeError):
    """The application must not work with this database or role; the text is the sentence to show."""


async def check_role(connection: AsyncConnection) -> None:
    """Raise UnfitDatabase when the role of ``connection`` could look past row-level security, or the
    server is too old."""
    role = (await connection.execute(_ROLE)).one()
    if role.server < OLDEST_SERVER:
        raise UnfitDatabase(
            f"PostgreSQL {role.server} is too old; version {OLDEST_SERVER} or newer is needed"
        )
    for wrong, reason in (
        (role.rolsuper, "is a superuser"),
        (role.rolbypassrls, "has BYPASSRLS"),
        (role.owns_tables, "owns the tables"),
    ):
        if wrong:
            raise UnfitDatabase(
                f"the role {role.rolname} in DATABASE_URL {reason}, so nothing would keep the shops apart; "
                "use a role of its own for the application, and the owner only in DATABASE_OWNER_URL"
            )


async def check_wall(connection: AsyncConnection) -> None:
    """Raise UnfitDatabase when a table of the shops is not walled as ``db.walls`` says, gate by gate."""
    found = await faults_in_the_wall(connection)
    if found:
        raise UnfitDatabase(f"the wall between the shops is broken: {'; '.join(found)}")


async def faults_in_the_wall(connection: AsyncConnection) -> list[str]:
    """Where row-level security is off or not forced, a policy is missing, changed, or one too many."""
    tables: dict[str, set[tuple[object, ...]]] = {}
    faults: list[str] = []
    for row in await connection.execute(_WALL):
        if row.relname not in tables and not row.is_forced:
            faults.append(f"row-level security is not forced on {row.relname}")
        gates = tables.setdefault(row.relname, set())
        if row.polname is not None:
            gates.add(
                (
                    row.polname,
                    _COMMANDS[row.command],
                    _plain(row.using),
                    _plain(row.written),
                    row.polpermissive and row.for_everybody,
                )
            )
    for table, found in tables.items():
        wanted: set[tuple[object, ...]] = {
            (gate.name, gate.command, _plain(gate.using), _plain(gate.check), True)
            for gate in policies(table)
        }
        faults += [f"the policy {name} of {table} is not ours" for name in sorted(_names(found - wanted))]
        lost = _names(wanted - found) - _names(found - wanted)
        faults += [f"the policy {name} of {table} is missing" for name in sorted(lost)]
    return faults


def _names(gates: set[tuple[object, ...]]) -> set[str]:
    return {str(gate[0]) for gate in gates}


def _plain(expression: str | None) -> str | None:
    return None if expression is None else _AS_IT_PLEASES.sub("", expression.lower())

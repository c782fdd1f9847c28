"""Is this database fit to hold several shops? Asked at every start, because one wrong role undoes the wall
between them."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

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
_OPEN_TABLES = text(
    """
    select c.relname from pg_class c
    join pg_attribute a on a.attrelid = c.oid and a.attname = 'bot_id' and not a.attisdropped
    where c.relnamespace = to_regnamespace('public') and c.relkind in ('r', 'p')
      and not (c.relrowsecurity and c.relforcerowsecurity)
    order by c.relname
    """
)


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


async def tables_without_wall(connection: AsyncConnection) -> list[str]:
    """Tables of shops whose row-level security is off or not forced; none in a healthy schema."""
    return list(await connection.scalars(_OPEN_TABLES))

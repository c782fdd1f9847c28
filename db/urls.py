"""Addresses of the database, in the one spelling our driver understands."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

OWNER_ROLE = "pishkhan_owner"
APP_ROLE = "pishkhan_app"
DATABASE = "pishkhan"
"""Names inside the embedded server; an external one may use any."""

EXAMPLE = "postgresql+asyncpg://user:password@host:5432/name"

_SCHEMES = {"postgres", "postgresql", "postgresql+asyncpg"}
_UNDERSTOOD = {"host", "port", "ssl", "prepared_statement_cache_size", "target_session_attrs"}
_HARMLESS = {"channel_binding", "gssencmode", "connect_timeout"}
"""Spoken by other drivers; ours decides these by itself."""
_SSL_MODES = {"disable", "allow", "prefer", "require", "verify-ca", "verify-full"}


def normalise(address: str) -> str:
    """The same database as ``postgresql+asyncpg://``; ValueError (a sentence's end) when it is none.

    Accepts `postgres://` and `postgresql://`, and `?sslmode=` as `?ssl=`. What it raises never holds
    the password.
    """
    try:
        url = make_url(address)
    except (ArgumentError, ValueError):
        raise ValueError(f"must be an address such as {EXAMPLE}; it cannot be read") from None
    if url.drivername not in _SCHEMES:
        raise ValueError(f"must be a PostgreSQL address such as {EXAMPLE}, not {url.drivername}://…")
    if not url.database:
        raise ValueError(f"names no database; it looks like {EXAMPLE}")
    if not url.username:
        raise ValueError(f"names no user; it looks like {EXAMPLE}")
    if url.port is not None and not 0 < url.port < 65536:  # noqa: PLR2004  (the range of ports)
        raise ValueError("has a port outside 1 to 65535")
    return _with_query(url).set(drivername="postgresql+asyncpg").render_as_string(hide_password=False)


def embedded_address(role: str, database: str, socket_folder: Path) -> str:
    """The address of ``database`` for ``role`` through the private socket of the embedded server."""
    url = URL.create(
        "postgresql+asyncpg",
        username=role,
        database=database,
        query={"host": str(socket_folder), "port": "5432"},
    )
    return url.render_as_string(hide_password=False)


def role_of(address: str) -> str:
    """The role that ``address`` signs in as."""
    return make_url(address).username or ""


def place_of(address: str) -> str:
    """Where ``address`` leads, without user and password: for sentences that people read."""
    url = make_url(address)
    if url.host is None:
        return f"{url.query.get('host', 'the local server')}/{url.database}"
    return f"{url.host}:{url.port or 5432}/{url.database}"


def _with_query(url: URL) -> URL:
    query: dict[str, str | tuple[str, ...]] = {}
    for key, value in url.query.items():
        if key in _HARMLESS:
            continue
        name = "ssl" if key == "sslmode" else key
        if name not in _UNDERSTOOD:
            raise ValueError(f"has an option that is not understood: {key}")
        if name == "ssl" and value not in _SSL_MODES:
            raise ValueError(
                f"has an sslmode that is not understood; use one of {', '.join(sorted(_SSL_MODES))}"
            )
        query[name] = value
    return url.set(query=query)

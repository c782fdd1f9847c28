"""One engine per process, built by the process's composition root and passed down."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from db.json_text import to_json
from db.tenancy import ScopedConnection

CONNECT_SECONDS = 3
STATEMENT_SECONDS = 5
"""A database that hangs must not hang us: every wait is bounded (security.md F3)."""


def build_engine(url: str, *, application_name: str, pool_size: int = 5) -> AsyncEngine:
    """``application_name`` shows in ``pg_stat_activity``; ``pool_size`` counts connections."""
    return create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=CONNECT_SECONDS,
        pool_pre_ping=True,
        # A failing statement is logged; what customers and owners entrusted to us stays out of the log.
        hide_parameters=True,
        json_serializer=to_json,
        connect_args={
            "connection_class": ScopedConnection,
            "timeout": CONNECT_SECONDS,
            "command_timeout": STATEMENT_SECONDS,
            "server_settings": {"application_name": application_name, "jit": "off"},
        },
    )


def build_sessions(engine: AsyncEngine) -> async_sessionmaker[AsyncSession]:
    """Sessions that flush only when told to and keep what they loaded after the commit."""
    return async_sessionmaker(engine, expire_on_commit=False, autoflush=False)

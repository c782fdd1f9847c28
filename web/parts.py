"""What the process is made of, as the composition root hands it to the request."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal, cast

from jinja2 import Environment
from litestar import Request
from litestar.connection import ASGIConnection

from db.settings import Network
from shop.media.shelf import Shelf
from shop.unit_of_work import UnitsOfWork
from web.assets import Assets
from web.cookies import Cookies
from web.hub import Hub

WebRequest = Request[Any, Any, Any]
Connection = ASGIConnection[Any, Any, Any, Any]

Readiness = Literal["ready", "database_unreachable", "migrations_behind"]


@dataclass(frozen=True, slots=True)
class Parts:
    """One for the whole process."""

    units: UnitsOfWork
    shelf: Shelf
    assets: Assets
    environment: Environment
    cookies: Cookies
    hub: Hub
    readiness: Callable[[], Awaitable[Readiness]]
    """Answers within seconds and raises nothing, whatever the database does."""
    trusted_proxies: tuple[Network, ...] = ()
    """Whose ``X-Forwarded-For`` is believed."""


def parts_of(connection: Connection) -> Parts:
    return cast("Parts", connection.app.state.parts)

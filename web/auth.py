"""From a cookie to a person: asked of the database for every request, so that a revocation counts at once."""

from __future__ import annotations

import base64
import logging
from typing import cast

from litestar.handlers import BaseRouteHandler
from sqlalchemy.exc import DBAPIError

from shop.actors import System
from shop.staff import lifetimes, sessions
from shop.staff.sessions import SignedIn
from web.access import Access, access_of, is_in_background
from web.parts import Connection, Parts, parts_of
from web.peers import origin_of

logger = logging.getLogger(__name__)

_DOOR = System("web")


async def identify(connection: Connection, handler: BaseRouteHandler) -> None:
    """The first guard of every route: find out who asks. A cookie we do not know is nobody's."""
    if access_of(handler) is Access.OPEN:
        return
    parts = parts_of(connection)
    who = await recognise(connection)
    connection.scope["user"] = who
    if who is None or is_in_background(handler):
        return
    if lifetimes.is_due(now=parts.units.clock(), last_seen_at=who.last_seen_at):
        await _note_use(parts, who, address_of(connection))


async def recognise(connection: Connection) -> SignedIn | None:
    """Whose cookie this is now; asked again for as long as a connection stays open."""
    parts = parts_of(connection)
    cookie = connection.cookies.get(parts.cookies.session)
    if not cookie:
        return None
    async with parts.units.glance(_DOOR) as uow:
        return await sessions.find(uow, cookie)


async def _note_use(parts: Parts, who: SignedIn, address: str) -> None:
    try:
        async with parts.units.begin(who.home_bot_id, who.person) as uow:
            await sessions.touch(uow, who, address=address)
    except DBAPIError:
        # A database that cannot write (a full disk) must not keep people from reading.
        logger.warning("the use of a session could not be noted", exc_info=True)


def person_at(connection: Connection) -> SignedIn | None:
    """Who asks, once ``identify`` has run; None for nobody, and where nobody asked."""
    return cast("SignedIn | None", connection.scope.get("user"))


def signed_in(connection: Connection) -> SignedIn:
    """Who asks, behind a guard that let nobody else in."""
    who = person_at(connection)
    if who is None:
        raise LookupError("a route for signed-in people was reached by nobody")
    return who


def address_of(connection: Connection) -> str:
    """Whose tries are counted, and what the list of devices shows. See ``web.peers`` for who is believed."""
    peer = connection.client.host if connection.client else ""
    trusted = parts_of(connection).trusted_proxies
    return origin_of(peer, connection.headers.getall("x-forwarded-for", []), trusted) if trusted else peer


def csrf_token(who: SignedIn) -> str:
    """What the forms of this session carry; it is worth nothing in another."""
    return base64.urlsafe_b64encode(who.csrf_secret).decode().rstrip("=")

"""What every request passes before its handler runs: origin, person, right, token, and a fresh proof.

All of them are ``async``, also those that wait for nothing: the framework runs any other in a thread.
"""

from __future__ import annotations

import hmac
from typing import cast
from urllib.parse import urlsplit

from litestar.exceptions import NotAuthorizedException, NotFoundException, PermissionDeniedException
from litestar.handlers import BaseRouteHandler

from shop import security
from shop.staff import lifetimes
from shop.staff.sessions import SignedIn
from web.access import Access, access_of, fresh_from, is_allowed_while_viewing, is_sign_in_form
from web.auth import address_of, csrf_token, identify, person_at
from web.forms import read_form
from web.parts import Connection, WebRequest, parts_of

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
CSRF_HEADER = "x-csrftoken"
CSRF_FIELD = "_csrf_token"
FROM_ANOTHER_SITE = "from_another_site"
TOKEN_MISSING = "token_missing"  # noqa: S105  (a reason, not a secret)
ONLY_LOOKING = "only_looking"
NOT_FRESH = "not_fresh"
ONLY_MASTER = "only_master"
"""Reasons of a 403, and of one kind of 404; ``web.errors`` has their sentences."""


def is_unsafe(connection: Connection) -> bool:
    return connection.scope["method"] not in SAFE_METHODS  # type: ignore[typeddict-item]


async def note_origin(connection: Connection, _: BaseRouteHandler) -> None:
    """What the log tells of this request comes from there."""
    security.locate(address_of(connection))


async def refuse_other_sites(connection: Connection, _: BaseRouteHandler) -> None:
    """A page of another site may not post here, whatever token it got hold of."""
    if is_unsafe(connection) and not _is_from_here(connection):
        raise PermissionDeniedException(FROM_ANOTHER_SITE)


def _is_from_here(connection: Connection) -> bool:
    site = connection.headers.get("sec-fetch-site")
    if site is not None:
        return site in {"same-origin", "none"}
    # Old browsers and programs. Ours send "null": pages here keep their address to themselves.
    origin = connection.headers.get("origin")
    if origin in {None, "null"}:
        return True
    try:
        return urlsplit(origin or "").netloc == connection.headers.get("host")
    except ValueError:
        return False


async def require_access(connection: Connection, handler: BaseRouteHandler) -> None:
    """Signed in where that is asked; the master alone on the platform; nothing changed while looking on."""
    access, who = access_of(handler), person_at(connection)
    if access in {Access.OPEN, Access.ANYONE}:
        return
    if who is None:
        raise NotAuthorizedException
    if access is Access.MASTER and not who.is_master:
        raise NotFoundException(ONLY_MASTER)
    if who.is_viewing and is_unsafe(connection) and not is_allowed_while_viewing(handler):
        raise PermissionDeniedException(ONLY_LOOKING)


async def require_token(connection: Connection, handler: BaseRouteHandler) -> None:
    """Whatever changes something carries the token of its own session, in a header or in the form."""
    if not is_unsafe(connection):
        return
    expected = _expected(connection, handler, person_at(connection))
    given = connection.headers.get(CSRF_HEADER)
    if given is None:
        given = (await read_form(cast("WebRequest", connection))).get(CSRF_FIELD, "")
    if not expected or not hmac.compare_digest(given.encode(), expected.encode()):
        raise PermissionDeniedException(TOKEN_MISSING)


async def require_fresh(connection: Connection, handler: BaseRouteHandler) -> None:
    """What is delicate wants a proof of who one is that is some minutes old, not some days."""
    who = person_at(connection)
    if fresh_from(handler) is None or who is None:
        return
    if not lifetimes.is_fresh(now=parts_of(connection).units.clock(), proved_at=who.proved_at):
        raise PermissionDeniedException(NOT_FRESH)


def _expected(connection: Connection, handler: BaseRouteHandler, who: SignedIn | None) -> str:
    if is_sign_in_form(handler):
        return connection.cookies.get(parts_of(connection).cookies.csrf, "")
    return csrf_token(who) if who is not None else ""


GUARDS = (note_origin, refuse_other_sites, identify, require_access, require_token, require_fresh)

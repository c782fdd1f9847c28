"""Who may enter a route. A route that says nothing is for signed-in people: forgetting is safe."""

from __future__ import annotations

from enum import Enum
from typing import Any

from litestar.handlers import BaseRouteHandler


class Access(Enum):
    OPEN = "open"
    """Anybody, and nobody is asked who he is: files, health."""
    ANYONE = "anyone"
    """Anybody; whoever is signed in is recognised."""
    STAFF = "staff"
    MASTER = "master"
    """For everybody else the route does not exist."""


_ACCESS = "access"
_WHILE_VIEWING = "while_viewing"
_SIGN_IN_FORM = "sign_in_form"
_FILES = "files"
_LARGEST_FILE = "largest_file"
_FRESH_FROM = "fresh_from"
_IN_BACKGROUND = "in_background"


def route_for(
    access: Access,
    *,
    while_viewing: bool = False,
    sign_in_form: bool = False,
    files: bool = False,
    largest_file: int | None = None,
    fresh_from: str | None = None,
    in_background: bool = False,
) -> dict[str, Any]:
    """The ``opt`` of a route.

    ``while_viewing``: the master may post to it while he looks at a tenant's shop, because it changes
    nothing there. ``sign_in_form``: its token lies in a cookie of its own, there being no session yet.
    ``files``: its form may carry files, of at most ``largest_file`` bytes where that is not what is usual.
    ``fresh_from``: delicate, so that whoever comes must have proved lately who he is; the page his form is
    on, where he is sent after he has proved it again.
    ``in_background``: an open page asks by itself, so that asking is no sign of a person and keeps no
    session alive.
    """
    return {
        _ACCESS: access,
        _WHILE_VIEWING: while_viewing,
        _SIGN_IN_FORM: sign_in_form,
        _FILES: files,
        _LARGEST_FILE: largest_file,
        _FRESH_FROM: fresh_from,
        _IN_BACKGROUND: in_background,
    }


def access_of(handler: BaseRouteHandler) -> Access:
    found: Access = handler.opt.get(_ACCESS, Access.STAFF)
    return found


def is_allowed_while_viewing(handler: BaseRouteHandler) -> bool:
    return bool(handler.opt.get(_WHILE_VIEWING))


def is_sign_in_form(handler: BaseRouteHandler) -> bool:
    return bool(handler.opt.get(_SIGN_IN_FORM))


def takes_files(handler: BaseRouteHandler) -> bool:
    return bool(handler.opt.get(_FILES))


def largest_file(handler: BaseRouteHandler) -> int | None:
    """Bytes; None is what is usual."""
    found: int | None = handler.opt.get(_LARGEST_FILE)
    return found


def fresh_from(handler: BaseRouteHandler) -> str | None:
    found: str | None = handler.opt.get(_FRESH_FROM)
    return found


def is_in_background(handler: BaseRouteHandler) -> bool:
    return bool(handler.opt.get(_IN_BACKGROUND))

"""Headers on every answer there is, which everybody may read, and the choices any address can carry.

An ASGI application around Litestar, because its own answers to unknown paths and methods pass no middleware.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import parse_qs

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from shop.i18n import LANGUAGES
from shop.security import coming_from, new_request_id
from web.cookies import DENSITY, KEYS, LANGUAGE, THEME, choice
from web.draining import Drained

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'"
)
THEMES = ("light", "dark")
DENSITIES = ("roomy", "compact")
SHORTCUTS = ("on", "off")
CHOICES = {LANGUAGE: LANGUAGES, THEME: THEMES, DENSITY: DENSITIES, KEYS: SHORTCUTS}
"""``?lang=en`` or ``?theme=dark`` on any page switches and is remembered by this browser."""

HEADERS = {
    b"content-security-policy": CONTENT_SECURITY_POLICY.encode(),
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"permissions-policy": b"camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    b"cache-control": b"no-store",
    # In place of the name that our server would give itself.
    b"server": b"pishkhan",
}
"""Unless the answer brings its own: files of ours may be cached, pictures are shut in further."""
ONLY_HTTPS = (b"strict-transport-security", b"max-age=31536000")


@dataclass(frozen=True, slots=True)
class Hardened:
    """``https``: whether the world reaches us by it, so that browsers may insist on it."""

    app: ASGIApp
    https: bool

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self.app(scope, receive, send)
            return
        chosen = _choices(scope["query_string"], secure=self.https) if scope["method"] == "GET" else ()

        async def send_hardened(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message["headers"])
                present = {name.lower() for name, _ in headers}
                headers += [(name, value) for name, value in HEADERS.items() if name not in present]
                headers += [(b"set-cookie", value) for value in chosen]
                if self.https:
                    headers.append(ONLY_HTTPS)
                message["headers"] = headers
            await send(message)

        with coming_from(new_request_id()):
            await Drained(self.app)(scope, receive, send_hardened)


def _choices(query: bytes, *, secure: bool) -> Iterable[bytes]:
    if not query:
        return ()
    wished = parse_qs(query.decode("latin-1"))
    return tuple(
        choice(name, wished[name][-1], secure=secure).encode()
        for name, known in CHOICES.items()
        if name in wished and wished[name][-1] in known
    )

"""The chat page: where people meet the bots. It drives the same control actions as programs do."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.sandbox.files import contents
from bot.sandbox.hub import BYE, EVERYWHERE
from bot.sandbox.state import World
from bot.sandbox.words import PAGE_WORDS
from shop.i18n import LANGUAGE_NAMES, LANGUAGES, pick_language, translations

ROOT = Path(__file__).parents[2]
_COOKIE = "sandbox_lang"
_THEME_COOKIE = "sandbox_theme"
_YEAR = 365 * 24 * 3600
_HEARTBEAT = 15.0
"""Seconds of silence after which a page is told that we are still here."""

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; font-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
_SHOWN_PICTURES = ("image/jpeg", "image/png", "image/webp", "image/gif")


def add_routes(app: web.Application, world: World, dashboard_url: str) -> None:
    page = ChatPage(world, dashboard_url)
    app.router.add_get("/", page.show)
    app.router.add_get("/_page/events", page.events)
    app.router.add_get("/_page/media/{unique_id}", page.media)
    app.router.add_static("/static/", ROOT / "static")
    app.on_response_prepare.append(_add_headers)


class ChatPage:
    def __init__(self, world: World, dashboard_url: str) -> None:
        self._world = world
        self._dashboard_url = dashboard_url
        self._templates = {lang: _environment(lang) for lang in LANGUAGES}

    async def show(self, request: web.Request) -> web.Response:
        wish = request.query.get("lang")
        lang = pick_language(wish, request.cookies.get(_COOKIE), request.headers.get("Accept-Language"))
        other = next(code for code in LANGUAGES if code != lang)
        theme = request.cookies.get(_THEME_COOKIE, "")
        words = translations(lang)
        html = (
            self._templates[lang]
            .get_template("sandbox/index.html")
            .render(
                lang=lang,
                other_lang=other,
                other_lang_name=LANGUAGE_NAMES[other],
                language_names=LANGUAGE_NAMES,
                theme=theme if theme in ("light", "dark") else "",
                words={name: words.gettext(sentence) for name, sentence in PAGE_WORDS.items()},
                dashboard_url=self._dashboard_url,
            )
        )
        response = web.Response(text=html, content_type="text/html")
        if wish == lang:
            response.set_cookie(_COOKIE, lang, max_age=_YEAR, samesite="Lax", httponly=True)
        return response

    async def events(self, request: web.Request) -> web.StreamResponse:
        """News of one conversation and of who there is, until the page is closed."""
        conversation = (_number(request, "bot"), _number(request, "user"))
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        with self._world.hub.listen(conversation, EVERYWHERE) as news:
            await response.write(b"retry: 1000\n\n")
            while True:
                try:
                    event = await asyncio.wait_for(news.get(), _HEARTBEAT)
                except TimeoutError:
                    line = ": still here\n\n"
                else:
                    if event is BYE:
                        break
                    line = f"data: {json.dumps(event)}\n\n"
                try:
                    await response.write(line.encode())
                except ConnectionError:
                    break
        return response

    async def media(self, request: web.Request) -> web.Response:
        """A file by its unique id: pictures to look at, everything else to download."""
        found = self._world.files.by_unique_id(request.match_info["unique_id"])
        if found is None:
            raise web.HTTPNotFound
        ref, stored = found
        body = await asyncio.to_thread(contents, ref, stored)
        is_picture = stored.is_picture and (ref.kind == "photo" or stored.mime in _SHOWN_PICTURES)
        return web.Response(
            body=body,
            content_type=_picture_type(body) if is_picture else "application/octet-stream",
            headers={
                "Content-Disposition": "inline" if is_picture else "attachment",
                "Cache-Control": "max-age=3600",
            },
        )


def _environment(lang: str) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(ROOT / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.install_gettext_translations(translations(lang), newstyle=True)  # type: ignore[attr-defined]  # added by the extension
    environment.policies["ext.i18n.trimmed"] = True
    environment.globals["static"] = lambda path: f"/static/{path}"
    return environment


def _number(request: web.Request, name: str) -> int:
    value = request.query.get(name, "")
    return int(value) if value.isascii() and value.isdecimal() else -1


def _picture_type(content: bytes) -> str:
    if content.startswith(b"\x89PNG"):
        return "image/png"
    if content[:4] == b"RIFF":
        return "image/webp"
    return "image/gif" if content.startswith(b"GIF8") else "image/jpeg"


async def _add_headers(request: web.Request, response: web.StreamResponse) -> None:
    if not (request.path == "/" or request.path.startswith(("/_page/", "/static/"))):
        return
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)

"""The master's own screens: every shop, and a look into one of them."""

from __future__ import annotations

from litestar import Response, get, post
from litestar.params import FromPath

from shop.books.queries import load_books
from shop.platform import queries, viewing
from web.access import Access, route_for
from web.auth import signed_in
from web.forms import parse_id
from web.parts import WebRequest, parts_of
from web.rendering import PLATFORM_SCREEN, Screen, see_other

BOTS = "/platform/bots"


@get(BOTS, opt=route_for(Access.MASTER))
async def shops(request: WebRequest) -> Response[str]:
    """Every shop with its health, its sales and what waits in it."""
    who = signed_in(request)
    async with parts_of(request).units.platform(who.person) as uow:
        rows = await queries.list_shops(uow)
        books = await load_books(uow)
    waiting = next((row.waiting for row in rows if row.bot_id == who.shop.bot_id), 0)
    screen = Screen.of(request)
    return screen.page("platform/bots.html", active=PLATFORM_SCREEN, waiting=waiting, shops=rows, books=books)


@post("/platform/bots/{bot_id:str}/open", opt=route_for(Access.MASTER, while_viewing=True))
async def open_shop(request: WebRequest, bot_id: FromPath[str]) -> Response[str]:
    """Look at a tenant's shop: read-only, and noted in its history."""
    who = signed_in(request)
    async with parts_of(request).units.platform(who.person) as uow:
        await viewing.open_shop(uow, who, parse_id("bot", bot_id))
    return see_other("/")


@post("/platform/leave", opt=route_for(Access.MASTER, while_viewing=True))
async def leave_shop(request: WebRequest) -> Response[str]:
    """Back to the platform."""
    who = signed_in(request)
    async with parts_of(request).units.platform(who.person) as uow:
        await viewing.leave_shop(uow, who)
    return see_other(BOTS)

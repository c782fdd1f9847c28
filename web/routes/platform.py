"""The master's own screens: every shop, and a look into one of them."""

from __future__ import annotations

from litestar import Response, get, post
from litestar.params import FromPath

from shop.books.queries import load_books
from shop.platform import people, queries, viewing
from shop.staff import lifetimes
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


@get("/platform/bots/{bot_id:str}", opt=route_for(Access.MASTER))
async def shop_people(request: WebRequest, bot_id: FromPath[str]) -> Response[str]:
    """A tenant's dashboard people: who is signed in, and whose Telegram account confirms."""
    who, screen = signed_in(request), Screen.of(request)
    async with parts_of(request).units.platform(who.person) as uow:
        shop = await people.load(uow, parse_id("bot", bot_id))
    return screen.page(
        "platform/people.html",
        active=PLATFORM_SCREEN,
        shop=shop,
        is_fresh=lifetimes.is_fresh(now=screen.now, proved_at=who.proved_at),
    )


@post("/platform/bots/{bot_id:str}/sign-out", opt=route_for(Access.MASTER, while_viewing=True))
async def sign_everybody_out(request: WebRequest, bot_id: FromPath[str]) -> Response[str]:
    """End every session of a tenant at once."""
    who, parts, number = signed_in(request), parts_of(request), parse_id("bot", bot_id)
    async with parts.units.platform(who.person) as uow:
        await people.sign_everybody_out(uow, number)
    return see_other(f"{BOTS}/{number}", send_cookies=[parts.cookies.keep_notice("shop_signed_out")])


@post(
    "/platform/bots/{bot_id:str}/people/{staff_id:str}/unlink",
    opt=route_for(Access.MASTER, while_viewing=True, fresh_from=BOTS),
)
async def unlink_telegram(
    request: WebRequest, bot_id: FromPath[str], staff_id: FromPath[str]
) -> Response[str]:
    """Somebody lost his Telegram account: it confirms no more, and he signs in anew by his token."""
    who, parts, number = signed_in(request), parts_of(request), parse_id("bot", bot_id)
    async with parts.units.platform(who.person) as uow:
        await people.unlink(uow, number, parse_id("staff", staff_id))
    return see_other(f"{BOTS}/{number}", send_cookies=[parts.cookies.keep_notice("telegram_unlinked")])


@post("/platform/leave", opt=route_for(Access.MASTER, while_viewing=True))
async def leave_shop(request: WebRequest) -> Response[str]:
    """Back to the platform."""
    who = signed_in(request)
    async with parts_of(request).units.platform(who.person) as uow:
        await viewing.leave_shop(uow, who)
    return see_other(BOTS)

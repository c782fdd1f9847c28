"""Whom a broadcast did not reach, and why: the list, and the same as a file."""

from __future__ import annotations

from litestar import Response, get
from litestar.params import FromPath
from litestar.response import Stream

from shop.actors import BROADCASTS_MANAGE, may, require
from shop.broadcasts import queries
from shop.broadcasts.queries import MissedRow
from shop.i18n import N_
from shop.paging import PIECE_ROWS, Page, Place
from shop.unit_of_work import UnitOfWork
from web.access import Access, route_for
from web.broadcasts import FATES
from web.deps import Uow
from web.forms import parse_id
from web.lists import Listing, Shape, show
from web.parts import WebRequest
from web.rendering import Screen
from web.sheets import Sheet, both_calendars, in_both, long_file, said

BROADCASTS = "/broadcasts"
COLUMNS = (
    *(N_("Customer number"), N_("Telegram number"), N_("Name"), N_("Username")),
    *(N_("Why not"), N_("What Telegram said"), *in_both(N_("Time"))),
)


@get(f"{BROADCASTS}/{{broadcast_id:str}}/missed")
async def missed(request: WebRequest, uow: Uow, broadcast_id: FromPath[str]) -> Response[str]:
    """Whom it did not reach, and why."""
    key = parse_id("broadcast", broadcast_id)
    one = await queries.load_broadcast(uow, key)
    listing = _listing(request, key)
    page = await queries.list_missed(
        uow,
        key,
        fate=listing.get("fate"),
        after=listing.after,
        newest_first=listing.newest_first,
    )
    return await show(
        Screen.of(request),
        uow,
        listing,
        "broadcasts/missed",
        active="broadcasts",
        page_of=page,
        one=one,
        fates=FATES,
        may_manage=may(uow.actor, BROADCASTS_MANAGE),
    )


@get(f"{BROADCASTS}/{{broadcast_id:str}}/missed.csv", opt=route_for(Access.STAFF, fresh_from=BROADCASTS))
async def missed_file(request: WebRequest, uow: Uow, broadcast_id: FromPath[str]) -> Stream:
    """Everybody it did not reach, as CSV."""
    require(uow.actor, BROADCASTS_MANAGE)
    screen, key = Screen.of(request), parse_id("broadcast", broadcast_id)
    await queries.load_broadcast(uow, key)
    listing = _listing(request, key)

    async def read(uow: UnitOfWork, after: Place | None) -> Page[MissedRow]:
        return await queries.list_missed(
            uow,
            key,
            fate=listing.get("fate"),
            after=after,
            newest_first=listing.newest_first,
            rows=PIECE_ROWS,
        )

    sheet = Sheet("missed", N_("Not reached"), COLUMNS, lambda row: _cells(screen, row), read)
    return await long_file(screen, uow, sheet)


def _listing(request: WebRequest, broadcast_id: int) -> Listing:
    shape = Shape(path=f"{BROADCASTS}/{broadcast_id}/missed", choices={"fate": FATES})
    return shape.read(request.query_params)


def _cells(screen: Screen, row: MissedRow) -> tuple[object, ...]:
    return (
        row.user_id,
        row.telegram_id,
        row.name,
        row.username or "",
        said(screen, FATES, row.fate),
        row.why or "",
        *both_calendars(screen, row.at),
    )

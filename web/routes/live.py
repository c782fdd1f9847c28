"""The stream that keeps open pages true, and the same for networks that let no stream through."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from litestar import Response, get
from litestar.exceptions import NotAuthorizedException, TooManyRequestsException
from litestar.response import Stream

from web.access import Access, route_for
from web.auth import recognise, signed_in
from web.hub import Seat, TooManySeats
from web.parts import WebRequest, parts_of
from web.rendering import Screen
from web.snapshots import View, take
from web.streams import HEADERS, MEDIA_TYPE, PATIENCE, Snapshot, Viewer, follow, patient

_OPT = route_for(Access.STAFF, in_background=True)
_LONGEST_MOMENT = 18


@get("/events", opt=_OPT, middleware=[patient(PATIENCE)])
async def events(request: WebRequest) -> Stream:
    """Snapshots of the shop on the screen for as long as the page is open; the first one at once."""
    hub = parts_of(request).hub
    try:
        is_broadcast = View.of(request).topic == "broadcast"
        seat = hub.take_seat(signed_in(request), watches_broadcasts=is_broadcast)
    except TooManySeats:
        raise TooManyRequestsException from None
    viewer = _viewer(request, seat)
    first = await viewer.look()
    if first is None:
        raise NotAuthorizedException
    return Stream(
        follow(hub, seat, viewer, first, after=_moment(request.headers)),
        media_type=MEDIA_TYPE,
        headers=HEADERS,
    )


@get("/events/now", opt=_OPT)
async def events_now(request: WebRequest) -> Response[str]:
    """One snapshot, for a page that has to ask."""
    screen, who = Screen.of(request), signed_in(request)
    async with parts_of(request).units.begin(who.shop.bot_id, who.actor) as uow:
        seen = await take(screen, uow, View.of(request))
    return screen.answer(seen.html)


def _viewer(request: WebRequest, seat: Seat) -> Viewer:
    screen, view, parts = Screen.of(request), View.of(request), parts_of(request)

    async def look() -> Snapshot | None:
        async with parts.hub.looking:
            who = await recognise(request)
            if who is None or who.shop.bot_id != seat.shop_id:
                return None
            async with parts.units.begin(who.shop.bot_id, who.actor) as uow:
                return await take(replace(screen, who=who, now=uow.now), uow, view)

    async def may_stay() -> bool:
        async with parts.hub.looking:
            who = await recognise(request)
        return who is not None and who.shop.bot_id == seat.shop_id

    return Viewer(look, may_stay)


def _moment(headers: Mapping[str, str]) -> int:
    """The last one this reader has seen, as its browser says; whatever is no such number counts as none."""
    said = headers.get("last-event-id", "")
    return int(said) if said.isascii() and said.isdigit() and len(said) <= _LONGEST_MOMENT else 0

"""The first screen: what waits, and how it goes."""

from __future__ import annotations

from litestar import Response, get

from shop.onboarding.queries import load_checklist
from shop.overview import queries
from web.auth import signed_in
from web.deps import Uow
from web.parts import WebRequest
from web.rendering import Screen, see_other, wants_part
from web.routes.auth import MASTER_HOME
from web.routes.start import START


@get("/")
async def overview(request: WebRequest, uow: Uow) -> Response[str]:
    """Everything at a glance; for htmx what has a range alone, in the one asked for.

    A shop in which nothing can be bought yet has nothing to glance at: its list comes instead.
    """
    who = signed_in(request)
    if who.is_master and not who.is_viewing:
        return see_other(MASTER_HOME)
    screen = Screen.of(request)
    checklist = None
    if not (who.shop.has_sold or wants_part(request)):
        checklist = await load_checklist(uow)
        if checklist.is_bare and not who.is_viewing:
            return see_other(START)
    range_days = queries.chosen_range(request.query_params.get("range"))
    if wants_part(request):
        sales = await queries.load_sales(uow, range_days=range_days, language=screen.lang)
        return screen.part("overview/_range.html", overview=sales)
    shown = await queries.load_overview(uow, range_days=range_days, language=screen.lang)
    return screen.page(
        "overview/index.html",
        active="overview",
        waiting=shown.waiting_count,
        overview=shown,
        checklist=checklist,
    )

"""The list a fresh shop begins with: what is missing until the first sale, and where to do it."""

from __future__ import annotations

from litestar import Response, get

from shop.onboarding.queries import load_checklist
from shop.receipts.desk import count_waiting
from web.auth import signed_in
from web.deps import Uow
from web.parts import WebRequest
from web.rehearsing import rehearsal_of
from web.rendering import Screen

START = "/start"


@get(START)
async def start(request: WebRequest, uow: Uow) -> Response[str]:
    """Every step with whether it is done, as the shop stands now."""
    screen = Screen.of(request)
    rehearsal = await rehearsal_of(request)
    checklist = await load_checklist(uow, is_tried=rehearsal is not None and rehearsal.is_passed)
    return screen.page(
        "start/index.html",
        active="start",
        waiting=await count_waiting(uow),
        checklist=checklist,
        rehearsal=rehearsal,
        is_linked=signed_in(request).telegram_id is not None,
    )

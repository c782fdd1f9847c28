"""The shelves: how many ready lines each plan has left, and the form that fills them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from litestar import Controller, Response, get, post
from litestar.params import FromPath

from shop.actors import STOCK_MANAGE, may
from shop.errors import BadInput, NotFound
from shop.provisioning import service
from shop.provisioning.service import StockAdded, StockLevel
from shop.receipts.desk import count_waiting
from shop.unit_of_work import UnitOfWork
from web.access import Access, route_for
from web.auth import signed_in
from web.deps import Uow
from web.errors import sentence_for
from web.forms import LARGEST_FILE, parse_id, read_file, read_form
from web.parts import WebRequest, parts_of
from web.rendering import Screen, see_other, wants_part

STOCK = "/stock"
LARGEST_UPLOAD = 16 * LARGEST_FILE
"""Bytes of the whole form: room to tell of a file that is too large beside its field."""
_TOLD = re.compile(r"stock\.([0-9]{1,19})\.([0-9]{1,6})\.([0-9]{1,6})\.([0-9]{1,6})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Problem:
    """Why nothing was added, and beside which field to say so."""

    field: str
    sentence: str
    had_file: bool
    """A file was chosen: browsers forget it, and the person must choose it again."""


@dataclass(frozen=True, slots=True)
class Form:
    """The form of one plan as it is shown again."""

    plan_id: int | None = None
    typed: str = ""
    problem: Problem | None = None
    told: StockAdded | None = None


class StockController(Controller):
    path = STOCK

    @get()
    async def index(self, request: WebRequest, uow: Uow) -> Response[str]:
        """Every plan that is sold from stock."""
        return await _show(Screen.of(request), uow, Form())

    @get("/{plan_id:str}")
    async def plan(self, request: WebRequest, uow: Uow, plan_id: FromPath[str]) -> Response[str]:
        """The same with one plan's form open, and what was just added to it."""
        plan = parse_id("plan", plan_id)
        return await _show(Screen.of(request), uow, Form(plan, told=_told(request, plan)))

    @post(
        "/{plan_id:str}",
        opt=route_for(Access.STAFF, files=True),
        request_max_body_size=LARGEST_UPLOAD,
    )
    async def fill(self, request: WebRequest, plan_id: FromPath[str]) -> Response[str]:
        """Put lines on a plan's shelf; paid orders that wait are served at once."""
        plan = parse_id("plan", plan_id)
        # Read first: an upload may take its time, and no transaction should wait for it.
        typed = (await read_form(request)).get("lines", "")
        file = await read_file(request, "file")
        screen, who = Screen.of(request), signed_in(request)
        units = parts_of(request).units
        try:
            async with units.begin(who.shop.bot_id, who.actor) as uow:
                added = await service.add_stock(uow, plan, typed, file=file)
                if wants_part(request):
                    return await _show(screen, uow, Form(plan, told=added))
        except BadInput as refusal:
            problem = Problem(refusal.field, sentence_for(screen, refusal), had_file=bool(file))
            async with units.begin(who.shop.bot_id, who.actor) as uow:
                return await _show(screen, uow, Form(plan, typed=typed, problem=problem), code=422)
        notice = f"stock.{plan}.{added.added}.{added.duplicates}.{added.served}"
        return see_other(f"{STOCK}/{plan}", send_cookies=[screen.parts.cookies.keep_notice(notice)])


def _told(request: WebRequest, plan_id: int) -> StockAdded | None:
    """What the form before this page did, when it was this plan's."""
    found = _TOLD.fullmatch(request.cookies.get(parts_of(request).cookies.notice, ""))
    if found is None or int(found[1]) != plan_id:
        return None
    return StockAdded(int(found[2]), int(found[3]), int(found[4]))


async def _show(screen: Screen, uow: UnitOfWork, form: Form, *, code: int = 200) -> Response[str]:
    """The page; for htmx all plans, or the one whose form was posted."""
    levels = await service.stock_levels(uow, screen.lang, including=form.plan_id)
    chosen = _find(levels, form.plan_id)
    context: dict[str, Any] = {
        "levels": levels,
        "opened": form.plan_id,
        "typed": form.typed,
        "problem": form.problem,
        "told": form.told,
        "can_fill": may(uow.actor, STOCK_MANAGE),
        "most_bytes": LARGEST_FILE,
    }
    if wants_part(screen.request):
        if chosen is None:
            return screen.part("stock/_plans.html", code=code, **context)
        return screen.part("stock/_plan.html", code=code, level=chosen, is_open=True, **context)
    return screen.page(
        "stock/index.html",
        code=code,
        active="stock",
        waiting=await count_waiting(uow),
        send_cookies=[screen.parts.cookies.drop_notice()] if form.told else [],
        **context,
    )


def _find(levels: Sequence[StockLevel], plan_id: int | None) -> StockLevel | None:
    """Raises NotFound for a plan that is no stock of this shop's."""
    if plan_id is None:
        return None
    for level in levels:
        if level.plan_id == plan_id:
            return level
    raise NotFound("plan", plan_id)

"""Beside the desk: what became of a receipt, what colleagues noted on it, and two receipts side by side."""

from __future__ import annotations

from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from shop.errors import BadInput
from shop.receipts.comparing import load_pair
from shop.receipts.desk import count_waiting
from shop.receipts.trail import NOTED, add_note, load_trail
from web import history
from web.auth import signed_in
from web.deps import Uow
from web.errors import sentence_for
from web.forms import parse_id, read_form
from web.parts import WebRequest, parts_of
from web.rendering import Screen, see_other


@get("/receipts/{payment_id:str}/history")
async def trail(request: WebRequest, payment_id: FromPath[str]) -> Response[str]:
    """Everything done about one receipt, oldest first, with the notes of colleagues between."""
    return await _trail(request, parse_id("receipt", payment_id))


@post("/receipts/{payment_id:str}/note")
async def note(request: WebRequest, payment_id: FromPath[str]) -> Response[str]:
    """A few words for colleagues."""
    who, fields, parts = signed_in(request), await read_form(request), parts_of(request)
    receipt = parse_id("receipt", payment_id)
    try:
        async with parts.units.begin(who.shop.bot_id, who.actor) as uow:
            await add_note(uow, receipt, fields.get("note", ""))
    except BadInput as refusal:
        wrong = sentence_for(Screen.of(request), refusal)
        return await _trail(request, receipt, code=422, typed=fields.get("note", ""), wrong=wrong)
    return see_other(f"/receipts/{receipt}/history", send_cookies=[parts.cookies.keep_notice("noted")])


@get("/receipts/{payment_id:str}/compare")
async def compare(request: WebRequest, uow: Uow, payment_id: FromPath[str]) -> Response[str]:
    """This receipt and ``?with=``, or the one that its gravest warning names."""
    screen, other = Screen.of(request), request.query_params.get("with")
    pair = await load_pair(
        uow,
        parse_id("receipt", payment_id),
        parse_id("receipt", other) if other else None,
        language=screen.lang,
    )
    waiting = await count_waiting(uow)
    return screen.page("receipts/compare.html", active="receipts", waiting=waiting, pair=pair)


async def _trail(request: WebRequest, payment_id: int, *, code: int = 200, **context: Any) -> Response[str]:
    screen, who = Screen.of(request), signed_in(request)
    async with parts_of(request).units.begin(who.shop.bot_id, who.actor) as uow:
        rows = await load_trail(uow, payment_id)
        waiting = await count_waiting(uow)
    return screen.page(
        "receipts/history.html",
        code=code,
        active="receipts",
        waiting=waiting,
        payment_id=payment_id,
        rows=rows,
        noted=NOTED,
        act=history.act,
        doors=history.DOORS,
        names=history.NAMES,
        details=history.details,
        **context,
    )


ROUTES = (trail, note, compare)

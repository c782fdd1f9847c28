"""Whose a receipt is: taken over, put off, handed to a colleague."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from shop.errors import BadInput
from shop.receipts import claims
from shop.receipts.desk import count_waiting
from shop.receipts.trail import require_receipt
from web.auth import signed_in
from web.errors import sentence_for
from web.forms import parse_id, read_form
from web.parts import WebRequest, parts_of
from web.rendering import Screen, see_other
from web.routes.receipts import go_on, load_next, load_same


def _unit(request: WebRequest) -> Any:
    who = signed_in(request)
    return parts_of(request).units.begin(who.shop.bot_id, who.actor)


@post("/receipts/{payment_id:str}/take-over")
async def take_over(request: WebRequest, payment_id: FromPath[str]) -> Response[str]:
    """Review it now, whoever did before."""
    receipt, screen = parse_id("receipt", payment_id), Screen.of(request)
    async with _unit(request) as uow:
        await claims.take_over(uow, receipt)
        desk = await load_same(screen, uow, receipt)
    return go_on(screen, desk)


@post("/receipts/{payment_id:str}/later")
async def later(request: WebRequest, payment_id: FromPath[str]) -> Response[str]:
    """To the end of the own queue; on to the next one."""
    receipt, screen = parse_id("receipt", payment_id), Screen.of(request)
    async with _unit(request) as uow:
        await claims.put_off(uow, receipt)
        desk = await load_next(screen, uow, receipt)
    return go_on(screen, desk)


@get("/receipts/{payment_id:str}/hand")
async def ask_hand(request: WebRequest, payment_id: FromPath[str]) -> Response[str]:
    """To whom, and why."""
    return await _ask(request, parse_id("receipt", payment_id))


@post("/receipts/{payment_id:str}/hand")
async def hand(request: WebRequest, payment_id: FromPath[str]) -> Response[str]:
    """To a colleague; on to the next one."""
    receipt, fields = parse_id("receipt", payment_id), await read_form(request)
    chosen = fields.get("to", "")
    try:
        async with _unit(request) as uow:
            to = int(chosen) if chosen.isascii() and chosen.isdigit() and len(chosen) < 19 else 0  # noqa: PLR2004
            await claims.hand_on(uow, receipt, to=to, note=fields.get("note", ""))
            following = await claims.take_next(uow, after=receipt)
    except BadInput as refusal:
        wrong = sentence_for(Screen.of(request), refusal)
        return await _ask(request, receipt, code=422, typed=fields, wrong=wrong)
    notice = parts_of(request).cookies.keep_notice("handed_on")
    return see_other("/receipts" if following is None else f"/receipts/{following}", send_cookies=[notice])


async def _ask(
    request: WebRequest,
    payment_id: int,
    *,
    code: int = 200,
    typed: Mapping[str, str] | None = None,
    wrong: str = "",
) -> Response[str]:
    async with _unit(request) as uow:
        await require_receipt(uow, payment_id)
        colleagues = await claims.list_colleagues(uow)
        waiting = await count_waiting(uow)
    return Screen.of(request).page(
        "receipts/hand.html",
        code=code,
        active="receipts",
        waiting=waiting,
        payment_id=payment_id,
        colleagues=colleagues,
        typed=typed or {},
        wrong=wrong,
    )


ROUTES = (take_over, later, ask_hand, hand)

"""A test purchase: begun on the page of the first steps, decided here by the desk's own verbs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from litestar import Controller, Response, get, post
from litestar.params import FromPath

from shop.errors import BadInput, DecisionHeld, NothingHeld, ReceiptAlreadyReviewed, ShopError, TooLate
from shop.media import service as media
from shop.receipts import holding
from shop.receipts.desk import load_desk
from shop.receipts.rules import RejectReason
from shop.rehearsals import service
from web.auth import signed_in
from web.errors import ANSWERS, sentence_for
from web.forms import parse_id, read_form
from web.parts import WebRequest, parts_of
from web.rehearsing import on_stage
from web.rendering import Screen, move_on, wants_part
from web.routes.receipts import picture_response

START = "/start"
TESTS = "/start/tests"
NOTHING_MOVED = (ReceiptAlreadyReviewed, DecisionHeld, TooLate, NothingHeld)


class RehearsalController(Controller):
    path = TESTS

    @post()
    async def begin(self, request: WebRequest) -> Response[str]:
        """From now on the person's own Telegram account tries the shop; a second press says so again."""
        who = signed_in(request)
        async with parts_of(request).units.platform(who.actor) as uow:
            await service.begin(uow, who.shop.bot_id)
        return _move_on(request, START, "test_begun")

    @post("/clear")
    async def clear(self, request: WebRequest) -> Response[str]:
        """All of it goes, and so does its step of the list."""
        who = signed_in(request)
        async with parts_of(request).units.platform(who.actor) as uow:
            await service.clear(uow, who.shop.bot_id)
        return _move_on(request, START, "tests_cleared")

    @get("/{payment_id:str}")
    async def item(self, request: WebRequest, payment_id: FromPath[str]) -> Response[str]:
        """One test receipt as it stands."""
        return await _show(request, parse_id("receipt", payment_id))

    @get("/{payment_id:str}/image")
    async def image(self, request: WebRequest, payment_id: FromPath[str]) -> Response[bytes]:
        """The picture that was sent for one."""
        receipt = parse_id("receipt", payment_id)
        async with on_stage(request) as stage:
            stored = await media.open_picture(stage, parts_of(request).shelf, receipt)
        return picture_response(receipt, stored)

    @post("/{payment_id:str}/approve")
    async def approve(self, request: WebRequest, payment_id: FromPath[str]) -> Response[str]:
        """Hand over what a customer would get; one's own receipt too, because this one is nobody's money."""
        receipt = parse_id("receipt", payment_id)
        try:
            async with on_stage(request) as stage:
                # A warning would be about the same picture in an earlier test: nobody is deceived.
                await holding.hold_approval(stage, receipt, despite_warnings=True)
        except NOTHING_MOVED as refusal:
            return await _as_it_is(request, receipt, refusal)
        return _move_on(request, f"{TESTS}/{receipt}")

    @post("/{payment_id:str}/reject")
    async def reject(self, request: WebRequest, payment_id: FromPath[str]) -> Response[str]:
        """Refuse it with a reason, as a customer would be told."""
        receipt, fields = parse_id("receipt", payment_id), await read_form(request)
        try:
            async with on_stage(request) as stage:
                await holding.hold_rejection(
                    stage, receipt, reason=_reason(fields), text=fields.get("reason_text", "")
                )
        except NOTHING_MOVED as refusal:
            return await _as_it_is(request, receipt, refusal)
        except BadInput as refusal:
            wrong = sentence_for(Screen.of(request), refusal)
            return await _show(request, receipt, code=422, typed=fields, wrong=wrong)
        return _move_on(request, f"{TESTS}/{receipt}")

    @post("/{payment_id:str}/undo")
    async def undo(self, request: WebRequest, payment_id: FromPath[str]) -> Response[str]:
        """Take a held decision back."""
        receipt = parse_id("receipt", payment_id)
        try:
            async with on_stage(request) as stage:
                await holding.undo(stage, receipt)
        except NOTHING_MOVED as refusal:
            return await _as_it_is(request, receipt, refusal)
        return _move_on(request, f"{TESTS}/{receipt}")


def _reason(fields: Mapping[str, str]) -> RejectReason:
    code = fields.get("reason_code", "")
    if code not in set(RejectReason):
        raise BadInput("reason_code", "unknown")
    return RejectReason(code)


async def _as_it_is(request: WebRequest, receipt: int, refusal: ShopError) -> Response[str]:
    """Nothing was changed: the same receipt as it is now, and why."""
    return await _show(
        request, receipt, code=ANSWERS[type(refusal)][0], conflict=sentence_for(Screen.of(request), refusal)
    )


async def _show(request: WebRequest, receipt: int, *, code: int = 200, **context: Any) -> Response[str]:
    screen = Screen.of(request)
    async with on_stage(request) as stage:
        item = (await load_desk(stage, payment_id=receipt, language=screen.lang)).item
    said = {"item": item, "reasons": tuple(RejectReason), **context}
    if wants_part(request):
        return screen.part("start/_test.html", code=code, **said)
    return screen.page("start/test.html", code=code, active="receipts", **said)


def _move_on(request: WebRequest, url: str, notice: str = "") -> Response[str]:
    cookies = parts_of(request).cookies
    return move_on(request, url, [cookies.keep_notice(notice)] if notice else [])

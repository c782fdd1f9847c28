"""The receipt desk: what waits, the picture, the decision."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from litestar import Controller, Response, get, post
from litestar.params import FromPath

from shop.errors import (
    AboveYourLimit,
    BadInput,
    ClaimedByColleague,
    DecisionHeld,
    NothingHeld,
    ReceiptAlreadyReviewed,
    ShopError,
    TooLate,
    WarningsStand,
)
from shop.i18n import N_
from shop.media import service as media
from shop.media.service import StoredFile
from shop.receipts import claims, holding, presence
from shop.receipts.desk import Desk, load_desk
from shop.receipts.holding import Decision, Held
from shop.receipts.reasons import choose
from shop.unit_of_work import UnitOfWork
from web import preview
from web.access import Access, route_for
from web.auth import signed_in
from web.deps import Uow
from web.errors import sentence_for
from web.forms import parse_id, parse_number, read_form
from web.parts import WebRequest, parts_of
from web.queue import Part, address
from web.rehearsing import rehearsal_of
from web.rendering import PUSH_URL, Screen, isolated, see_other, wants_part

QUEUE = "/receipts"
NARROW = "narrow"
"""Opens the form by which the queue is narrowed."""
DIALOGS = ("reject", "approve", "other", "wallet", "takeover", NARROW)
"""What the address can open without script."""
PICTURE_POLICY = "sandbox; default-src 'none'"
DONE: Mapping[Decision, tuple[str, str]] = {
    "approve": ("approved", N_("Approved: %(name)s.")),
    "reject": ("rejected", N_("Rejected: %(name)s.")),
}
"""Told about a decision that counts at once: on the next page, or beside the next item."""
ALREADY_DECIDED = N_("Already decided.")
UNDONE = N_("Undone: %(name)s waits again.")


class ReceiptController(Controller):
    path = QUEUE

    @get()
    async def index(self, request: WebRequest, uow: Uow) -> Response[str]:
        """The queue, nothing chosen yet."""
        return await _look_at(request, uow)

    @get("/{payment_id:str}")
    async def item(self, request: WebRequest, uow: Uow, payment_id: FromPath[str]) -> Response[str]:
        """One receipt under review; ``?reject=1`` and the like open the dialogs without script."""
        return await _look_at(request, uow, parse_id("receipt", payment_id))

    @get("/{payment_id:str}/image")
    async def image(self, request: WebRequest, uow: Uow, payment_id: FromPath[str]) -> Response[bytes]:
        """Our own copy of the picture; anything else is for saving, never for showing."""
        receipt = parse_id("receipt", payment_id)
        stored = await media.open_picture(uow, parts_of(request).shelf, receipt)
        return picture_response(receipt, stored)

    @post("/{payment_id:str}/look", opt=route_for(Access.STAFF, in_background=True))
    async def look(self, request: WebRequest, uow: Uow, payment_id: FromPath[str]) -> Response[str]:
        """An open page says again and again that somebody looks at this receipt."""
        await presence.look(uow, parse_id("receipt", payment_id))
        return Screen.of(request).nothing()

    @post("/{payment_id:str}/leave", opt=route_for(Access.STAFF, in_background=True))
    async def leave(self, request: WebRequest, uow: Uow, payment_id: FromPath[str]) -> Response[str]:
        """The page was closed, or shows the queue again."""
        await presence.leave(uow, parse_id("receipt", payment_id))
        return Screen.of(request).nothing()

    @post("/{payment_id:str}/approve")
    async def approve(self, request: WebRequest, payment_id: FromPath[str]) -> Response[str]:
        """Accept the money; on to the next receipt."""
        return await _accept(request, payment_id, "approve", lambda _: {})

    @post("/{payment_id:str}/approve-other")
    async def approve_other(self, request: WebRequest, payment_id: FromPath[str]) -> Response[str]:
        """Accept another amount than was asked for; on to the next receipt."""
        return await _accept(request, payment_id, "other", _another_amount)

    @post("/{payment_id:str}/to-wallet")
    async def to_wallet(self, request: WebRequest, payment_id: FromPath[str]) -> Response[str]:
        """Keep the money of a late receipt for its customer, and close the order; on to the next receipt."""
        return await _accept(request, payment_id, "wallet", _into_the_wallet)

    @post("/{payment_id:str}/reject")
    async def reject(self, request: WebRequest, payment_id: FromPath[str]) -> Response[str]:
        """Refuse the receipt with a reason; on to the next one."""
        receipt = parse_id("receipt", payment_id)
        fields = await read_form(request)
        screen = Screen.of(request)
        try:
            async with _unit(request) as uow:
                await claims.require_free(uow, receipt)
                reason, text = await choose(
                    uow, receipt, fields.get("reason_code", ""), fields.get("reason_text", "")
                )
                held = await holding.hold_rejection(uow, receipt, reason=reason, text=text)
                desk = await load_next(screen, uow, receipt)
        except ClaimedByColleague as refusal:
            typed = {"reject_code": fields.get("reason_code"), "reject_text": fields.get("reason_text")}
            return await _as_it_is(screen, receipt, refusal, open_dialog="takeover", **typed)
        except (ReceiptAlreadyReviewed, DecisionHeld) as refusal:
            return await _as_it_is(screen, receipt, refusal)
        except BadInput as refusal:
            return await _ask_again(
                screen,
                receipt,
                open_dialog="reject",
                reject_code=fields.get("reason_code", ""),
                reject_text=fields.get("reason_text", ""),
                reject_error=sentence_for(screen, refusal),
            )
        return _decided(screen, held, desk)

    @post("/{payment_id:str}/undo")
    async def undo(self, request: WebRequest, payment_id: FromPath[str]) -> Response[str]:
        """Take a held decision back; its receipt is under review again."""
        receipt = parse_id("receipt", payment_id)
        screen = Screen.of(request)
        try:
            async with _unit(request) as uow:
                undone = await holding.undo(uow, receipt)
                desk = await load_same(screen, uow, receipt)
        except (TooLate, NothingHeld) as refusal:
            return await _as_it_is(screen, receipt, refusal)
        told = screen.say(UNDONE) % {"name": isolated(undone.customer_name)}
        return go_on(screen, desk, notice="undone", told=screen.toast(told))


def _unit(request: WebRequest) -> Any:
    """A unit the handler ends itself: after a refusal it reads what is true now in a second one."""
    who = signed_in(request)
    return parts_of(request).units.begin(who.shop.bot_id, who.actor)


async def _accept(
    request: WebRequest, payment_id: str, dialog: str, read: Callable[[Mapping[str, str]], dict[str, Any]]
) -> Response[str]:
    """Accept money as the form says it (``read``); on to the next receipt. ``dialog`` asks again."""
    receipt = parse_id("receipt", payment_id)
    fields = await read_form(request)
    screen = Screen.of(request)
    typed = {"typed_in": dialog, "typed": fields}
    try:
        async with _unit(request) as uow:
            await claims.require_free(uow, receipt)
            is_sure = fields.get("despite_warning") == "1"
            held = await holding.hold_approval(uow, receipt, despite_warnings=is_sure, **read(fields))
            desk = await load_next(screen, uow, receipt)
    except WarningsStand as refusal:
        return await _as_it_is(screen, receipt, refusal, open_dialog=dialog, **typed)
    except ClaimedByColleague as refusal:
        return await _as_it_is(screen, receipt, refusal, open_dialog="takeover", **typed)
    except (ReceiptAlreadyReviewed, DecisionHeld, AboveYourLimit) as refusal:
        return await _as_it_is(screen, receipt, refusal)
    except BadInput as refusal:
        wrong = {refusal.field: sentence_for(screen, refusal)}
        return await _ask_again(screen, receipt, open_dialog=dialog, wrong=wrong, **typed)
    return _decided(screen, held, desk)


def _another_amount(fields: Mapping[str, str]) -> dict[str, Any]:
    amount = parse_number("arrived", fields.get("arrived", ""))
    if amount is None:
        raise BadInput("arrived", "required")
    return {"amount": amount, "why": fields.get("why", "")}


def _into_the_wallet(fields: Mapping[str, str]) -> dict[str, Any]:
    """All that was asked for, unless another amount was typed."""
    amount = parse_number("arrived", fields.get("arrived", ""))
    return {"amount": amount, "why": fields.get("why", ""), "to_wallet": True}


async def _look_at(request: WebRequest, uow: UnitOfWork, payment_id: int | None = None) -> Response[str]:
    """The desk as the address describes it, with the dialog that it opens."""
    screen, part = Screen.of(request), Part.of(request)
    opened = next((name for name in DIALOGS if name in request.query_params), NARROW if part.unread else "")
    desk = await load_desk(
        uow,
        tab=part.tab,
        payment_id=payment_id,
        with_cards=opened == NARROW,
        language=screen.lang,
        **part.asked,
    )
    rehearsal = None if wants_part(request) else await rehearsal_of(request)
    response = _show(screen, desk, open_dialog=opened, unread=part.unread, rehearsal=rehearsal)
    if wants_part(request) and payment_id is None and part.tab == "waiting" and not opened:
        # Without the fields that were left empty.
        response.headers[PUSH_URL] = address(desk, QUEUE)
    return response


async def load_next(screen: Screen, uow: UnitOfWork, decided: int) -> Desk:
    """The desk with the receipt that is this person's now, and nobody else's, of the same part."""
    part = Part.of(screen.request)
    following = await claims.take_next(uow, after=decided, **part.asked)
    return await load_desk(uow, payment_id=following, language=screen.lang, **part.asked)


async def load_same(screen: Screen, uow: UnitOfWork, payment_id: int) -> Desk:
    part = Part.of(screen.request)
    return await load_desk(uow, payment_id=payment_id, language=screen.lang, **part.asked)


def _show(screen: Screen, desk: Desk, *, code: int = 200, **context: Any) -> Response[str]:
    """The desk in a page, or alone for htmx."""
    item = desk.item
    if item is not None and item.status == "receipt_submitted" and item.held is None and not item.is_mine:
        context["reject_texts"] = preview.rejections(item)
        context["reject_labels"] = {
            one.code: one.label(screen.lang) for one in item.reasons if not one.is_ours
        }
    if wants_part(screen.request):
        return screen.part("receipts/_desk.html", code=code, desk=desk, **context)
    return screen.page(
        "receipts/index.html",
        code=code,
        active="receipts",
        waiting=desk.counts["waiting"],
        desk=desk,
        **context,
    )


def _decided(screen: Screen, held: Held, desk: Desk) -> Response[str]:
    """The next receipt that waits, or the empty queue. What is held says so itself."""
    if held.commit_at is not None:
        return go_on(screen, desk)
    notice, sentence = DONE[held.decision]
    told = screen.say(sentence) % {"name": isolated(held.customer_name)}
    tone = "ok" if held.decision == "approve" else ""
    return go_on(screen, desk, notice=notice, told=screen.toast(told, tone=tone))


def go_on(screen: Screen, desk: Desk, *, notice: str = "", told: str = "") -> Response[str]:
    """Another receipt than before is on the desk: its part and address for htmx, the way there otherwise."""
    url = address(desk, QUEUE if desk.item is None else f"{QUEUE}/{desk.item.payment_id}")
    if not wants_part(screen.request):
        return see_other(url, send_cookies=[screen.parts.cookies.keep_notice(notice)] if notice else [])
    response = _show(screen, desk)
    response.headers[PUSH_URL] = url
    response.content += told
    return response


async def _as_it_is(
    screen: Screen, payment_id: int, refusal: ShopError, *, open_dialog: str = "", **context: Any
) -> Response[str]:
    """Nothing was changed: the same receipt as it is now, and why."""
    async with _unit(screen.request) as uow:
        desk = await load_same(screen, uow, payment_id)
    conflict = _why(screen, refusal)
    return _show(screen, desk, code=409, open_dialog=open_dialog, conflict=conflict, **context)


def _why(screen: Screen, refusal: ShopError) -> str:
    """Beside the outcome, which names who was first, a few words do."""
    is_decided = isinstance(refusal, ReceiptAlreadyReviewed)
    return screen.say(ALREADY_DECIDED) if is_decided else sentence_for(screen, refusal)


async def _ask_again(screen: Screen, payment_id: int, **context: Any) -> Response[str]:
    """The same form with what was wrong said beside the field, and nothing lost."""
    async with _unit(screen.request) as uow:
        desk = await load_same(screen, uow, payment_id)
    return _show(screen, desk, code=422, **context)


def picture_response(payment_id: int, stored: StoredFile) -> Response[bytes]:
    """Never kept by the browser: it is somebody's bank slip, and the computer may be another's."""
    headers = {"Content-Security-Policy": PICTURE_POLICY}
    if not stored.is_picture:
        # What the sender called it could pass for another kind of file on the reviewer's computer.
        headers["Content-Disposition"] = f'attachment; filename="receipt-{payment_id}.pdf"'
    return Response(stored.content, media_type=stored.content_type, headers=headers)

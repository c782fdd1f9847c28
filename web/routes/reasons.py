"""Why this shop rejects receipts: the list that its reviewers choose from, at the desk and in the chat."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any

from litestar import Controller, Response, get, post
from litestar.params import FromPath

from shop.actors import SETTINGS_MANAGE, SHOP_SEE, may, require
from shop.errors import BadInput, ChangedMeanwhile
from shop.i18n import LANGUAGE_NAMES, LANGUAGES, N_
from shop.receipts import reasons, wording
from shop.receipts.desk import count_waiting
from shop.receipts.reasons import Reason
from shop.receipts.rules import RejectReason
from shop.unit_of_work import UnitOfWork
from web.auth import signed_in
from web.deps import Uow
from web.errors import ANSWERS, sentence_for
from web.forms import read_form
from web.meanwhile import Field, differences
from web.parts import WebRequest, parts_of
from web.rendering import NOTICES, Screen, see_other, wants_part
from web.routes.settings import tab_bar

REASONS = "/settings/reasons"
WORDS: Mapping[str, str] = {
    RejectReason.DUPLICATE_IMAGE: N_("The image was used before"),
    RejectReason.AMOUNT_TOO_LOW: N_("The amount is too low"),
    RejectReason.NOT_ARRIVED: N_("The money has not arrived"),
    RejectReason.UNREADABLE: N_("Unreadable or unrelated image"),
}
"""What ours are called; what the customer reads of them is among the bot's texts."""
WORDS_IN, STEP_IN = N_("Reason, %(language)s"), N_("What to do next, %(language)s")
CHANGED = ("reject_reason.changed",)
Act = Callable[[UnitOfWork, Mapping[str, str]], Awaitable[object]]


class ReasonController(Controller):
    path = REASONS

    @get()
    async def index(self, request: WebRequest, uow: Uow) -> Response[str]:
        """The list in its order, those switched off too."""
        return await _show(Screen.of(request), uow)

    @post()
    async def add(self, request: WebRequest) -> Response[str]:
        """One more, after the others."""
        return await _do(request, None, "reason_saved", wording.add)

    @post("/{reason_code:str}")
    async def change(self, request: WebRequest, reason_code: FromPath[str]) -> Response[str]:
        """Other words for one of the shop's own."""
        return await _do(
            request, reason_code, "reason_saved", lambda uow, fields: wording.change(uow, reason_code, fields)
        )

    @post("/{reason_code:str}/move")
    async def move(self, request: WebRequest, reason_code: FromPath[str]) -> Response[str]:
        """One place up or down."""
        return await _do(
            request,
            reason_code,
            "reason_moved",
            lambda uow, fields: wording.move(uow, reason_code, up=fields.get("to") == "up"),
        )

    @post("/{reason_code:str}/switch")
    async def switch(self, request: WebRequest, reason_code: FromPath[str]) -> Response[str]:
        """Offered to reviewers or not."""
        return await _do(
            request,
            reason_code,
            "reason_saved",
            lambda uow, fields: wording.switch(uow, reason_code, is_on=fields.get("enabled") == "on"),
        )

    @post("/{reason_code:str}/delete")
    async def delete(self, request: WebRequest, reason_code: FromPath[str]) -> Response[str]:
        """Away with it; whatever was rejected with it keeps its words."""
        return await _do(
            request,
            reason_code,
            "reason_deleted",
            lambda uow, typed: wording.delete(uow, reason_code, seen=typed.get("seen", "")),
        )


async def _do(request: WebRequest, code: str | None, notice: str, act: Act) -> Response[str]:
    fields, who, screen = await read_form(request), signed_in(request), Screen.of(request)
    units = parts_of(request).units
    try:
        async with units.begin(who.shop.bot_id, who.actor) as uow:
            await act(uow, fields)
            if wants_part(request):
                return await _show(screen, uow, told=notice)
    except (BadInput, ChangedMeanwhile) as refusal:
        async with units.begin(who.shop.bot_id, who.actor) as uow:
            return await _show(screen, uow, typed=fields, about=code, refusal=refusal)
    return see_other(REASONS, send_cookies=[screen.parts.cookies.keep_notice(notice)])


async def _show(
    screen: Screen,
    uow: UnitOfWork,
    *,
    typed: Mapping[str, str] | None = None,
    about: str | None = None,
    refusal: BadInput | ChangedMeanwhile | None = None,
    told: str | None = None,
) -> Response[str]:
    """``typed`` and ``refusal``: of the form for ``about``, or of the one for a new reason."""
    require(uow.actor, SHOP_SEE)
    kept = await reasons.load_reasons(uow)
    mine = next((one for one in kept if one.code == about), None)
    context: dict[str, Any] = {
        "tabs": tab_bar(screen),
        "reasons": kept,
        "names": {one.code: _name(screen, one) for one in kept},
        "is_full": len(kept) >= reasons.MOST,
        "most": reasons.MOST,
        "longest": reasons.LONGEST,
        "typed": typed or {},
        "about": about,
        "wrong_field": refusal.field if isinstance(refusal, BadInput) else None,
        "is_meanwhile": isinstance(refusal, ChangedMeanwhile),
        # After any other refusal it is still that of what was seen at first.
        "seen": (typed or {}).get("seen", "") if isinstance(refusal, BadInput) else None,
        "differences": await differences(uow, refusal, _compared(screen, mine, typed or {}), CHANGED),
        "error": sentence_for(screen, refusal) if refusal else None,
        "may_set": may(uow.actor, SETTINGS_MANAGE),
    }
    code = 200 if refusal is None else ANSWERS[type(refusal)][0]
    if not wants_part(screen.request):
        waiting = await count_waiting(uow)
        return screen.page("reasons/index.html", code=code, active="settings", waiting=waiting, **context)
    if told is None:
        return screen.part("reasons/_reasons.html", code=code, **context)
    toast = screen.toast(screen.say(NOTICES[told]), tone="ok")
    return screen.answer(screen.text("reasons/_reasons.html", **context) + toast)


def _compared(screen: Screen, kept: Reason | None, typed: Mapping[str, str]) -> Iterator[Field]:
    """The fields of one reason, to be told apart; none of one that is gone or was to be deleted."""
    if kept is None or wording.field_of("words", LANGUAGES[0]) not in typed:
        return
    for language in LANGUAGES:
        said = LANGUAGE_NAMES[language]
        for part, held, label in (("words", kept.words, WORDS_IN), ("step", kept.steps, STEP_IN)):
            field = wording.field_of(part, language)
            yield Field(
                kept.code,
                screen.say(label) % {"language": said},
                held.get(language, ""),
                typed.get(field, ""),
            )


def _name(screen: Screen, reason: Reason) -> str:
    return screen.say(WORDS[reason.code]) if reason.is_ours else reason.label(screen.lang)

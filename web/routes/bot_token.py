"""The shop's bot and its token, which is replaced here and never shown."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from litestar import Response, get, post

from shop.actors import SETTINGS_MANAGE, SHOP_SEE, may, require
from shop.bots import replacing
from shop.configurations.registry import BOT_TOKEN
from shop.errors import BadInput, ChangedMeanwhile
from shop.i18n import N_
from shop.receipts.desk import count_waiting
from shop.staff import lifetimes
from shop.unit_of_work import UnitOfWork
from web.access import Access, route_for
from web.auth import signed_in
from web.deps import Uow
from web.errors import ANSWERS, sentence_for
from web.forms import read_form
from web.parts import WebRequest, parts_of
from web.rendering import NOTICES, Screen, see_other, wants_part
from web.routes.settings import BOT, SETTINGS, tab_bar

PLACE = f"{SETTINGS}/{BOT[0]}"
ON = "on"
PATIENCE = timedelta(seconds=20)
"""After it the page says what may be in the way; the bot process looks at once, and every ten seconds."""
STATES: Mapping[str, tuple[str, str]] = {
    "new": (N_("Not tried yet"), "warn"),
    "live": (N_("Answers"), "ok"),
    "broken": (N_("Token revoked"), "bad"),
    "conflict": (N_("Runs elsewhere too"), "bad"),
}
"""Of the token in force, with the tone of its badge."""
REFUSALS: Mapping[str, str] = {
    "unknown": N_("Telegram does not know this token: it was revoked, or not copied whole."),
    "anothers": N_("Another shop has this bot, or had it before."),
    "unreadable": N_("It was sealed with a key of the server that is gone. Paste it once more."),
}


@get(PLACE)
async def show(request: WebRequest, uow: Uow) -> Response[str]:
    """Which bot it is, since when its token counts, and how the last attempt to replace it stands."""
    return await _show(Screen.of(request), uow)


@post(PLACE, opt=route_for(Access.STAFF, fresh_from=PLACE))
async def replace(request: WebRequest) -> Response[str]:
    """A new token, sealed and waiting for the bot process to show it to Telegram."""
    fields, who, screen = await read_form(request), signed_in(request), Screen.of(request)
    units = parts_of(request).units
    try:
        async with units.begin(who.shop.bot_id, who.actor) as uow:
            await replacing.ask(
                uow,
                fields.get(replacing.FIELD, ""),
                seen=fields.get("seen", ""),
                to_other_bot=fields.get("other_bot") == ON,
            )
            if wants_part(request):
                return await _show(screen, uow, told="token_asked")
    except (BadInput, ChangedMeanwhile) as refusal:
        async with units.begin(who.shop.bot_id, who.actor) as uow:
            return await _show(screen, uow, refusal=refusal, ticked=fields.get("other_bot") == ON)
    return see_other(PLACE, send_cookies=[screen.parts.cookies.keep_notice("token_asked")])


async def _show(
    screen: Screen,
    uow: UnitOfWork,
    *,
    refusal: BadInput | ChangedMeanwhile | None = None,
    ticked: bool = False,
    told: str | None = None,
) -> Response[str]:
    """After a refusal everything typed is there again but the token, which is never written into a page."""
    require(uow.actor, SHOP_SEE)
    standing = await replacing.load_standing(uow)
    who = signed_in(screen.request)
    context: dict[str, Any] = {
        "tabs": tab_bar(screen),
        "token": standing,
        "secret": BOT_TOKEN,
        "state": STATES[standing.token_state],
        "why": REFUSALS.get(standing.reason or ""),
        "is_slow": standing.asked_at is not None and uow.now - standing.asked_at > PATIENCE,
        "ticked": ticked,
        "error": sentence_for(screen, refusal) if refusal else None,
        "is_meanwhile": isinstance(refusal, ChangedMeanwhile),
        "may_set": may(uow.actor, SETTINGS_MANAGE) and not standing.is_master,
        "is_fresh": lifetimes.is_fresh(now=screen.now, proved_at=who.proved_at),
        "place": PLACE,
    }
    code = 200 if refusal is None else ANSWERS[type(refusal)][0]
    if not wants_part(screen.request):
        waiting = await count_waiting(uow)
        return screen.page("settings/bot.html", code=code, active="settings", waiting=waiting, **context)
    if told is None:
        return screen.part("settings/_bot.html", code=code, **context)
    toast = screen.toast(screen.say(NOTICES[told]), tone="ok")
    return screen.answer(screen.text("settings/_bot.html", **context) + toast)

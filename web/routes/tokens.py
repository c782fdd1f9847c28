"""The keys to the dashboard: a person's own, and everybody's for whoever manages them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from shop.actors import OWNING, RECEIPTS_APPROVE, SETTINGS_MANAGE, TOKENS_MANAGE, may
from shop.bots import linking
from shop.configurations import service as configurations
from shop.errors import BadInput, TokenAlreadyMade
from shop.receipts.desk import count_waiting
from shop.staff import challenges, lifetimes, queries, rules, scopes, service
from shop.staff.queries import TokenRow
from shop.staff.service import Asked, IssuedToken
from shop.staff.sessions import SignedIn
from web.access import Access, route_for
from web.auth import signed_in
from web.errors import sentence_for
from web.forms import parse_id, read_form
from web.parts import WebRequest, parts_of
from web.rendering import Screen, see_other
from web.typed import read_day, written_day

TOKENS = "/tokens"
DELICATE = route_for(Access.STAFF, fresh_from=TOKENS)
ON = "on"
NOW = "now"
"""What the form says when the old token shall stop at once."""


@get(TOKENS)
async def tokens(request: WebRequest) -> Response[str]:
    """Every key, in whose hands, when last used and from where; of his own shop, whichever is shown."""
    return await _page(request)


@post(TOKENS, opt=DELICATE)
async def make(request: WebRequest) -> Response[str]:
    """A new key of one's own, shown in this answer and never again."""
    who, fields, parts = signed_in(request), await read_form(request), parts_of(request)
    try:
        async with parts.units.begin(who.home_bot_id, who.person) as uow:
            issued = await service.issue_api_token(
                uow,
                who.staff_id,
                name=fields.get("name", ""),
                asked=asked_of(fields),
                once=fields.get("once", ""),
            )
    except BadInput as refusal:
        return await _page(request, refusal=refusal, typed=fields)
    except TokenAlreadyMade:
        return see_other(TOKENS, send_cookies=[parts.cookies.keep_notice("token_already_made")])
    return await _made(request, issued)


@post("/tokens/link", opt=DELICATE)
async def link(request: WebRequest) -> Response[str]:
    """A code for one's own chat with the bot, or for the shop's group; shown in this answer alone."""
    who, screen = signed_in(request), Screen.of(request)
    async with parts_of(request).units.begin(who.home_bot_id, who.person) as uow:
        code = await linking.ask_code(uow)
    return screen.page(
        "tokens/link.html",
        active="tokens",
        waiting=await _waiting(request),
        link_code=code,
        lifetime=int(linking.LIFETIME.total_seconds()) // 60,
        may_manage=may(who.person, SETTINGS_MANAGE),
    )


@post("/tokens/{token_id:str}/replace", opt=DELICATE)
async def replace(request: WebRequest, token_id: FromPath[str]) -> Response[str]:
    """A new key in the place of an old one; this browser goes on with the new one."""
    who, fields = signed_in(request), await read_form(request)
    async with parts_of(request).units.begin(who.home_bot_id, who.person) as uow:
        issued = await service.replace_api_token(
            uow,
            parse_id("api_token", token_id),
            at_once=fields.get("old") == NOW,
            session=who.id_hash,
        )
    return await _made(request, issued)


@post("/tokens/{token_id:str}/revoke", opt=DELICATE)
async def revoke(request: WebRequest, token_id: FromPath[str]) -> Response[str]:
    """The end of a key and of every session it opened, perhaps this one."""
    who, parts = signed_in(request), parts_of(request)
    async with parts.units.begin(who.home_bot_id, who.person) as uow:
        await service.revoke_api_token(uow, parse_id("api_token", token_id))
    return see_other(TOKENS, send_cookies=[parts.cookies.keep_notice("token_revoked")])


@post("/tokens/second-factor", opt=DELICATE)
async def switch_second_factor(request: WebRequest) -> Response[str]:
    """Whether the shop wants a tap in Telegram at sign-in, from everybody who linked an account."""
    who, fields, parts = signed_in(request), await read_form(request), parts_of(request)
    is_on = fields.get("second_factor") == "on"
    async with parts.units.begin(who.home_bot_id, who.person) as uow:
        await configurations.set_configuration(uow, challenges.SWITCH, value=is_on)
    notice = "second_factor_on" if is_on else "second_factor_off"
    return see_other(TOKENS, send_cookies=[parts.cookies.keep_notice(notice)])


def asked_of(fields: Mapping[str, str]) -> Asked:
    """What a form wishes of a new token."""
    days = fields.get("days", "")
    if days and days not in map(str, scopes.LASTING):
        raise BadInput("days", "unknown")
    return Asked(
        fields.get("scope", ""),
        frozenset(permission for permission in rules.ABOUT if fields.get(permission) == ON),
        int(days or 0),
        read_day("last_day", fields.get("last_day", "")),
    )


async def _page(
    request: WebRequest, *, refusal: BadInput | None = None, typed: Mapping[str, str] | None = None
) -> Response[str]:
    screen, who = Screen.of(request), signed_in(request)
    may_manage = may(who.person, TOKENS_MANAGE)
    units = parts_of(request).units
    async with units.begin(who.home_bot_id, who.person) as uow:
        rows = await queries.list_api_tokens(uow, staff_id=None if may_manage else who.staff_id)
        is_on = who.is_master or await configurations.get_config_value(uow, challenges.SWITCH)
    return screen.page(
        "tokens/index.html",
        active="tokens",
        waiting=await _waiting(request),
        code=200 if refusal is None else 422,
        tokens=rows,
        in_use=who.api_token_id,
        mine=who.staff_id,
        may_make=may_manage and not who.is_viewing,
        may_change=not who.is_viewing,
        is_fresh=lifetimes.is_fresh(now=screen.now, proved_at=who.proved_at),
        may_link=may(who.person, RECEIPTS_APPROVE) and not who.is_viewing,
        is_linked=who.telegram_id is not None,
        second_factor=is_on,
        may_switch=may(who.person, SETTINGS_MANAGE) and not who.is_master and not who.is_viewing,
        may_replace=frozenset(
            row.token_id for row in rows if row.staff_id == who.staff_id and _opens_as_much(who, row)
        ),
        **form_of(screen, who),
        typed=typed or {},
        error=sentence_for(screen, refusal) if refusal is not None else None,
        error_field=refusal.field if refusal is not None else None,
    )


def form_of(screen: Screen, who: SignedIn) -> dict[str, Any]:
    """What the fields about a new token are drawn from: ways, permissions, ends."""
    today = screen.now.astimezone(screen.tz).date()
    return {
        "ways": scopes.WAYS,
        "way_of": scopes.way_of,
        "has_scope": not who.is_master,
        "about_permissions": rules.ABOUT,
        "mine_held": frozenset(one for one in OWNING if may(who.person, one)),
        "example_day": written_day(screen, today + timedelta(days=60)),
        "lasting": [(days, today + timedelta(days=days)) for days in scopes.LASTING],
    }


def _opens_as_much(who: SignedIn, row: TokenRow) -> bool:
    """Whether what this token opens is open to him here, by the token that he came in with."""
    if who.scope is None:
        return True
    return row.scope is not None and all(may(who.person, one) for one in row.scope)


async def _made(request: WebRequest, issued: IssuedToken) -> Response[str]:
    screen = Screen.of(request)
    return screen.page(
        "tokens/made.html", active="tokens", waiting=await _waiting(request), token=issued.token
    )


async def _waiting(request: WebRequest) -> int:
    who = signed_in(request)
    async with parts_of(request).units.begin(who.shop.bot_id, who.actor) as uow:
        return await count_waiting(uow)

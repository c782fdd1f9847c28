"""The team of a shop: who may come in, and what each may do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from litestar import Response, get, post
from litestar.params import FromPath

from shop.actors import OWNING, TOKENS_MANAGE, may
from shop.errors import BadInput, TokenAlreadyMade
from shop.receipts.desk import count_waiting
from shop.staff import lifetimes, rules, team
from shop.staff.scopes import EVERYTHING
from shop.staff.service import IssuedToken
from web.access import Access, route_for
from web.auth import signed_in
from web.errors import sentence_for
from web.forms import parse_id, parse_number, read_form
from web.parts import WebRequest, parts_of
from web.rendering import Screen, see_other
from web.routes.tokens import asked_of, form_of

TEAM = "/team"
DELICATE = route_for(Access.STAFF, fresh_from=TEAM)
ON = "on"


@get(TEAM)
async def people(request: WebRequest) -> Response[str]:
    """Everybody of the shop on the screen, with rights, devices and tokens."""
    return await _page(request)


@post(TEAM, opt=DELICATE)
async def add(request: WebRequest) -> Response[str]:
    """A new colleague; the token he comes in with is shown in this answer and never again."""
    who, fields = signed_in(request), await read_form(request)
    try:
        async with parts_of(request).units.begin(who.shop.bot_id, who.actor) as uow:
            issued = await team.add_colleague(
                uow,
                name=fields.get("name", ""),
                permissions=_permissions(fields),
                approve_up_to=parse_number("up_to", fields.get("up_to", "")),
                asked=replace(asked_of(fields), way=EVERYTHING),
                once=fields.get("once", ""),
            )
    except BadInput as refusal:
        return await _page(request, refusal=refusal, about=0, typed=fields)
    except TokenAlreadyMade:
        return _made_already(request)
    return await _shown_once(request, issued, fields.get("name", ""))


@post("/team/{colleague_id:str}/change", opt=DELICATE)
async def change(request: WebRequest, colleague_id: FromPath[str]) -> Response[str]:
    """Another name and other rights; they count from his next request on."""
    who, fields, parts = signed_in(request), await read_form(request), parts_of(request)
    colleague = parse_id("staff", colleague_id)
    try:
        async with parts.units.begin(who.shop.bot_id, who.actor) as uow:
            await team.change_colleague(
                uow,
                colleague,
                name=fields.get("name", ""),
                permissions=_permissions(fields),
                approve_up_to=parse_number("up_to", fields.get("up_to", "")),
            )
    except BadInput as refusal:
        return await _page(request, refusal=refusal, about=colleague, typed=fields)
    return see_other(TEAM, send_cookies=[parts.cookies.keep_notice("colleague_changed")])


@post("/team/{colleague_id:str}/token", opt=DELICATE)
async def issue(request: WebRequest, colleague_id: FromPath[str]) -> Response[str]:
    """One more token for a colleague, shown in this answer and never again."""
    who, fields, colleague = signed_in(request), await read_form(request), parse_id("staff", colleague_id)
    try:
        async with parts_of(request).units.begin(who.shop.bot_id, who.actor) as uow:
            issued = await team.issue_token(
                uow,
                colleague,
                name=fields.get("name", ""),
                asked=asked_of(fields),
                once=fields.get("once", ""),
            )
    except BadInput as refusal:
        return await _page(request, refusal=refusal, about=colleague, typed=fields, of_token=True)
    except TokenAlreadyMade:
        return _made_already(request)
    return await _shown_once(request, issued)


@post("/team/{colleague_id:str}/let-go", opt=DELICATE)
async def let_go(request: WebRequest, colleague_id: FromPath[str]) -> Response[str]:
    """He is signed out everywhere and comes in no more."""
    who, parts = signed_in(request), parts_of(request)
    async with parts.units.begin(who.shop.bot_id, who.actor) as uow:
        await team.let_go(uow, parse_id("staff", colleague_id))
    return see_other(TEAM, send_cookies=[parts.cookies.keep_notice("colleague_left")])


@post("/team/{colleague_id:str}/take-back", opt=DELICATE)
async def take_back(request: WebRequest, colleague_id: FromPath[str]) -> Response[str]:
    """He is one of the team again, with a new token."""
    who, fields, colleague = signed_in(request), await read_form(request), parse_id("staff", colleague_id)
    try:
        async with parts_of(request).units.begin(who.shop.bot_id, who.actor) as uow:
            issued = await team.take_back(uow, colleague, once=fields.get("once", ""))
    except TokenAlreadyMade:
        return _made_already(request)
    return await _shown_once(request, issued)


def _made_already(request: WebRequest) -> Response[str]:
    """The page with the token was loaded again, which sends its form a second time."""
    return see_other(TEAM, send_cookies=[parts_of(request).cookies.keep_notice("token_already_made")])


def _permissions(fields: Mapping[str, str]) -> list[str]:
    return [permission for permission in rules.ABOUT if fields.get(permission) == ON]


async def _page(
    request: WebRequest,
    *,
    refusal: BadInput | None = None,
    about: int | None = None,
    typed: Mapping[str, str] | None = None,
    of_token: bool = False,
) -> Response[str]:
    """``about``: the colleague whose form was refused, 0 for the form of a new one."""
    screen, who = Screen.of(request), signed_in(request)
    async with parts_of(request).units.begin(who.shop.bot_id, who.actor) as uow:
        members = await team.load_team(uow)
        waiting = await count_waiting(uow)
    return screen.page(
        "team/index.html",
        active="team",
        waiting=waiting,
        code=200 if refusal is None else 422,
        members=members,
        usual=rules.PERMISSIONS["staff"],
        mine=frozenset(one for one in OWNING if may(who.actor, one)),
        may_manage=may(who.actor, TOKENS_MANAGE),
        is_fresh=lifetimes.is_fresh(now=screen.now, proved_at=who.proved_at),
        error=sentence_for(screen, refusal) if refusal is not None else None,
        error_field=refusal.field if refusal is not None else None,
        about=about,
        typed=typed or {},
        of_token=of_token,
        **form_of(screen, who),
    )


async def _shown_once(request: WebRequest, issued: IssuedToken, name: str = "") -> Response[str]:
    who = signed_in(request)
    async with parts_of(request).units.begin(who.shop.bot_id, who.actor) as uow:
        waiting = await count_waiting(uow)
    return Screen.of(request).page(
        "team/token.html", active="team", waiting=waiting, token=issued.token, name=name
    )

"""Signing in and out, and the browsers a person is signed in at."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from urllib.parse import urlencode

from litestar import Response, get, post
from litestar.datastructures import Cookie
from litestar.params import FromPath

from shop.audit import service as audit
from shop.errors import InvalidToken, ShopError, TooManyAttempts
from shop.formatting import normalise_text
from shop.receipts.desk import count_waiting
from shop.staff import sessions
from shop.staff.challenges import Browser, Pending
from shop.staff.sessions import Opened
from shop.staff.sign_in import finish, sign_in, waiting
from web.access import Access, route_for
from web.auth import address_of, person_at, signed_in
from web.browsers import browser_name
from web.errors import ANSWERS, sentence_for
from web.forms import local_path, read_form
from web.parts import Parts, WebRequest, parts_of
from web.rendering import Screen, move_on, see_other

HOME = "/"
MASTER_HOME = "/platform/bots"
LOGIN = "/login"
LONGEST_TOKEN = 200
LONGEST_REF = 64
_CSRF = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)


@get(LOGIN, opt=route_for(Access.ANYONE))
async def login(request: WebRequest) -> Response[str]:
    """The form; whoever is signed in has no need of it."""
    target = local_path(request.query_params.get("next"))
    who = person_at(request)
    if who is not None:
        return see_other(_after_sign_in(target, is_master=who.is_master))
    return _form(request, target=target)


@post(LOGIN, opt=route_for(Access.ANYONE, sign_in_form=True, while_viewing=True))
async def enter(request: WebRequest) -> Response[str]:
    """Exchange the token for a session."""
    fields = await read_form(request)
    target = local_path(fields.get("next"))
    parts = parts_of(request)
    try:
        opened = await sign_in(
            parts.units,
            typed_token(fields),
            remember="remember" in fields,
            browser=browser_of(request),
            known=person_at(request),
        )
    except (InvalidToken, TooManyAttempts) as refusal:
        return _form(request, target=target, refusal=refusal)
    if isinstance(opened, Pending):
        return to_waiting(parts, opened, f"{LOGIN}/wait", target)
    return see_other(
        _after_sign_in(target, is_master=opened.is_master), send_cookies=[keep_session(parts, opened)]
    )


@get(f"{LOGIN}/wait", opt=route_for(Access.ANYONE))
async def wait(request: WebRequest) -> Response[str]:
    """The number to tap in the chat, until it is tapped; asked again every two seconds, or by a link."""
    cookie = request.cookies.get(parts_of(request).cookies.pending, "")
    found = await waiting(parts_of(request).units, cookie, "sign_in")
    token, send_cookies = _form_token(request)
    return Screen.of(request).page_or_part(
        "auth/wait.html",
        "auth/_wait.html",
        csrf=token,
        send_cookies=send_cookies,
        waiting_for=found,
        place=LOGIN,
        next=local_path(request.query_params.get("next")),
    )


@post(f"{LOGIN}/finish", opt=route_for(Access.ANYONE, sign_in_form=True, while_viewing=True))
async def finish_waiting(request: WebRequest) -> Response[str]:
    """The tap has come: the session begins."""
    parts, target = parts_of(request), local_path((await read_form(request)).get("next"))
    cookie = request.cookies.get(parts.cookies.pending, "")
    opened = await finish(parts.units, cookie, browser=browser_of(request), known=person_at(request))
    if opened is None:
        return move_on(request, f"{LOGIN}/wait", [])
    return move_on(
        request,
        _after_sign_in(target, is_master=opened.is_master),
        [keep_session(parts, opened), parts.cookies.drop_pending()],
    )


@post("/logout", opt=route_for(Access.STAFF, while_viewing=True))
async def logout(request: WebRequest) -> Response[str]:
    """End this browser's session."""
    who, parts = signed_in(request), parts_of(request)
    async with parts.units.begin(who.home_bot_id, who.person) as uow:
        await sessions.end(uow, who.id_hash)
        await audit.record(uow, "staff.signed_out", "staff", who.staff_id)
    return see_other(LOGIN, send_cookies=[parts.cookies.drop_session()])


@post("/logout-everywhere", opt=route_for(Access.STAFF, while_viewing=True))
async def logout_everywhere(request: WebRequest) -> Response[str]:
    """End every session of this person, here and on all other devices."""
    who, parts = signed_in(request), parts_of(request)
    async with parts.units.begin(who.home_bot_id, who.person) as uow:
        await sessions.end_all(uow, who.staff_id)
        await audit.record(uow, "staff.signed_out_everywhere", "staff", who.staff_id)
    return see_other(LOGIN, send_cookies=[parts.cookies.drop_session()])


@get("/sessions")
async def signed_in_devices(request: WebRequest) -> Response[str]:
    """Where this person is signed in; the list is of his own shop, whichever is on the screen."""
    screen, who, units = Screen.of(request), signed_in(request), parts_of(request).units
    async with units.begin(who.home_bot_id, who.person) as uow:
        rows = await sessions.list_sessions(uow, who.staff_id, role=who.role, current=who.id_hash)
    async with units.begin(who.shop.bot_id, who.actor) as uow:
        waiting = await count_waiting(uow)
    return screen.page("auth/sessions.html", active="sessions", waiting=waiting, sessions=rows)


@post("/sessions/{ref:str}/end", opt=route_for(Access.STAFF, while_viewing=True))
async def end_session(request: WebRequest, ref: FromPath[str]) -> Response[str]:
    """Sign this person out at one browser, perhaps at this one."""
    who, parts = signed_in(request), parts_of(request)
    async with parts.units.begin(who.home_bot_id, who.person) as uow:
        ended = await sessions.end_one(uow, who.staff_id, ref[:LONGEST_REF])
        await audit.record(uow, "staff.signed_out", "staff", who.staff_id)
    if ended == who.id_hash:
        return see_other(LOGIN, send_cookies=[parts.cookies.drop_session()])
    return see_other("/sessions", send_cookies=[parts.cookies.keep_notice("session_ended")])


def _form(request: WebRequest, *, target: str, refusal: ShopError | None = None) -> Response[str]:
    screen = Screen.of(request)
    token, send_cookies = _form_token(request)
    headers = {"Retry-After": str(refusal.retry_after)} if isinstance(refusal, TooManyAttempts) else {}
    return screen.page(
        "auth/login.html",
        code=ANSWERS[type(refusal)][0] if refusal is not None else 200,
        headers=headers,
        csrf=token,
        send_cookies=send_cookies,
        error=sentence_for(screen, refusal) if refusal is not None else None,
        next="" if target == HOME else target,
    )


def _form_token(request: WebRequest) -> tuple[str, list[Cookie]]:
    """The token of the form: nobody is signed in, so the browser keeps its twin in a cookie."""
    cookies = parts_of(request).cookies
    kept = request.cookies.get(cookies.csrf, "")
    if _CSRF.fullmatch(kept):
        return kept, []
    fresh = secrets.token_urlsafe(32)
    return fresh, [cookies.keep_csrf(fresh)]


def _after_sign_in(target: str, *, is_master: bool) -> str:
    return MASTER_HOME if is_master and target == HOME else target


def browser_of(request: WebRequest) -> Browser:
    return Browser(address_of(request), browser_name(request.headers.get("user-agent", "")))


def to_waiting(parts: Parts, pending: Pending, place: str, target: str) -> Response[str]:
    """To the page with the number; ``target`` is where the person goes on afterwards."""
    seconds = int((pending.expires_at - parts.units.clock()).total_seconds())
    url = place if target == HOME else f"{place}?{urlencode({'next': target})}"
    return see_other(url, send_cookies=[parts.cookies.keep_pending(pending.cookie, seconds=seconds)])


def typed_token(fields: Mapping[str, str]) -> str:
    """What was pasted as a token, without the spaces, line breaks and marks that travel along."""
    return "".join(normalise_text(fields.get("api_token", "")[:LONGEST_TOKEN]).split())


def keep_session(parts: Parts, opened: Opened) -> Cookie:
    """The cookie of a session just begun, or of one that goes on under a new name."""
    seconds = int((opened.expires_at - parts.units.clock()).total_seconds()) if opened.remember else None
    return parts.cookies.keep_session(opened.cookie, seconds=seconds)

"""Prove again who you are, before something delicate: by a tap in your chat, or by your token."""

from __future__ import annotations

from litestar import Response, get, post

from shop.errors import InvalidToken, ShopError, TooManyAttempts
from shop.staff import sign_in
from web.access import Access, route_for
from web.auth import signed_in
from web.errors import ANSWERS, sentence_for
from web.forms import local_path, read_form
from web.parts import WebRequest, parts_of
from web.rendering import CONFIRM, Screen, move_on, see_other
from web.routes.auth import browser_of, keep_session, to_waiting, typed_token


@get(CONFIRM)
async def ask(request: WebRequest) -> Response[str]:
    """The form; ``next`` is where the person goes on."""
    return _form(request, target=local_path(request.query_params.get("next")))


@post(CONFIRM, opt=route_for(Access.STAFF, while_viewing=True))
async def confirm(request: WebRequest) -> Response[str]:
    """A token of one's own again, and the session goes on under a new cookie; or a question in the chat."""
    who, fields = signed_in(request), await read_form(request)
    target, parts = local_path(fields.get("next")), parts_of(request)
    try:
        if who.confirms_in_chat:
            pending = await sign_in.ask_to_confirm(parts.units, who, browser=browser_of(request))
            return to_waiting(parts, pending, f"{CONFIRM}/wait", target)
        opened = await sign_in.confirm(parts.units, who, typed_token(fields))
    except (InvalidToken, TooManyAttempts) as refusal:
        return _form(request, target=target, refusal=refusal)
    return see_other(target, send_cookies=[keep_session(parts, opened)])


@get(f"{CONFIRM}/wait")
async def wait(request: WebRequest) -> Response[str]:
    """The number to tap in the chat, until it is tapped."""
    who, parts = signed_in(request), parts_of(request)
    cookie = request.cookies.get(parts.cookies.pending, "")
    found = await sign_in.waiting(parts.units, cookie, "confirm")
    return Screen.of(request).page_or_part(
        "auth/wait.html",
        "auth/_wait.html",
        waiting_for=found if found is not None and found.session_hash == who.id_hash else None,
        place=CONFIRM,
        next=local_path(request.query_params.get("next")),
    )


@post(f"{CONFIRM}/finish", opt=route_for(Access.STAFF, while_viewing=True))
async def finish(request: WebRequest) -> Response[str]:
    """The tap has come: the session goes on under a new cookie."""
    parts, target = parts_of(request), local_path((await read_form(request)).get("next"))
    cookie = request.cookies.get(parts.cookies.pending, "")
    opened = await sign_in.finish_confirming(parts.units, signed_in(request), cookie)
    if opened is None:
        return move_on(request, f"{CONFIRM}/wait", [])
    return move_on(request, target, [keep_session(parts, opened), parts.cookies.drop_pending()])


def _form(request: WebRequest, *, target: str, refusal: ShopError | None = None) -> Response[str]:
    screen = Screen.of(request)
    headers = {"Retry-After": str(refusal.retry_after)} if isinstance(refusal, TooManyAttempts) else {}
    return screen.page(
        "auth/confirm.html",
        code=ANSWERS[type(refusal)][0] if refusal is not None else 200,
        headers=headers,
        next=target,
        is_asked=False,
        in_chat=signed_in(request).confirms_in_chat,
        error=sentence_for(screen, refusal) if refusal is not None else None,
    )

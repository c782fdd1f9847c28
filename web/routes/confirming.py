"""Prove again who you are, before something delicate."""

from __future__ import annotations

from litestar import Response, get, post

from shop.errors import InvalidToken
from shop.staff import sign_in
from web.access import Access, route_for
from web.auth import signed_in
from web.errors import ANSWERS, sentence_for
from web.forms import local_path, read_form
from web.parts import WebRequest, parts_of
from web.rendering import CONFIRM, Screen, see_other
from web.routes.auth import keep_session, typed_token


@get(CONFIRM)
async def ask(request: WebRequest) -> Response[str]:
    """The form; ``next`` is where the person goes on."""
    return _form(request, target=local_path(request.query_params.get("next")))


@post(CONFIRM, opt=route_for(Access.STAFF, while_viewing=True))
async def confirm(request: WebRequest) -> Response[str]:
    """A token of one's own again: the session goes on under a new cookie."""
    fields = await read_form(request)
    target, parts = local_path(fields.get("next")), parts_of(request)
    try:
        opened = await sign_in.confirm(parts.units, signed_in(request), typed_token(fields))
    except InvalidToken as refusal:
        return _form(request, target=target, refusal=refusal)
    return see_other(target, send_cookies=[keep_session(parts, opened)])


def _form(request: WebRequest, *, target: str, refusal: InvalidToken | None = None) -> Response[str]:
    screen = Screen.of(request)
    return screen.page(
        "auth/confirm.html",
        code=ANSWERS[InvalidToken][0] if refusal is not None else 200,
        next=target,
        is_asked=False,
        error=sentence_for(screen, refusal) if refusal is not None else None,
    )

"""Answers that a shop keeps ready for the box of its tickets."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from litestar import Response, get, post
from litestar.params import FromPath

from shop.actors import TICKETS_ANSWER, may
from shop.errors import AlreadyExists, BadInput, ShopError
from shop.receipts.desk import count_waiting
from shop.tickets import replies, rules
from shop.unit_of_work import UnitOfWork
from web.acting import do_once
from web.deps import Uow
from web.errors import sentence_for
from web.forms import parse_id, read_form
from web.parts import WebRequest
from web.rendering import NOTICES, Screen, wants_part

REPLIES = "/tickets/replies"
Act = Callable[[UnitOfWork, int, Mapping[str, str]], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Form:
    """The form that was refused: what was typed, why, and of which answer; None is a new one."""

    typed: Mapping[str, str] = field(default_factory=dict)
    problem: ShopError | None = None
    about: int | None = None
    is_refused: bool = False


@get(REPLIES)
async def index(request: WebRequest, uow: Uow) -> Response[str]:
    """The answers kept ready."""
    return await _replies(Screen.of(request), uow, Form())


@post(REPLIES)
async def keep(request: WebRequest) -> Response[str]:
    """Keep one more answer ready."""
    return await _do_reply(request, None, "reply_saved", _create_reply)


@post(f"{REPLIES}/{{reply_id:str}}")
async def change(request: WebRequest, reply_id: FromPath[str]) -> Response[str]:
    """Put one in other words."""
    return await _do_reply(request, parse_id("canned_reply", reply_id), "reply_saved", _change_reply)


@post(f"{REPLIES}/{{reply_id:str}}/delete")
async def delete(request: WebRequest, reply_id: FromPath[str]) -> Response[str]:
    """What was answered with it stays."""
    return await _do_reply(request, parse_id("canned_reply", reply_id), "reply_deleted", _delete_reply)


async def _create_reply(uow: UnitOfWork, _reply_id: int, fields: Mapping[str, str]) -> None:
    await replies.create(uow, fields.get("title", ""), fields.get("words", ""))


async def _change_reply(uow: UnitOfWork, reply_id: int, fields: Mapping[str, str]) -> None:
    await replies.change(uow, reply_id, fields.get("title", ""), fields.get("words", ""))


async def _delete_reply(uow: UnitOfWork, reply_id: int, _fields: Mapping[str, str]) -> None:
    await replies.delete(uow, reply_id)


async def _do_reply(request: WebRequest, reply_id: int | None, notice: str, act: Act) -> Response[str]:
    fields = await read_form(request)

    async def show(screen: Screen, uow: UnitOfWork, refusal: ShopError | None) -> Response[str]:
        if refusal is None:
            return await _replies(screen, uow, Form(), done=notice)
        code = 422 if isinstance(refusal, BadInput) else 409
        return await _replies(screen, uow, Form(fields, refusal, reply_id, is_refused=True), code=code)

    return await do_once(
        request,
        lambda uow: act(uow, reply_id or 0, fields),
        show,
        refusals=(BadInput, AlreadyExists),
        there=REPLIES,
        notice=notice,
    )


async def _replies(
    screen: Screen, uow: UnitOfWork, form: Form, *, code: int = 200, done: str | None = None
) -> Response[str]:
    context: dict[str, Any] = {
        "replies": await replies.list_replies(uow),
        "form": form,
        "error": sentence_for(screen, form.problem) if form.problem else None,
        "wrong_field": form.problem.field if isinstance(form.problem, BadInput | AlreadyExists) else "",
        "may_answer": may(uow.actor, TICKETS_ANSWER),
        "longest": rules.LONGEST_ANSWER,
        "longest_title": rules.LONGEST_TITLE,
    }
    if not wants_part(screen.request):
        waiting = await count_waiting(uow)
        return screen.page("tickets/replies.html", code=code, active="tickets", waiting=waiting, **context)
    if done is not None:
        part = screen.text("tickets/_replies.html", **context)
        return screen.answer(part + screen.toast(screen.say(NOTICES[done]), tone="ok"))
    return screen.part("tickets/_replies.html", code=code, **context)


ROUTES = (index, keep, change, delete)

"""Views of lists: kept under a name, renamed, dropped. Each form tells which list it stands above."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from urllib.parse import parse_qsl

from litestar import Controller, Response, post
from litestar.params import FromPath

from shop.errors import BadInput, NotFound
from shop.receipts.desk import count_waiting
from shop.staff import views
from shop.unit_of_work import UnitOfWork
from web.acting import do_once
from web.errors import sentence_for
from web.forms import MOST_FIELDS, parse_id, read_form
from web.lists import Listing, Shape, views_of
from web.parts import WebRequest
from web.rendering import NOTICES, Screen, wants_part
from web.routes import (
    audit,
    broadcasts,
    customers,
    receipt_list,
    subscriptions,
    tickets,
    transactions,
)

VIEWS = "/views"
LISTS = (customers, subscriptions, transactions, receipt_list, tickets, broadcasts, audit)
SHAPES: Mapping[str, Shape] = {module.SHAPE.name: module.SHAPE for module in LISTS}
Act = Callable[[UnitOfWork, Listing, Mapping[str, str]], Awaitable[None]]


class ViewController(Controller):
    path = VIEWS

    @post()
    async def keep(self, request: WebRequest) -> Response[str]:
        """The list as it is narrowed, under a name; a form that arrives twice keeps it once."""
        return await _do(request, _keep, "view_kept")

    @post("/{view_id:str}")
    async def rename(self, request: WebRequest, view_id: FromPath[str]) -> Response[str]:
        """Call one otherwise."""
        number = parse_id("view", view_id)
        return await _do(
            request,
            lambda uow, _, fields: views.rename(uow, number, fields.get("name", "")),
            "view_renamed",
        )

    @post("/{view_id:str}/delete")
    async def delete(self, request: WebRequest, view_id: FromPath[str]) -> Response[str]:
        """Drop one; the list stays as it is narrowed, and can be kept again."""
        number = parse_id("view", view_id)
        return await _do(request, lambda uow, *_: views.delete(uow, number), "view_deleted")


async def _keep(uow: UnitOfWork, listing: Listing, fields: Mapping[str, str]) -> None:
    await views.keep(uow, listing.name, fields.get("name", ""), listing.query)


async def _do(request: WebRequest, act: Act, notice: str) -> Response[str]:
    fields = await read_form(request)
    listing = _listing(fields)

    async def show(screen: Screen, uow: UnitOfWork, refusal: BadInput | None) -> Response[str]:
        code, shown = 200, await views_of(uow, listing)
        if refusal is not None:
            error = sentence_for(screen, refusal)
            code, shown = 422, replace(shown, error=error, typed=fields.get("name", ""))
        if not wants_part(request):
            return screen.page(
                "views/index.html",
                code=code,
                active=listing.name,
                waiting=await count_waiting(uow),
                listing=listing,
                views=shown,
            )
        part = screen.text("_shared/_views.html", listing=listing, views=shown)
        told = screen.toast(screen.say(NOTICES[notice]), tone="ok") if refusal is None else ""
        return screen.answer(part + told, code=code)

    return await do_once(
        request,
        lambda uow: act(uow, listing, fields),
        show,
        refusals=(BadInput,),
        there=listing.url(),
        notice=notice,
    )


def _listing(fields: Mapping[str, str]) -> Listing:
    """The list that the form stands above, as it is narrowed. Raises NotFound for none of ours."""
    shape = SHAPES.get(fields.get("list", ""))
    if shape is None:
        raise NotFound("list", fields.get("list", "")[:20])
    try:
        return shape.read(dict(parse_qsl(fields.get("query", ""), max_num_fields=MOST_FIELDS)))
    except ValueError:
        return shape.read({})

"""The history of the shop: who did what, when and through which door."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlencode

from litestar import Response, get
from litestar.response import Stream

from shop import paging
from shop.audit.queries import DAYS, KINDS, HistoryRow, Wanted, load_history, who_acted
from shop.books.queries import load_proof
from shop.export.cells import cell
from shop.i18n import N_
from shop.paging import Place
from shop.receipts.desk import count_waiting
from shop.unit_of_work import UnitOfWork
from web import history
from web.access import Access, route_for
from web.auth import signed_in
from web.deps import Uow
from web.forms import LARGEST_ID
from web.lists import AnyName, Listing, Shape, views_of
from web.parts import WebRequest, parts_of
from web.rendering import Screen
from web.sheets import Sheet, actor, both_calendars, in_both, long_file, said, yes_or_no

AUDIT = "/audit"
COLUMNS = (
    *(N_("Number"), *in_both(N_("Time")), N_("Who"), N_("Name"), N_("Through")),
    *(N_("What"), N_("About"), N_("About which"), N_("Details")),
)
SHAPE = Shape(path=AUDIT, name="audit", choices={"kind": KINDS, "actor": AnyName(), "since": DAYS})
"""Paged by the number of an entry, which no list else is."""


@get(AUDIT)
async def audit(request: WebRequest) -> Response[str]:
    """A page of it, newest first; what is shown stands in the address."""
    who, screen = signed_in(request), Screen.of(request)
    listing = SHAPE.read(request.query_params)
    wanted = _wanted(request, listing)
    async with parts_of(request).units.begin(who.shop.bot_id, who.actor) as uow:
        page = await load_history(uow, wanted)
        people = await who_acted(uow)
        proof = await load_proof(uow)
        waiting = await count_waiting(uow)
        views = await views_of(uow, listing)
    return screen.page_or_part(
        "audit/index.html",
        "audit/_list.html",
        active="audit",
        waiting=waiting,
        history=page,
        listing=listing,
        views=views,
        proof=proof,
        people={one.actor: one.name for one in people},
        wanted=wanted,
        kinds={kind: history.KIND_WORDS[kind] for kind in KINDS},
        spans={span: history.SINCE_WORDS[span] for span in DAYS},
        act=history.act,
        doors=history.DOORS,
        names=history.NAMES,
        details=history.details,
        place_of=_place_of,
        newest=_address(AUDIT, wanted),
        older=_address(AUDIT, wanted, before=page.older) if page.older else None,
        file=_address(f"{AUDIT}.csv", wanted),
    )


@get(f"{AUDIT}.csv", opt=route_for(Access.STAFF, fresh_from=AUDIT))
async def export(request: WebRequest, uow: Uow) -> Stream:
    """The same filter as a file for a spreadsheet, the newest first."""
    screen, wanted = Screen.of(request), _wanted(request, SHAPE.read(request.query_params))

    async def read(uow: UnitOfWork, after: Place | None) -> paging.Page[HistoryRow]:
        older = wanted if after is None else replace(wanted, before=after.id)
        page = await load_history(uow, older, limit=paging.PIECE_ROWS)
        last = None if page.older is None else Place(page.rows[-1].at, page.older)
        return paging.Page(page.rows, last)

    sheet = Sheet("history", N_("History"), COLUMNS, lambda row: _cells(screen, row), read)
    return await long_file(screen, uow, sheet)


def _cells(screen: Screen, row: HistoryRow) -> tuple[object, ...]:
    is_ours, words = row.actor.startswith("system:"), history.act(row)
    return (
        row.entry_id,
        *both_calendars(screen, row.at),
        actor(screen, row.actor),
        None if is_ours else row.actor_name,
        said(screen, history.DOORS, row.channel),
        row.action if words is None else screen.say(words),
        said(screen, history.SUBJECTS, row.subject_type),
        row.subject_id,
        "; ".join(_detail(screen, one) for one in history.details(row)),
    )


def _detail(screen: Screen, one: history.Detail) -> str:
    """As the page tells it, in one line; amounts without signs between their digits, times in UTC."""
    value = _told(screen, one.value)
    if one.before is not None:
        arrow = "←" if screen.lang == "fa" else "→"
        value = f"{_told(screen, one.before)} {arrow} {value}"
    return f"{said(screen, history.NAMES, one.name)}: {value}"


def _told(screen: Screen, values: tuple[history.Told, ...]) -> str:
    return screen.say(N_(", ")).join(
        f"{said(screen, history.NAMES, one.name)}: {_value(screen, one)}" if one.name else _value(screen, one)
        for one in values
    )


def _value(screen: Screen, one: history.Told) -> str:
    match one.form:
        case "nothing":
            return "–"
        case "flag":
            return yes_or_no(screen, one.value)
        case "words":
            return screen.say(one.value)
        case _:
            return cell(one.value)


def _wanted(request: WebRequest, listing: Listing) -> Wanted:
    """What the address asks for; whatever means nothing is left out."""
    before = request.query_params.get("before", "")
    return Wanted(
        kind=listing.get("kind") or "",
        actor=listing.get("actor") or "",
        since=listing.get("since") or "",
        before=min(int(before), LARGEST_ID) if before.isascii() and before.isdigit() else None,
    )


def _address(path: str, wanted: Wanted, *, before: int | None = None) -> str:
    """The same filter at ``path``, from the newest on unless told otherwise."""
    now = {"kind": wanted.kind, "actor": wanted.actor, "since": wanted.since, "before": before}
    asked = urlencode({name: value for name, value in now.items() if value})
    return f"{path}?{asked}" if asked else path


def _place_of(row: HistoryRow) -> str | None:
    place = history.PLACES.get(row.subject_type)
    return place.format(row.subject_id) if place is not None and row.subject_id is not None else None

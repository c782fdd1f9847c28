"""What every list shares: filters, sorting and the place in it lie in the address; the same list as a file.

A value that an address may not name counts as none: an old link shows a list, never a failure.
"""

from __future__ import annotations

import csv
from collections.abc import AsyncIterator, Awaitable, Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from io import StringIO
from typing import Any, Generic, Self, TypeVar
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from litestar import Response
from litestar.response import Stream

from shop import security
from shop.export.cells import cell
from shop.formatting import jalali_numbers, latin, normalise_text, typed_day, whole_number
from shop.paging import Page, Place
from shop.receipts.desk import count_waiting
from shop.unit_of_work import UnitOfWork
from web.auth import signed_in
from web.forms import LARGEST_ID
from web.parts import WebRequest, parts_of
from web.rendering import PUSH_URL, Screen, wants_part

Row = TypeVar("Row")
NEWEST, OLDEST = "newest", "oldest"
SORTS = (NEWEST, OLDEST)
LONGEST_SEARCH = 64
CSV = "text/csv"
MARK = "\ufeff"
"""By it Excel knows UTF-8."""


@dataclass(frozen=True, slots=True)
class Listing:
    """One list as its address says it is wanted."""

    path: str
    filters: Mapping[str, str]
    """Of those the list knows, what was chosen."""
    sort: str = NEWEST
    after: Place | None = None
    unread: Mapping[str, str] = field(default_factory=dict)
    """What was typed into a filter and is no number or no day: it chooses nothing, and the page says so."""

    @classmethod
    def read(
        cls,
        request: WebRequest,
        path: str,
        *,
        choices: Mapping[str, Container[str]] | None = None,
        ids: Sequence[str] = (),
        texts: Sequence[str] = (),
        numbers: Sequence[str] = (),
        days: Sequence[str] = (),
    ) -> Self:
        """``choices``: the values each filter may have; ``ids``: keys of rows; the others: what was typed."""
        query = request.query_params
        chosen: dict[str, str] = {}
        for name, allowed in (choices or {}).items():
            if (value := query.get(name, "")) in allowed:
                chosen[name] = value
        for name in ids:
            text = query.get(name, "")
            if text.isascii() and text.isdecimal() and len(text) < LONGEST_SEARCH:
                chosen[name] = str(min(int(text), LARGEST_ID))
        for name in texts:
            if text := " ".join(normalise_text(query.get(name, "")).split())[:LONGEST_SEARCH]:
                chosen[name] = text
        meant, unread = typed_of(query, {**dict.fromkeys(numbers, number_of), **dict.fromkeys(days, _day)})
        sort = query.get("sort", NEWEST)
        after = Place.parse(query.get("after", ""))
        return cls(path, {**chosen, **meant}, sort if sort in SORTS else NEWEST, after, unread)

    def get(self, name: str) -> str | None:
        return self.filters.get(name)

    def number(self, name: str) -> int | None:
        found = self.filters.get(name)
        return None if found is None else int(found)

    def day(self, name: str) -> date | None:
        found = self.filters.get(name)
        return None if found is None else typed_day(found)

    @property
    def newest_first(self) -> bool:
        return self.sort == NEWEST

    @property
    def is_filtered(self) -> bool:
        return bool(self.filters)

    def url(self, **changes: str | None) -> str:
        """The same list with other filters, from its first page; None takes one away."""
        kept = {**self.filters, **changes}
        return self._at(self.path, {name: value for name, value in kept.items() if value})

    def sorted_by(self, sort: str) -> str:
        return replace(self, sort=sort).url()

    def following(self, place: Place) -> str:
        return self._at(self.path, {**self.filters, "after": str(place)})

    def prefix(self, name: str) -> str:
        """The way to the same list with one value of a filter, without the value: each row adds its own."""
        rest = self.url(**{name: None})
        return f"{rest}{'&' if '?' in rest else '?'}{name}="

    @property
    def file(self) -> str:
        """The address of the same list as CSV."""
        return self._at(f"{self.path}.csv", self.filters)

    @property
    def address(self) -> str:
        """Where this very page of the list is."""
        return self.url() if self.after is None else self.following(self.after)

    def _at(self, path: str, filters: Mapping[str, str]) -> str:
        query = {**filters, **({"sort": self.sort} if self.sort != NEWEST else {})}
        return f"{path}?{urlencode(query)}" if query else path


def typed_of(
    query: Mapping[str, str], fields: Mapping[str, Callable[[str], str | None]]
) -> tuple[dict[str, str], dict[str, str]]:
    """What is meant by field, and what could not be read."""
    meant: dict[str, str] = {}
    unread: dict[str, str] = {}
    for name, read in fields.items():
        text = query.get(name, "")[:LONGEST_SEARCH]
        try:
            value = read(text)
        except ValueError:
            unread[name] = text
            continue
        if value is not None:
            meant[name] = value
    return meant, unread


def number_of(typed: str) -> str | None:
    """As the address keeps it. Raises ValueError; a negative one is nothing to choose by."""
    found = whole_number(typed)
    if found is not None and not 0 <= found <= LARGEST_ID:
        raise ValueError("out of range")
    return None if found is None else str(found)


def _day(typed: str) -> str | None:
    """In the calendar it was typed in. Raises ValueError."""
    if typed_day(typed) is None:
        return None
    return latin(typed.strip()).replace("/", "-").replace(".", "-")


async def show(
    screen: Screen,
    uow: UnitOfWork,
    listing: Listing,
    name: str,
    *,
    code: int = 200,
    active: str | None = None,
    **context: Any,
) -> Response[str]:
    """The page ``templates/web/<name>/index.html``, or for htmx its ``_list.html`` and the address for it.

    ``active``: the screen it belongs to, where that has another name.
    """
    if wants_part(screen.request):
        headers = {PUSH_URL: listing.address}
        return screen.part(f"{name}/_list.html", code=code, headers=headers, listing=listing, **context)
    waiting = await count_waiting(uow)
    return screen.page(
        f"{name}/index.html", code=code, active=active or name, waiting=waiting, listing=listing, **context
    )


def file_of(
    request: WebRequest, name: str, columns: Sequence[str], rows: Iterable[Sequence[object]]
) -> Response[bytes]:
    """A short list as CSV that a spreadsheet opens rightly; whoever took it stands in the security log."""
    _tell_export(request, name)
    text = MARK + _lines([columns]) + _lines(rows)
    return Response(text.encode(), media_type=CSV, headers=_attachment(name))


@dataclass(frozen=True, slots=True)
class Sheet(Generic[Row]):
    """A list as a file: what it is called, its columns, and one row in them."""

    name: str
    columns: Sequence[str]
    cells: Callable[[Row], Sequence[object]]
    read: Callable[[UnitOfWork, Place | None], Awaitable[Page[Row]]]
    """A piece of the list behind a place in it."""


async def long_file(request: WebRequest, uow: UnitOfWork, sheet: Sheet[Row]) -> Stream:
    """The same of a list of any length: it goes out while it is read, piece by piece.

    The first piece is read in ``uow``, so that a refusal is still an answer; each later one in a short unit
    of its own. Where one of them fails the connection breaks: a browser calls that file incomplete.
    """
    first = await sheet.read(uow, None)
    _tell_export(request, sheet.name)
    return Stream(
        _pour(request, sheet, first),
        media_type=CSV,
        headers=_attachment(sheet.name),
    )


async def _pour(request: WebRequest, sheet: Sheet[Row], page: Page[Row]) -> AsyncIterator[bytes]:
    who, units = signed_in(request), parts_of(request).units
    yield (MARK + _lines([sheet.columns]) + _lines(map(sheet.cells, page.rows))).encode()
    while page.following is not None:
        async with units.begin(who.shop.bot_id, who.actor) as uow:
            page = await sheet.read(uow, page.following)
        yield _lines(map(sheet.cells, page.rows)).encode()


def _lines(rows: Iterable[Sequence[object]]) -> str:
    out = StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows([cell(value) for value in row] for row in rows)
    return out.getvalue()


def _attachment(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}.csv"'}


def _tell_export(request: WebRequest, name: str) -> None:
    who = signed_in(request)
    security.tell("list.exported", who=who.actor.label, shop=who.shop.bot_id, channel="web", subject=name)


def begin_of(screen: Screen, day: date | None) -> datetime | None:
    """A day's first instant on the shop's clock."""
    return None if day is None else datetime.combine(day, time.min, screen.tz)


def both_calendars(moment: datetime | None, tz: ZoneInfo) -> tuple[datetime | None, str]:
    """A time for two columns: ISO 8601 in UTC, and the day and clock of the shop in the Persian calendar."""
    return moment, "" if moment is None else jalali_numbers(moment, tz)

"""A list as a file for a spreadsheet, in the words of the page it is taken from.

Headings, known values and the file's name are in the reader's language. What a spreadsheet reckons with is
not: amounts are bare whole Toman, times stand in ISO 8601 and in the Persian calendar, digits are Latin.
"""

from __future__ import annotations

import csv
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import StringIO
from typing import Generic, TypeVar
from urllib.parse import quote

from litestar import Response
from litestar.response import Stream

from shop import security
from shop.export.cells import cell
from shop.formatting import jalali_numbers
from shop.i18n import N_
from shop.paging import Page, Place
from shop.unit_of_work import UnitOfWork
from web.auth import signed_in
from web.parts import parts_of
from web.rendering import Screen
from web.words import ACTORS

Row = TypeVar("Row")
CSV = "text/csv"
MARK = "\ufeff"
"""By it Excel knows UTF-8."""


@dataclass(frozen=True, slots=True)
class Heading:
    """What a column holds, and in which unit or calendar."""

    what: str
    frame: str


Columns = Sequence[str | Heading]
"""English words for the catalogues, no two alike in one file."""


def in_toman(what: str) -> Heading:
    return Heading(what, N_("%(what)s (Toman)"))


def in_gigabytes(what: str) -> Heading:
    return Heading(what, N_("%(what)s (GB)"))


def in_utc(what: str) -> Heading:
    return Heading(what, N_("%(what)s (UTC)"))


def in_both(what: str) -> tuple[Heading, Heading]:
    """The two columns that ``both_calendars`` fills."""
    return in_utc(what), Heading(what, N_("%(what)s (Persian calendar)"))


@dataclass(frozen=True, slots=True)
class Sheet(Generic[Row]):
    """A list as a file: what it is called, its columns, and one row in them."""

    name: str
    """In the security log, and in the file's name for whoever reads only ASCII."""
    title: str
    """In the file's name; an English word for the catalogues."""
    columns: Columns
    cells: Callable[[Row], Sequence[object]]
    read: Callable[[UnitOfWork, Place | None], Awaitable[Page[Row]]]
    """A piece of the list behind a place in it."""


def file_of(
    screen: Screen, name: str, title: str, columns: Columns, rows: Iterable[Sequence[object]]
) -> Response[bytes]:
    """A short list as CSV that a spreadsheet opens rightly; whoever took it stands in the security log."""
    _tell_export(screen, name)
    text = MARK + _lines(screen, [_headings(screen, columns)]) + _lines(screen, rows)
    return Response(text.encode(), media_type=CSV, headers=_attachment(screen, name, title))


async def long_file(screen: Screen, uow: UnitOfWork, sheet: Sheet[Row]) -> Stream:
    """The same of a list of any length: it goes out while it is read, piece by piece.

    The first piece is read in ``uow``, so that a refusal is still an answer; each later one in a short unit
    of its own. Where one of them fails the connection breaks: a browser calls that file incomplete.
    """
    first = await sheet.read(uow, None)
    _tell_export(screen, sheet.name)
    return Stream(
        _pour(screen, sheet, first),
        media_type=CSV,
        headers=_attachment(screen, sheet.name, sheet.title),
    )


def said(screen: Screen, words: Mapping[str, str], value: str | None) -> str | None:
    """A known value as the pages say it; one that has no words, as it is kept."""
    return screen.say(words[value]) if value is not None and value in words else value


def yes_or_no(screen: Screen, value: object) -> str:
    return screen.say(N_("yes") if value else N_("no"))


def both_calendars(screen: Screen, moment: datetime | None) -> tuple[datetime | None, str]:
    """A time for two columns: ISO 8601 in UTC, and the day and clock of the shop in the Persian calendar."""
    return moment, "" if moment is None else jalali_numbers(moment, screen.tz)


def gigabytes(amount: int | None) -> float | None:
    """Of bytes, to the hundredth; None where there is no bound."""
    return None if amount is None else round(amount / 2**30, 2)


def actor(screen: Screen, label: str) -> str:
    """Who acted, from the label of the history: ``staff:4`` is colleague 4, and every job is Pishkhan."""
    kind, _, key = label.partition(":")
    words = said(screen, ACTORS, kind) or kind
    return words if kind == "system" else f"{words} {key}".strip()


async def _pour(screen: Screen, sheet: Sheet[Row], page: Page[Row]) -> AsyncIterator[bytes]:
    who, units = signed_in(screen.request), parts_of(screen.request).units
    head = _lines(screen, [_headings(screen, sheet.columns)])
    yield (MARK + head + _lines(screen, map(sheet.cells, page.rows))).encode()
    while page.following is not None:
        async with units.begin(who.shop.bot_id, who.actor) as uow:
            page = await sheet.read(uow, page.following)
        yield _lines(screen, map(sheet.cells, page.rows)).encode()


def _headings(screen: Screen, columns: Columns) -> list[str]:
    return [
        screen.say(one) if isinstance(one, str) else screen.say(one.frame) % {"what": screen.say(one.what)}
        for one in columns
    ]


def _lines(screen: Screen, rows: Iterable[Sequence[object]]) -> str:
    out = StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows(
        [cell(yes_or_no(screen, value) if isinstance(value, bool) else value) for value in row]
        for row in rows
    )
    return out.getvalue()


def _attachment(screen: Screen, name: str, title: str) -> dict[str, str]:
    """Named by the list and the shop's day, in the reader's calendar; in ASCII for whoever reads no more."""
    day = screen.now.astimezone(screen.tz).date().isoformat()
    readers = jalali_numbers(screen.now, screen.tz).split()[0] if screen.lang == "fa" else day
    named = quote(f"{screen.say(title)} {readers}.csv", safe="")
    return {"Content-Disposition": f"attachment; filename=\"{name}-{day}.csv\"; filename*=UTF-8''{named}"}


def _tell_export(screen: Screen, name: str) -> None:
    who = signed_in(screen.request)
    security.tell("list.exported", who=who.actor.label, shop=who.shop.bot_id, channel="web", subject=name)

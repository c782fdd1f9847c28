"""What every list shares: filters, sorting and the place in it lie in the address.

A value that an address may not name counts as none: an old link shows a list, never a failure.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from typing import Any, Self
from urllib.parse import parse_qsl, urlencode

from litestar import Response

from shop.formatting import latin, normalise_text, typed_day, whole_number
from shop.paging import Place
from shop.receipts.desk import count_waiting
from shop.staff.views import ViewRow, list_views
from shop.unit_of_work import UnitOfWork
from web.forms import LARGEST_ID
from web.rendering import PUSH_URL, Screen, wants_part

NEWEST, OLDEST = "newest", "oldest"
SORTS = (NEWEST, OLDEST)
LONGEST_SEARCH = 64


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

    name: str = ""
    """Under which people keep views of it; nothing where they keep none."""

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
    def query(self) -> str:
        """What makes this list from its path; nothing where all of it is shown, the newest first."""
        return self.url().partition("?")[2]

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What the address of one list may say: declared once, read from addresses and from saved views."""

    path: str
    name: str = ""
    """Of ``shop.staff.views.LISTS``, and the screen the list belongs to; nothing: no views are kept of it."""
    choices: Mapping[str, Container[str]] = field(default_factory=dict)
    """The values each filter may have."""
    ids: Sequence[str] = ()
    """Keys of rows."""
    texts: Sequence[str] = ()
    numbers: Sequence[str] = ()
    days: Sequence[str] = ()

    def read(self, query: Mapping[str, str]) -> Listing:
        chosen: dict[str, str] = {}
        for name, allowed in self.choices.items():
            if (value := query.get(name, "")) in allowed:
                chosen[name] = value
        for name in self.ids:
            text = query.get(name, "")
            if text.isascii() and text.isdecimal() and len(text) < LONGEST_SEARCH:
                chosen[name] = str(min(int(text), LARGEST_ID))
        for name in self.texts:
            if text := " ".join(normalise_text(query.get(name, "")).split())[:LONGEST_SEARCH]:
                chosen[name] = text
        typed = {**dict.fromkeys(self.numbers, number_of), **dict.fromkeys(self.days, _day)}
        meant, unread = typed_of(query, typed)
        sort = query.get("sort", NEWEST)
        return Listing(
            self.path,
            {**chosen, **meant},
            sort if sort in SORTS else NEWEST,
            Place.parse(query.get("after", "")),
            unread,
            self.name,
        )

    def offering(self, **choices: Container[str]) -> Self:
        """The same with the values that some filters have now."""
        return replace(self, choices={**self.choices, **choices})


class AnyName(Container[str]):
    """A filter whose values people gave: whatever may be a name, where nobody asks which there are."""

    def __contains__(self, value: object) -> bool:
        return isinstance(value, str) and 0 < len(value) <= LONGEST_SEARCH and value.isprintable()


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


@dataclass(frozen=True, slots=True)
class Views:
    """Somebody's views of a list, and which of them the list is showing."""

    rows: Sequence[ViewRow]
    current: ViewRow | None
    """The one that asks for what is shown, however one came there."""
    error: str | None = None
    typed: str = ""
    """The name that was refused."""


async def views_of(uow: UnitOfWork, listing: Listing) -> Views:
    """For the one who acts; one statement."""
    rows, shown = await list_views(uow, listing.name), dict(parse_qsl(listing.query))
    return Views(rows, next((row for row in rows if dict(parse_qsl(row.query)) == shown), None))


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
    if listing.name:
        context["views"] = await views_of(uow, listing)
    if wants_part(screen.request):
        headers = {PUSH_URL: listing.address}
        return screen.part(f"{name}/_list.html", code=code, headers=headers, listing=listing, **context)
    waiting = await count_waiting(uow)
    return screen.page(
        f"{name}/index.html", code=code, active=active or name, waiting=waiting, listing=listing, **context
    )


def begin_of(screen: Screen, day: date | None) -> datetime | None:
    """A day's first instant on the shop's clock."""
    return None if day is None else datetime.combine(day, time.min, screen.tz)

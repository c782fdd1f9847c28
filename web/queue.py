"""Which part of the receipts' queue an address means: its tab, its filter and what narrows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self, cast, get_args
from urllib.parse import urlencode

from shop.receipts.desk import Desk, Filter, Tab
from shop.receipts.narrowing import FIELDS, Narrowed
from web.lists import number_of, typed_of
from web.parts import WebRequest


@dataclass(frozen=True, slots=True)
class Part:
    """What an address does not say, or says in words unknown here, counts as not said."""

    tab: Tab
    filter: Filter
    narrowed: Narrowed
    unread: Mapping[str, str]
    """What was typed and is no number: it narrows nothing, and the form says so."""

    @classmethod
    def of(cls, request: WebRequest) -> Self:
        query = request.query_params
        tab, chosen = query.get("tab"), query.get("filter")
        meant, unread = typed_of(query, dict.fromkeys(FIELDS, number_of))
        return cls(
            tab=cast("Tab", tab) if tab in get_args(Tab) else "waiting",
            filter=cast("Filter", chosen) if chosen in get_args(Filter) else "all",
            narrowed=Narrowed(**{name: int(value) for name, value in meant.items()}),
            unread=unread,
        )

    @property
    def asked(self) -> dict[str, Any]:
        """For ``load_desk``, wherever the tab follows from the receipt."""
        return {"chosen_filter": self.filter, "narrowed": self.narrowed}


def address(desk: Desk, path: str) -> str:
    """The same part of the queue at another place of the desk."""
    kept = {**({"filter": desk.filter} if desk.filter != "all" else {}), **desk.narrowed.given}
    return f"{path}?{urlencode(kept)}" if kept else path

"""Every page of the owner, found in the table of routes, with every filter and every order that it offers.

What may be asked of a page is read from the page itself, as a person finds it: its forms that only ask, its
links to itself. So a new page, a new filter and a new order are visited without anybody's thinking of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urlencode, urlsplit

from shop.plans import groups
from shop.plans import service as plans
from shop.receipts import service as receipts
from shop.staff import service as staff
from shop.staff import team
from shop.tickets import replies
from tests.factories import Person, Shop, Shops
from tests.web.test_matrix import OUT, ROUTES, address

OWNERS = sorted(
    path
    for (method, path), row in ROUTES.items()
    if (method, row.nobody) == ("GET", OUT) and not path.startswith("/platform")
)
"""Whatever a shop's people may open: whoever is nobody is sent to sign in."""
SOUGHT = {"q": ("carol 1", "@carol", "1234"), "least": ("1000",), "most": ("900000",)}
"""What is typed into fields whose choices the page cannot list; days and the rest by their example."""


@dataclass(slots=True)
class Page(HTMLParser):
    """What one page offers to ask: addresses of the same path."""

    path: str
    links: set[str] = field(default_factory=set)
    forms: list[tuple[str, dict[str, list[str]]]] = field(default_factory=list)
    _fields: dict[str, list[str]] | None = None
    _select: str = ""

    def __post_init__(self) -> None:
        HTMLParser.__init__(self)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "a" and urlsplit(given.get("href", "")).path == self.path:
            self.links.add(given["href"])
        elif tag == "form" and given.get("method", "get") == "get":
            self._fields = {}
            self.forms.append((given.get("action", self.path), self._fields))
        elif self._fields is not None and tag == "select":
            self._select = given.get("name", "")
            self._fields[self._select] = []
        elif self._fields is not None and tag == "option":
            self._fields[self._select].append(given.get("value", ""))
        elif self._fields is not None and tag == "input" and given.get("name"):
            name, usual = given["name"], given.get("value") or given.get("placeholder", "")
            self._fields[name] = [*self._fields.get(name, ()), *SOUGHT.get(name, (usual,))]

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._fields = None


def variations(path: str, html: str) -> list[str]:
    """Every address of ``path`` that the page offers: each value of each filter, in each order, and several
    filters together."""
    page = Page(path)
    page.feed(html)
    found = {link for link in page.links if urlsplit(link).query}
    for action, fields in page.forms:
        if urlsplit(action).path == path:
            found |= {f"{path}?{urlencode(asked)}" for asked in _asked(fields)}
    return sorted(found)


def siblings(route: str, html: str) -> list[str]:
    """What the page links to of its own route, where that is known by a word and by no number: its tabs."""
    if "{" not in route or "_id:" in route.replace("text_key", ""):
        return []
    pattern = re.compile(re.sub(r"\\{[^}]*\\}", "[a-z_.]+", re.escape(route)))
    return [link for link in re.findall(r'href="([^"?#]+)"', html) if pattern.fullmatch(link)]


def _asked(fields: Mapping[str, list[str]]) -> Iterator[dict[str, str]]:
    orders = [value for value in fields.get("sort", ()) if value] or [""]
    filters = {
        name: [value for value in values if value] for name, values in fields.items() if name != "sort"
    }
    for order in orders:
        sort = {"sort": order} if order else {}
        yield sort
        for name, values in filters.items():
            for value in values:
                yield {name: value, **sort}
        yield {**{name: values[0] for name, values in filters.items() if values}, **sort}


def parameters(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query))


@dataclass(frozen=True, slots=True)
class Filled:
    """A shop with some of everything, and the ids that its pages are asked with."""

    shop: Shop
    receipt: int
    colleague: int
    regular: Person
    ticket: int
    broadcast: int
    group: int

    def url(self, path: str) -> str:
        return address(
            path,
            receipt=self.receipt,
            plan=self.shop.plan_id,
            token=self.shop.token_id,
            bot_id=self.shop.bot_id,
            staff=self.shop.owner.staff_id,
            colleague=self.colleague,
            card=self.shop.card_id,
            customer=self.regular.user_id,
            ticket=self.ticket,
            broadcast=self.broadcast,
            group=self.group,
        )


async def fill(shops: Shops, shop: Shop, *, times: int, regular: Person | None = None) -> Filled:
    """``times`` of everything that a page of the shop may list, and of what ``regular``, a customer, has."""
    units = shops.units
    regular = regular or await shops.person(shop, name="Carol 0")
    colleague = group = 0
    for n in range(times):
        person = await shops.person(shop, name=f"Carol {n + 1}")
        for buyer in (person, regular):
            sold = await shops.receipt(shop, buyer)
            async with units.begin(shop.bot_id, shop.owner) as uow:
                await receipts.approve(uow, sold.payment_id)
        refused = await shops.receipt(shop, regular)
        async with units.begin(shop.bot_id, shop.owner) as uow:
            await receipts.reject(uow, refused.payment_id, reason=receipts.RejectReason.NOT_ARRIVED)
        waiting = await shops.receipt(shop, await shops.person(shop, name=f"Dave {n}"))
        question = await shops.ticket(shop, await shops.person(shop, name=f"Erin {n}"))
        written = await shops.broadcast(shop, person)
        async with units.begin(shop.bot_id, shop.owner) as uow:
            made = await groups.create_group(uow, name=f"Group {times} {n}", translations={})
            group = made.group_id
            await plans.create_plan(
                uow, name=f"Plan {times} {n}", period_days=30, price=1_000 + n, group_id=group
            )
            colleague = await staff.create_staff(uow, name=f"Bob {n}", role="staff")
            await team.issue_token(uow, colleague, name=f"Laptop {n}")
            await replies.create(uow, f"Answer {times} {n}", "Yes.")
    return Filled(
        shop,
        receipt=waiting.payment_id,
        colleague=colleague,
        regular=regular,
        ticket=question.ticket_id,
        broadcast=written.broadcast_id,
        group=group,
    )

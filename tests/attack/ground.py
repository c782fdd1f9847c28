"""The running product as the world reaches it, two shops of our own in it, and people who are signed in.

It is told that it is reached by https, so that what only https has (``Secure``, ``__Host-``) is there to be
looked at; the connection from here is a bare one, so cookies are carried by hand.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from html import unescape
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path

import httpx

from db.crypto import Vault
from db.engine import build_engine, build_sessions
from db.settings import Settings
from shop.media.shelf import Shelf
from shop.staff import service as staff
from shop.unit_of_work import UnitsOfWork
from tests.browser.stack import Stack, running_stack
from tests.factories import Grouped, Question, Sent, Shop, Shops, Written
from tests.web.doors import DOORS, Door
from tests.web.test_matrix import MISSING_ID

ANSWER_SECONDS = 10
"""Less than a form may take to come: whoever waits for a body he should refuse is found out."""
FROM_HERE = {"sec-fetch-site": "same-origin"}
ALICES = "Alice's shop"
SESSION = "__Host-pishkhan"
_TOKEN = re.compile(r'name="_csrf_token" value="([^"]*)"')
_READ = re.compile(r'(?:query_params|query|asked|typed)\.get(?:all)?\("([a-z_]+)"')
_FILTERS = re.compile(r"Listing\.read\(((?:[^()]|\([^()]*\))*)\)")
_NAME = re.compile(r'"([a-z_]+)"')
NARROWED = {"card": "1", "least": "1000", "most": "900000", "customer": "{customer_id}"}
RECEIPTS = {"tab": "waiting", "filter": "all", "reject": "1", "approve": "1", **NARROWED}
STREAM = {"topics": "desk", "tab": "waiting", "filter": "all", "item": "{payment_id}", **NARROWED}
HISTORY = {"kind": "receipts", "actor": "staff:1", "since": "week", "before": "99"}
MISSED = {"fate": "failed", "sort": "oldest", "after": "1"}
BROADCASTS = {"state": "running", "sort": "oldest", "after": "1"}
CUSTOMERS = {"state": "blocked", "q": "carol", "sort": "oldest", "after": "1"}
SUBSCRIPTIONS = {**CUSTOMERS, "state": "active", "customer": "{customer_id}"}
TRANSACTIONS = {"kind": "debit", "method": "card", "days": "7", "customer": "{customer_id}"}
DAYS = {"since": "1405-01-01", "until": "2030-01-01"}
TRANSACTIONS |= {**DAYS, "q": "carol", "after": "1"}
EVERY_RECEIPT = {
    **DAYS,
    "sort": "oldest",
    "after": "1",
    "customer": "{customer_id}",
    **dict.fromkeys(("card", "least", "most"), "125000"),
    "state": "late",
    "reviewer": "Alice",
}
TICKETS = {
    "q": "#1",
    "state": "all",
    "hands": "mine",
    "about": "order",
    "customer": "1",
    "order": "1",
    "sort": "oldest",
}
QUERIES: dict[str, dict[str, str]] = {
    "/login": {"next": "/receipts"},
    "/login/wait": {"next": "/receipts"},
    "/confirm": {"next": "/tokens"},
    "/confirm/wait": {"next": "/tokens"},
    "/": {"range": "7", "lang": "en", "theme": "dark"},
    "/settings/panel": {"lang": "en", "theme": "dark", "density": "compact", "keys": "off"},
    "/receipts": RECEIPTS,
    "/receipts/all": EVERY_RECEIPT,
    "/receipts/all.csv": EVERY_RECEIPT,
    "/receipts/{payment_id:str}": RECEIPTS,
    "/events": STREAM,
    "/events/now": STREAM,
    "/audit": HISTORY,
    "/audit.csv": HISTORY,
    "/broadcasts": BROADCASTS,
    "/broadcasts.csv": BROADCASTS,
    "/broadcasts/count": {
        "audience": "ending",
        "days": "7",
        "plan": "1",
        "reads": "fa",
        "spent_from": "1",
        "named": "@carol",
    },
    "/broadcasts/{broadcast_id:str}/missed": MISSED,
    "/broadcasts/{broadcast_id:str}/missed.csv": MISSED,
    "/customers/{customer_id:str}/after": {"amount": "1000", "direction": "take"},
    "/customers": CUSTOMERS,
    "/customers.csv": CUSTOMERS,
    "/subscriptions": SUBSCRIPTIONS,
    "/subscriptions.csv": SUBSCRIPTIONS,
    "/transactions": TRANSACTIONS,
    "/transactions.csv": TRANSACTIONS,
    "/cards": {"range": "7"},
    "/cards/simulator": {"amount": "125000"},
    "/plans/new": {"like": "month"},
    "/plans": {"tab": "archive"},
    "/plans/button": {"price": "125000", "name_fa": "الف", "name_en": "a", "seen": "x"},
    "/receipts/{payment_id:str}/compare": {"with": "{payment_id}"},
    "/tickets": TICKETS,
    "/tickets.csv": TICKETS,
    "/tickets/{ticket_id:str}": {**TICKETS, "reply": "1", "after": "1"},
    "/tickets/{ticket_id:str}/next": {**TICKETS, "after": "1"},
    "/plans/prices": {"percent": "10", "direction": "up", "step": "1000", "plan": "{plan_id}"},
}
"""What an address may carry, by route. ``lang`` and ``theme`` are read in front of all of them."""


@dataclass(slots=True)
class Person:
    """Somebody at a browser. ``set_cookies``: every ``Set-Cookie`` he was ever sent."""

    name: str
    client: httpx.AsyncClient
    cookies: dict[str, str] = field(default_factory=dict)
    csrf: str = ""
    set_cookies: list[str] = field(default_factory=list)

    @property
    def cookie(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    @property
    def session_cookie(self) -> str:
        """What a tool is handed: it never loses it, whatever it is sent."""
        return f"{SESSION}={self.cookies[SESSION]}" if SESSION in self.cookies else ""

    async def ask(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **body: object
    ) -> httpx.Response:
        sent = {"cookie": self.cookie} if self.cookies else {}
        answer = await self.client.request(method, path, headers={**sent, **(headers or {})}, **body)
        self._keep(answer)
        return answer

    async def post(self, path: str, fields: Mapping[str, str] | None = None) -> httpx.Response:
        """A form as a page of ours posts it."""
        data = {**(fields or {}), **({"_csrf_token": self.csrf} if self.csrf else {})}
        return await self.ask("POST", path, headers=FROM_HERE, data=data)

    async def announce(self, method: str, path: str, *, headers: Mapping[str, str]) -> httpx.Response:
        """The head of a request whose body never comes; the head of the answer."""
        request = self.client.build_request(method, path)
        lines = [f"{method} {path} HTTP/1.1", f"host: {request.url.netloc.decode()}", "connection: close"]
        lines += [f"cookie: {self.cookie}", *(f"{name}: {value}" for name, value in headers.items())]
        async with asyncio.timeout(ANSWER_SECONDS):
            reader, writer = await asyncio.open_connection(request.url.host, request.url.port)
            try:
                writer.write("\r\n".join([*lines, "", ""]).encode())
                head = await reader.readuntil(b"\r\n\r\n")
            finally:
                writer.close()
        status, *told = head.decode("latin-1").strip().split("\r\n")
        pairs = [tuple(line.split(": ", 1)) for line in told]
        return httpx.Response(int(status.split(" ")[1]), headers=pairs, request=request)

    async def sign_in(self, token: str) -> None:
        await self.ask("GET", "/login")
        answer = await self.post("/login", {"api_token": token, "next": ""})
        if answer.status_code != httpx.codes.SEE_OTHER or SESSION not in self.cookies:
            raise RuntimeError(f"{self.name} could not sign in: {answer.status_code}")
        await self.ask("GET", "/sessions")

    async def is_in(self) -> bool:
        return (await self.ask("GET", "/sessions")).status_code == httpx.codes.OK

    def _keep(self, answer: httpx.Response) -> None:
        for line in answer.headers.get_list("set-cookie"):
            self.set_cookies.append(line)
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
        found = _TOKEN.search(answer.text)
        self.csrf = unescape(found[1]) if found else self.csrf


@dataclass(frozen=True, slots=True)
class Ground:
    """``owner`` has the demo shop, which the tools may turn upside down; Alice's is left as it is."""

    stack: Stack
    numbers: Mapping[str, object]
    """What stands behind each parameter of an address; all of Alice's shop."""
    nobody: Person
    owner: Person
    master: Person
    alice: Person
    mallory: Person

    @property
    def people(self) -> tuple[Person, ...]:
        return (self.nobody, self.owner, self.master, self.alice, self.mallory)

    def at(self, door: Door) -> str:
        return door.at(**self.numbers)


async def picture_of(ground: Ground) -> int:
    """The message with the picture in Alice's ticket, as its page links to it."""
    page = await ground.alice.ask("GET", f"/tickets/{ground.numbers['ticket_id']}")
    found = re.search(r"/files/(\d+)", page.text)
    if found is None:
        raise RuntimeError("the ticket shows no picture")
    return int(found[1])


def reads() -> list[Door]:
    """Every way to look, those that do not end left out."""
    return [door for door in DOORS if not door.is_unsafe and not door.is_stream]


def unknown_queries() -> set[str]:
    """Names that the product reads from an address and QUERIES does not know, or its own that are no more."""
    sources = (Path(__file__).parents[2] / "web").rglob("*.py")
    texts = [source.read_text(encoding="utf-8") for source in sources]
    lists = [call for text in texts for call in _FILTERS.findall(text)]
    read = {name for text in texts for name in _READ.findall(text)}
    read |= {name for call in lists for name in _NAME.findall(call)}
    return read - {name for query in QUERIES.values() for name in query} | set(QUERIES) - {
        door.path for door in DOORS
    }


@asynccontextmanager
async def prepared(folder: Path) -> AsyncIterator[Ground]:
    """Started with the demo shop; stopped at the end of the block."""
    with running_stack(folder, PUBLIC_BASE_URL="https://127.0.0.1") as stack:
        alices, mallorys, sent, bob, asked, written, group = await _two_shops(stack)
        async with httpx.AsyncClient(base_url=stack.dashboard, timeout=30) as client:
            # A jar in the client would mix people up; each carries his own.
            client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))
            names = ("nobody", "owner", "master", "alice", "mallory")
            people = {name: Person(name, client) for name in names}
            tokens = (*stack.tokens(), alices.api_token, mallorys.api_token)
            for name, token in zip(("master", "owner", "alice", "mallory"), tokens, strict=True):
                await people[name].sign_in(token)
            numbers = {
                "payment_id": sent.payment_id,
                "plan_id": alices.plan_id,
                "token_id": alices.token_id,
                "bot_id": alices.bot_id,
                "staff_id": alices.owner.staff_id,
                "colleague_id": bob,
                "card_id": alices.card_id,
                "customer_id": sent.person.user_id,
                "ticket_id": asked.ticket_id,
                "broadcast_id": written.broadcast_id,
                "group_id": group.group_id,
                "subscription_id": MISSING_ID,
                "order_id": MISSING_ID,
                "key": "card_to_card",
                "tab": "notifications",
                "text_key": "start",
                "reason_code": "unreadable",
                "file_path": "css/app.css",
            }
            yield Ground(stack=stack, numbers=numbers, **people)


async def _two_shops(stack: Stack) -> tuple[Shop, Shop, Sent, int, Question, Written, Grouped]:
    settings = Settings.from_env(stack.environment)
    engine = build_engine(settings.database_url, application_name="attack")
    try:
        units = UnitsOfWork(build_sessions(engine), Vault(settings.secret_keys), channel="test")
        shops = Shops(units, Shelf(stack.folder / "media"))
        alices, mallorys = await shops.open(name=ALICES), await shops.open(name="Mallory's shop")
        async with units.begin(alices.bot_id, alices.owner) as uow:
            bob = await staff.create_staff(uow, name="Bob", role="staff")
        sent, asked = await shops.receipt(alices), await shops.ticket(alices)
        written, group = await shops.broadcast(alices), await shops.group(alices)
        return alices, mallorys, sent, bob, asked, written, group
    finally:
        await engine.dispose()

"""Our own questions to the running server: what no scanner knows to ask.

The main suite asks the application in its process; here a socket and the server that really serves it lie
between. What must be is read from the suites' own tables, so that it is said once.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from html import unescape

import httpx

from tests.attack.findings import Finding, Part
from tests.attack.ground import ALICES, FROM_HERE, SESSION, Ground, Person, reads
from tests.web.doors import DOORS, Door
from tests.web.test_every_door import HEADERS, KEEPABLE
from tests.web.test_matrix import MISSING_ID, ROUTES, outcome
from web.access import Access
from web.forms import LARGEST_BODY

FORM = {"content-type": "application/x-www-form-urlencoded"}
HTTPS = {"strict-transport-security": "max-age=31536000"}
CHOICES = {"lang", "theme", "density", "keys"}
"""Scripts change them; they tell nothing."""
LARGEST_UPLOAD = 17 * 2**20
ENDS_SESSIONS = {"/logout", "/logout-everywhere"}
NOT_THERE = (
    "/.env",
    "/static/.env",
    "/static/css/.env",
    "/.git/config",
    "/.git/HEAD",
    "/static/.git/config",
    "/.pishkhan/secret.key",
    "/static/%2e%2e/pyproject.toml",
    "/static/..%2f..%2fpyproject.toml",
    "/static/%2fetc%2fpasswd",
    "/static/css/app.css~",
    "/schema",
    "/schema/openapi.json",
    "/schema/swagger",
    "/openapi.json",
    "/docs",
    "/redoc",
    "/metrics",
    "/debug",
    "/admin",
    "/server-status",
    "/backup.zip",
    "/robots.txt/../.env",
)
INSIDES = re.compile(r"Traceback|asyncpg|sqlalchemy|litestar|SELECT .* FROM|/site-packages/", re.IGNORECASE)

Found = AsyncIterator[Finding | None]
"""One for each question: None where the answer was right."""


async def ask_everything(ground: Ground) -> list[Part]:
    """In an order in which no question spoils a later one."""
    questions: tuple[tuple[str, Callable[[Ground], Found]], ...] = (
        ("headers of every answer", _headers),
        ("files and pages that must not be there", _not_there),
        ("posts without a token, of another's, from another site", _forged),
        ("bodies over the limit", _bodies),
        ("who may knock where", _matrix),
        ("what is another's, like what does not exist", _anothers),
        ("choices in an address", _choices),
        ("cookies", _cookies),
    )
    return [await _asked(title, question(ground)) for title, question in questions]


async def _asked(title: str, answers: Found) -> Part:
    began, asked, findings = time.monotonic(), 0, []
    async for found in answers:
        asked += 1
        findings += [found] if found else []
    if not asked:
        findings.append(Finding("ours", title, "nothing was asked"))
    return Part(title, {"asked": asked, "wrong": len(findings)}, findings, time.monotonic() - began)


def _judge(kind: str, who: Person, answer: httpx.Response, *wrong: str) -> Finding | None:
    said = [one for one in wrong if one]
    if not said:
        return None
    asked = answer.request
    where = f"{who.name} {asked.method} {asked.url.raw_path.decode()} {answer.status_code}"
    return Finding("ours", kind, where, "; ".join(said))


# Headers ----------------------------------------------------------------------------------------------------


async def _headers(ground: Ground) -> Found:
    """On 200, 303, 304, 404, 405 and 413; the streams' too."""
    seen: set[int] = set()
    for who in (ground.nobody, ground.owner, ground.master):
        for door in reads():
            url = ground.at(door)
            tried = [("GET", url, {}), ("DELETE", url, FROM_HERE), ("GET", f"{url}/nowhere", {})]
            for method, path, headers in tried:
                answer = await who.ask(method, path, headers=headers)
                seen.add(answer.status_code)
                yield _judge("headers", who, answer, *_wrong_headers(answer))
        async for answer in _more_answers(ground, who):
            seen.add(answer.status_code)
            yield _judge("headers", who, answer, *_wrong_headers(answer))
    if missing := {200, 303, 304, 404, 405, 413} - seen:
        yield Finding("ours", "headers", "answers that were never had", str(sorted(missing)))


async def _more_answers(ground: Ground, who: Person) -> AsyncIterator[httpx.Response]:
    """A file and its 304, a body too large, the head of a stream."""
    page = await who.ask("GET", "/login" if who is ground.nobody else "/sessions")
    for path in sorted(set(re.findall(r'(?:href|src)="(/static/[^"?#]+)', page.text))):
        file = await who.ask("GET", path)
        yield file
        yield await who.ask("GET", path, headers={"if-none-match": file.headers.get("etag", "")})
    yield await who.ask("POST", "/login", headers={**FROM_HERE, **FORM}, content=b"a" * (LARGEST_BODY + 1))
    yield await who.ask("HEAD", "/health/live")
    yield await who.ask("OPTIONS", "/receipts")
    headers = {"cookie": who.cookie} if who.cookies else {}
    async with who.client.stream("GET", "/events", headers=headers) as stream:
        yield stream


def _wrong_headers(answer: httpx.Response) -> list[str]:
    path = answer.request.url.path
    own = {"cache-control"} if path.startswith(KEEPABLE) and answer.status_code in {200, 304} else set()
    own |= {"content-security-policy"} if path.endswith("/image") and answer.status_code == 200 else set()
    # A stream says no-store too, with a word for the proxies on its way.
    own |= {"cache-control"} if path == "/events" and answer.status_code == 200 else set()
    wrong = []
    for name, value in {**HEADERS, **HTTPS}.items():
        found = answer.headers.get_list(name)
        if len(found) != 1 or (found != [value] and name not in own):
            wrong.append(f"{name}: {found}")
    shut_in = answer.headers.get("content-security-policy", "")
    if "default-src 'none'" not in shut_in or "unsafe" in shut_in:
        wrong.append(f"policy: {shut_in}")
    return wrong


# What is not there ------------------------------------------------------------------------------------------


async def _not_there(ground: Ground) -> Found:
    for who in (ground.nobody, ground.owner, ground.master):
        for path in NOT_THERE:
            answer = await who.ask("GET", path)
            status = "" if answer.status_code == httpx.codes.NOT_FOUND else "is not 404"
            insides = INSIDES.search(answer.text)
            yield _judge("not to be there", who, answer, status, f"tells {insides[0]}" if insides else "")


# Posts ------------------------------------------------------------------------------------------------------


def _unsafe() -> list[Door]:
    return [door for door in DOORS if door.is_unsafe]


async def _forged(ground: Ground) -> Found:
    alice, mallory = ground.alice, ground.mallory
    for door in _unsafe():
        url = ground.at(door)
        # For the owner of a shop the master's routes do not exist, token or not.
        hidden = 404 if door.access is Access.MASTER else 403
        tries = (
            (hidden, {**FROM_HERE, **FORM}),
            (hidden, FORM),
            (hidden, {**FROM_HERE, **FORM, "x-csrftoken": mallory.csrf}),
            (403, {**FORM, "sec-fetch-site": "cross-site", "x-csrftoken": alice.csrf}),
            (403, {**FORM, "sec-fetch-site": "same-site", "x-csrftoken": alice.csrf}),
            (403, {**FORM, "origin": "https://evil.test", "x-csrftoken": alice.csrf}),
        )
        for expected, headers in tries:
            answer = await alice.ask(door.method, url, headers=headers)
            said = "" if answer.status_code == expected else f"is not {expected}"
            yield _judge("forged post", alice, answer, said)


async def _bodies(ground: Ground) -> Found:
    """Refused by the length they are said to have, before a byte of them is there."""
    for door in _unsafe():
        limit = LARGEST_UPLOAD if door.takes_files else LARGEST_BODY
        kind = {"content-type": "multipart/form-data; boundary=x"} if door.takes_files else FORM
        expected = 404 if door.access is Access.MASTER else 413
        headers = {**FROM_HERE, **kind, "content-length": str(limit + 1)}
        try:
            answer = await ground.alice.announce(door.method, ground.at(door), headers=headers)
        except (TimeoutError, asyncio.IncompleteReadError) as problem:
            yield Finding("ours", "large body", str(door), f"no answer: {problem!r}")
            continue
        said = "" if answer.status_code == expected else f"is not {expected}"
        yield _judge("large body", ground.alice, answer, said, *_wrong_headers(answer))


# Who may knock where ----------------------------------------------------------------------------------------


async def _matrix(ground: Ground) -> Found:
    """In short: all that is read, for four people; all that is posted, for those who may not."""
    columns = (
        (ground.nobody, "nobody"),
        (ground.alice, "alice"),
        (ground.mallory, "mallory"),
        (ground.master, "master"),
    )
    for who, column in columns:
        for door in DOORS:
            expected = getattr(ROUTES[door.method, door.path], column)
            is_refused = expected in {403, 404} or who is ground.nobody
            if door.is_stream or (door.is_unsafe and (not is_refused or door.path in ENDS_SESSIONS)):
                continue
            answer = await _knock(who, door, ground)
            said = "" if outcome(answer) == expected else f"{outcome(answer)} is not {expected}"
            leaks = "tells of Alice's" if who is ground.mallory and ALICES in unescape(answer.text) else ""
            yield _judge("matrix", who, answer, said, leaks)
    for who in ground.people[1:]:
        yield None if await who.is_in() else Finding("ours", "matrix", who.name, "is signed out")
    still = await ground.alice.ask("GET", f"/receipts/{ground.numbers['payment_id']}")
    is_waiting = f"/receipts/{ground.numbers['payment_id']}/approve" in still.text
    yield None if is_waiting else _judge("matrix", ground.alice, still, "the receipt no longer waits")


def _knock(who: Person, door: Door, ground: Ground) -> Awaitable[httpx.Response]:
    url, form = ground.at(door), ROUTES[door.method, door.path].form
    if not door.is_unsafe:
        return who.ask("GET", url)
    # Nobody's token is that of the sign-in form, which the table's own column goes without.
    if who is ground.nobody or door.is_sign_in_form:
        return who.ask(door.method, url, headers=FROM_HERE, data=form)
    return who.post(url, form)


OF_A_SHOP = frozenset(
    {
        *("payment_id", "plan_id", "customer_id", "colleague_id", "card_id", "subscription_id"),
        *("ticket_id", "broadcast_id", "order_id"),
    }
)
"""Parameters that name a row of one shop."""


async def _anothers(ground: Ground) -> Found:
    mallory = ground.mallory
    for door in reads():
        if not OF_A_SHOP.intersection(door.parameters):
            continue
        others = await mallory.ask("GET", ground.at(door))
        missing = await mallory.ask("GET", door.at(**dict.fromkeys(OF_A_SHOP, MISSING_ID)))
        same = (others.status_code, others.content) == (missing.status_code, missing.content)
        differs = _names(others) ^ _names(missing)
        said = (
            "" if same else "another body or status than for a missing one",
            f"headers differ: {sorted(differs)}" if differs else "",
            "" if others.status_code == httpx.codes.NOT_FOUND else "is not 404",
        )
        yield _judge("another's", mallory, others, *said)


def _names(answer: httpx.Response) -> set[tuple[str, str]]:
    return {(name, value) for name, value in answer.headers.items() if name != "date"}


async def _choices(ground: Ground) -> Found:
    """What the scanner is told to leave out: it is taken when it is known, else it is nothing."""
    payloads = ("xx", "%0d%0aset-cookie:a=b", "%22%3E%3Cb%20id=planted%3E", "en%00", "fa;Domain=evil.test")
    for name in sorted(CHOICES):
        for payload in payloads:
            for path in ("/login", "/health/live", "/nowhere"):
                answer = await ground.nobody.ask("GET", f"{path}?{name}={payload}")
                set_names = {line.partition("=")[0] for line in answer.headers.get_list("set-cookie")}
                yield _judge(
                    "choice",
                    ground.nobody,
                    answer,
                    f"sets {set_names}" if set_names & {name, "a"} else "",
                    "answers with it" if "<b id=planted" in answer.text else "",
                    "is a failure of ours" if answer.is_server_error else "",
                )


# Cookies ----------------------------------------------------------------------------------------------------


async def _cookies(ground: Ground) -> Found:
    """Every one that anybody was sent so far."""
    await ground.nobody.ask("GET", "/login?lang=en&theme=dark&density=compact&keys=off")
    lines = {(who.name, line) for who in ground.people for line in who.set_cookies}
    for name, line in sorted(lines):
        wrong = _wrong_cookie(line)
        yield Finding("ours", "cookie", f"{name} {line.partition('=')[0]}", wrong) if wrong else None
    seen = {line.partition("=")[0] for _, line in lines}
    if missing := {SESSION, "__Host-csrf", *CHOICES} - seen:
        yield Finding("ours", "cookie", "never seen", str(sorted(missing)))


def _wrong_cookie(line: str) -> str:
    name, *flags = (part.strip().lower() for part in line.split(";"))
    name, _, _ = name.partition("=")
    wanted = {"secure", "path=/"} | (set() if name in CHOICES else {"httponly"})
    wrong = [f"no {flag}" for flag in sorted(wanted - set(flags))]
    wrong += ["no SameSite"] if not {"samesite=lax", "samesite=strict"} & set(flags) else []
    wrong += ["for a whole domain"] if any(flag.startswith("domain") for flag in flags) else []
    wrong += ["no __Host-"] if name not in CHOICES and not name.startswith("__host-") else []
    return "; ".join(wrong)

"""P4: deciding a receipt by POST, from the session to the next receipt on the page.

Three copies of one database. On the first the product decides, over HTTP. On the second it decides the same
receipts while we write down every statement and count the round trips on the wire. On the third bare asyncpg
repeats exactly these statements, each decision in one transaction.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from db import migrate
from db.crypto import Vault
from db.embedded import Database
from db.engine import build_engine, build_sessions
from db.urls import APP_ROLE, embedded_address
from shop.actors import OWNING, StaffMember
from shop.configurations import registry
from shop.configurations import service as configurations
from shop.media.shelf import Shelf
from shop.unit_of_work import UnitsOfWork
from tests.bench import browsing
from tests.bench.figures import Figure, Goal, Series, ratio
from tests.bench.ground import SECRET, Ground
from tests.bench.processes import ROOT, free_port, program
from tests.bench.rounds import in_turn
from tests.bench.wiretap import tapped
from tests.factories import Shop, Shops
from web.app import STATIC, build_app
from web.assets import Assets
from web.security import Hardened

HTMX = {"HX-Request": "true", "HX-Current-URL": "http://bench/receipts"}

_QUEUE = """
    INSERT INTO users (bot_id, telegram_id, first_name, language, created_at, updated_at)
    SELECT {bot}, 900000000 + n, 'Customer ' || n, 'fa', now(), now() FROM generate_series(1, {count}) n;
    INSERT INTO orders (bot_id, user_id, plan_id, kind, status, amount, currency, snapshot, expires_at,
        created_at, updated_at)
    SELECT {bot}, u.id, o.plan_id, o.kind, o.status, o.amount, o.currency, o.snapshot,
        now() + interval '1 day', now(), now()
    FROM users u CROSS JOIN orders o WHERE u.bot_id = {bot} AND u.telegram_id > 900000000 AND o.id = {order};
    INSERT INTO card_to_card_payments (bot_id, user_id, order_id, card_id, status, expected_amount, currency,
        card_snapshot, tracking_number, expires_at, receipt_type, receipt_text, payer_reference,
        receipt_submitted_at, receipt_count, created_at, updated_at)
    SELECT {bot}, o.user_id, o.id, p.card_id, p.status, p.expected_amount, p.currency, p.card_snapshot,
        (50000000 + o.id)::text, p.expires_at + interval '1 day', 'text', 'ref', (700000000000 + o.id)::text,
        -- Hours apart: a queue in which every receipt looks like its neighbours warns of all of them.
        now() - interval '5 minutes' + o.id * interval '1 millisecond', 1, now(), now()
    FROM orders o CROSS JOIN card_to_card_payments p
    WHERE o.bot_id = {bot} AND o.id > {order} AND p.id = {payment};
    UPDATE card_days SET reserved_count = reserved_count + {count},
        reserved_amount = reserved_amount + {count} * {price} WHERE bot_id = {bot};
"""


@dataclass(frozen=True, slots=True)
class Counter:
    """A shop with a long queue, on three copies of one database."""

    shop: Shop
    payments: Sequence[int]
    copies: Sequence[Database]


async def measure(ground: Ground, *, rounds: int = 5, decisions: int = 60, counted: int = 10) -> list[Figure]:
    needed = (rounds + 1) * decisions
    async with _counters(ground, needed + counted) as counter:
        waiting = counter.payments[counted:]
        bursts = [waiting[at : at + decisions] for at in range(0, needed, decisions)]
        trips, written = await _write_down(ground, counter, [counter.payments[:counted], *bursts])
        async with (
            _product(ground, counter) as (browser, web),
            _replay(ground, counter.copies[2]) as (replay, sql),
        ):
            await browser.posts((_approve(one) for one in counter.payments[:counted]), callers=1)
            await replay(written[:counted])
            mine, theirs = iter(bursts), iter(_cut(written[counted:], decisions))

            async def decide() -> int:
                return await browser.posts((_approve(one) for one in next(mine)), callers=1)

            async def repeat() -> int:
                return await replay(next(theirs))

            a, b = await in_turn(
                (decide, {"web": web, "database": ground.postmaster}),
                (repeat, {"sql": sql, "database": ground.postmaster}),
                rounds=rounds,
            )
        _check(ground, counter, needed + counted)
    return _figures(trips, written, a, b)


def _figures(
    trips: Sequence[int], written: Sequence[Any], a: Sequence[Any], b: Sequence[Any]
) -> list[Figure]:
    mine, theirs = ([burst.per_unit() for burst in side] for side in (a, b))
    web, sql = [burst.per_unit("web") for burst in a], [burst.per_unit("sql") for burst in b]
    return [
        Figure(
            "P4",
            "deciding a receipt by POST: round trips to the database, counted on the wire",
            Series(trips, ""),
            goal=Goal("at most", 8, ""),
            machine={"statements": len(written[-1])},
        ),
        Figure(
            "P4",
            "deciding a receipt by POST, next one rendered: CPU, web and database",
            Series(mine, "ms"),
            Series(theirs, "ms"),
            Goal("at most", 3),
            ratio(mine, theirs),
        ),
        Figure(
            "P4",
            "the same without the database's part: web process beside the program that repeats the SQL",
            Series(web, "ms"),
            Series(sql, "ms"),
            None,
            ratio(web, sql),
        ),
    ]


def _check(ground: Ground, counter: Counter, decided: int) -> None:
    """The repeated statements did the same work as the product's."""
    proof = (
        "select count(*), sum(amount), (select count(*) from outbox), (select count(*) from stock_items "
        "where order_id is not null) from card_to_card_payments where status = 'approved'"
    )
    first, *others = {ground.server.run_sql(proof, database=copy.name) for copy in counter.copies}
    if others or not first.startswith(f"{decided}|"):
        raise RuntimeError(f"not the same work was done: {first} {others}")


def _approve(payment_id: int) -> str:
    return f"/receipts/{payment_id}/approve"


def _cut(things: Sequence[Any], size: int) -> list[Sequence[Any]]:
    return [things[at : at + size] for at in range(0, len(things), size)]


# The queue --------------------------------------------------------------------------------------------------


@asynccontextmanager
async def _counters(ground: Ground, count: int) -> AsyncIterator[Counter]:
    server = ground.server
    made = server.create_database("p4")
    await migrate.upgrade(made.owner_url, app_role=APP_ROLE)
    engine = build_engine(made.app_url, application_name="bench")
    units = UnitsOfWork(build_sessions(engine), Vault((SECRET,)), channel="web")
    shops = Shops(units, Shelf(ground.folder / "p4-media"))
    shop = await shops.open(stock=count + 100)
    first = await shops.receipt(shop)
    async with units.begin(shop.bot_id, StaffMember(1, "Bench", OWNING)) as uow:
        if any(setting.key == "hold_seconds" for setting in registry.SETTINGS):
            await configurations.update_configuration_partial(uow, {"hold_seconds": 0})
    await engine.dispose()
    server.run_sql(
        _QUEUE.format(
            bot=shop.bot_id,
            count=count + 60,
            order=first.order_id,
            payment=first.payment_id,
            price=shop.price,
        ),
        database=made.name,
    )
    server.run_sql("vacuum analyze", database=made.name)
    found = server.run_sql(
        f"select id from card_to_card_payments where bot_id = {shop.bot_id} and id > {first.payment_id} "
        f"order by receipt_submitted_at, id limit {count}",
        database=made.name,
    )
    copies = [made, *(server.create_database(f"p4_{n}", template=made.name) for n in (1, 2))]
    try:
        yield Counter(shop, [int(line) for line in found.split()], copies)
    finally:
        for copy in copies:
            server.drop_database(copy.name)


@asynccontextmanager
async def _product(ground: Ground, counter: Counter) -> AsyncIterator[tuple[browsing.Browser, int]]:
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    environment = ground.environment(counter.copies[0].app_url, PORT=str(port), PUBLIC_BASE_URL=base)
    with program(
        "tests.bench.serving", "web.app:create_app", str(port), "1", port=port, **environment
    ) as process:
        async with browsing.signed_in(base, counter.shop.api_token) as browser:
            browser.headers |= HTMX
            yield browser, process.pid


# The same, written down -------------------------------------------------------------------------------------


async def _write_down(
    ground: Ground, counter: Counter, bursts: Sequence[Sequence[int]]
) -> tuple[list[int], list[list[tuple[str, Any]]]]:
    """Decide on the second copy: round trips of the later decisions, and the statements of each."""
    socket = ground.server.socket_folder / ".s.PGSQL.5432"
    trips: list[int] = []
    written: list[list[tuple[str, Any]]] = []
    async with tapped(socket, ground.folder / "tap") as tap:
        url = embedded_address(APP_ROLE, counter.copies[1].name, tap.folder)
        engine = build_engine(url, application_name="bench")
        seen = _listen(engine)
        app = build_app(
            UnitsOfWork(build_sessions(engine), Vault((SECRET,)), channel="web"),
            shelf=Shelf(ground.folder / "p4-media"),
            assets=Assets(STATIC),
            https=False,
            readiness=_ready,
        )
        transport = httpx.ASGITransport(Hardened(app, https=False), client=("127.0.0.1", 50000))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            headers = await _sign_in(client, counter.shop.api_token)
            for payment_id in (one for burst in bursts for one in burst):
                seen.clear()
                tap.take()
                answer = await client.post(_approve(payment_id), headers=headers)
                if answer.status_code != httpx.codes.OK:
                    raise RuntimeError(f"{answer.status_code}: {answer.text[:500]}")
                await asyncio.sleep(0)  # what is given back after the answer counts too
                trips.append(tap.take())
                written.append(_one_transaction(seen))
        await engine.dispose()
    return trips[len(bursts[0]) :], written


async def _ready() -> Any:
    return "ready"


async def _sign_in(client: httpx.AsyncClient, api_token: str) -> dict[str, str]:
    form = await client.get("/login")
    fields = {"api_token": api_token, "_csrf_token": browsing.token_in(form.text)}
    await client.post("/login", data=fields, headers=browsing.FROM_HERE)
    page = await client.get("/sessions")
    return {**browsing.FROM_HERE, **HTMX, "X-CSRFToken": browsing.token_in(page.text)}


def _listen(engine: AsyncEngine) -> list[tuple[str, Any]]:
    """Every statement as the driver gets it, and the scopes that ``BEGIN`` sets."""
    seen: list[tuple[str, Any]] = []

    def statement(_connection, _cursor, sql, values, _context, many) -> None:
        seen.extend((sql, tuple(one)) for one in (values if many else (values,)))

    event.listen(engine.sync_engine, "before_cursor_execute", statement)
    event.listen(engine.sync_engine, "begin", lambda _connection: seen.append(("begin", None)))
    return seen


def _one_transaction(seen: Sequence[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """Without the wall's settings: the program that repeats this is let through it."""
    statements = [one for one in seen if one[1] is not None]
    return [("BEGIN", None), *statements, ("COMMIT", None)]


# The same, repeated -----------------------------------------------------------------------------------------


@asynccontextmanager
async def _replay(ground: Ground, database: Database) -> AsyncIterator[tuple[Any, int]]:
    with subprocess.Popen(
        [
            *(sys.executable, "-m", "tests.bench.baselines.statements"),
            *(str(ground.server.socket_folder), "bench_bypassing", database.name),
        ],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:

        async def replay(requests: Sequence[Any]) -> int:
            await asyncio.to_thread(_ask, process, repr(list(requests)))
            return len(requests)

        yield replay, process.pid


def _ask(process: subprocess.Popen[str], line: str) -> None:
    process.stdin.write(line + "\n")
    process.stdin.flush()
    if process.stdout.readline().strip() != "done":
        raise RuntimeError("the program that repeats the SQL stopped")

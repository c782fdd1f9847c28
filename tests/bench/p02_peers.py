"""P2: the receipt queue and the ledger beside Django's admin and SQLAdmin over the same tables, signed in.

Each shows the first 50 rows of one shop. The others come with the whole table's rights (no wall in the
database) and without what only ours shows: warnings, counts of the tabs, totals.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

from aiohttp import ClientSession, ClientTimeout, CookieJar

from tests.bench import peers
from tests.bench.browsing import Browser
from tests.bench.figures import Figure, Goal, Series, ratio
from tests.bench.ground import BYPASSING, Ground
from tests.bench.p01_page import CALLERS, product
from tests.bench.processes import free_port, program
from tests.bench.rounds import Burst, in_turn

OURS = {"receipt queue": "/receipts", "transactions": "/transactions"}
ROW = {"/receipts": 'class="qi', "/transactions": 'class="nowrap late"'}
"""What each row of ours has once, and nothing else of the page."""
_DJANGO = "/admin/django_shop"
ADMINS = {
    "Django's admin": (
        "django_shop.served",
        "wsgi",
        {
            "receipt queue": f"{_DJANGO}/receipt/?bot_id__exact={{shop}}&status__exact=receipt_submitted",
            "transactions": f"{_DJANGO}/movement/?bot_id__exact={{shop}}",
        },
        'class="action-select"',
        6,
    ),
    "SQLAdmin": (
        "sqladmin_list",
        "asgi",
        {"receipt queue": "/admin/receipt/list", "transactions": "/admin/movement/list"},
        'class="form-check-input m-0 align-middle select-box"',
        4,
    ),
}
"""Program, interface, the address of each page, what each of its rows has, and the goal."""


async def measure(ground: Ground, *, rounds: int = 5, requests: int = 60) -> list[Figure]:
    shop = ground.shops[len(ground.shops) // 2]
    python = peers.python()
    ground.server.run_sql(
        f"CREATE SCHEMA IF NOT EXISTS django AUTHORIZATION {BYPASSING}", database=ground.database.name
    )
    figures = []
    async with AsyncExitStack() as running:
        ours, web = await running.enter_async_context(product(ground, shop))
        others = {
            name: await running.enter_async_context(_admin(ground, shop, python, module, interface))
            for name, (module, interface, *_) in ADMINS.items()
        }
        for page, path in OURS.items():
            figures += await _one_page(ground, page, path, (ours, web), others, shop, rounds, requests)
    return figures


async def _one_page(
    ground: Ground,
    page: str,
    path: str,
    product_: tuple[Browser, int],
    others: Mapping[str, tuple[Browser, int]],
    shop: int,
    rounds: int,
    requests: int,
) -> list[Figure]:
    browser, web = product_
    addresses = {name: ADMINS[name][2][page].format(shop=shop) for name in others}
    mine = await browser.get(path)
    theirs = {name: await others[name][0].get(addresses[name]) for name in others}
    rows = {name: html.count(ADMINS[name][3]) for name, html in theirs.items()}
    if set(rows.values()) != {mine.count(ROW[path])}:
        raise RuntimeError(f"{page}: {mine.count(ROW[path])} rows of ours beside {rows}")
    sides = [(browser, path, web), *((*_with(others[name], addresses[name]),) for name in others)]
    bursts = await in_turn(
        *(
            (
                lambda browser=one, path=address: browser.gets(path, requests, callers=CALLERS),
                {"web": pid, "database": ground.postmaster},
            )
            for one, address, pid in sides
        ),
        rounds=rounds,
    )
    share = ground.rows // len(ground.shops)
    what = f"{page}, 50 rows, a shop of {share:,} payments of {ground.rows:,}: requests a CPU second"
    own = _per_cpu_second(bursts[0])
    return [
        Figure(
            "P2",
            f"{what}, beside {name}",
            Series(own, ""),
            Series(other, ""),
            Goal("at least", ADMINS[name][4]),
            ratio(own, other),
            machine={
                "bytes": len(mine.encode()),
                "baseline_bytes": len(theirs[name].encode()),
                "web_ms": Series([burst.per_unit("web") for burst in bursts[0]], "").median,
                "baseline_web_ms": Series([burst.per_unit("web") for burst in side], "").median,
                "requests_per_second": Series([burst.rate for burst in bursts[0]], "").median,
                "baseline_requests_per_second": Series([burst.rate for burst in side], "").median,
            },
        )
        for name, side in zip(others, bursts[1:], strict=True)
        for other in (_per_cpu_second(side),)
    ]


def _with(one: tuple[Browser, int], address: str) -> tuple[Browser, str, int]:
    return one[0], address, one[1]


def _per_cpu_second(bursts: list[Burst]) -> list[float]:
    return [1000 / burst.per_unit() for burst in bursts]


@asynccontextmanager
async def _admin(
    ground: Ground, shop: int, python: object, module: str, interface: str
) -> AsyncIterator[tuple[Browser, int]]:
    """One of the others as it is served, with somebody signed in; and the server's process."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    with program(
        *("tests.bench.serving", f"tests.bench.baselines.{module}:create_app", str(port), "1", interface),
        port=port,
        python=str(python),
        BENCH_HOST=str(ground.server.socket_folder),
        BENCH_USER=BYPASSING,
        BENCH_DATABASE=ground.database.name,
        BENCH_SHOP=str(shop),
    ) as process:
        async with ClientSession(cookie_jar=CookieJar(unsafe=True), timeout=ClientTimeout(60)) as http:
            browser = Browser(http, base)
            await browser.get("/admin/login/" if interface == "wsgi" else "/admin/login")
            tokens = {cookie.key: cookie.value for cookie in http.cookie_jar}
            fields = {
                "username": "bench",
                "password": "bench",
                "next": "/admin/",
                "csrfmiddlewaretoken": tokens.get("csrftoken", ""),
            }
            await browser.post("/admin/login/" if interface == "wsgi" else "/admin/login", fields)
            yield browser, process.pid

"""P1: the receipt queue, 50 rows of the shop's share of a million, signed in, behind the wall."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.bench import browsing
from tests.bench.figures import Figure, Goal, Series, ratio
from tests.bench.ground import BYPASSING, Ground
from tests.bench.processes import free_port, program
from tests.bench.rounds import in_turn

CALLERS = 4


@asynccontextmanager
async def dashboard(
    ground: Ground, *, url: str | None = None, workers: int = 1
) -> AsyncIterator[tuple[str, int]]:
    """Where the dashboard answers, as it is served, and the server's process."""
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    environment = ground.environment(url, PORT=str(port), PUBLIC_BASE_URL=base)
    serving = ("tests.bench.serving", "web.app:create_app", str(port), str(workers))
    with program(*serving, port=port, **environment) as process:
        yield base, process.pid


@asynccontextmanager
async def product(
    ground: Ground, bot_id: int, *, url: str | None = None, workers: int = 1
) -> AsyncIterator[tuple[browsing.Browser, int]]:
    """The dashboard with the shop's owner at it; and the server's process."""
    async with (
        dashboard(ground, url=url, workers=workers) as (base, pid),
        browsing.signed_in(base, await ground.token_of(bot_id)) as browser,
    ):
        yield browser, pid


@asynccontextmanager
async def bare(ground: Ground) -> AsyncIterator[tuple[browsing.Browser, int]]:
    port = free_port()
    with program(
        "tests.bench.serving",
        "tests.bench.baselines.page:create_app",
        str(port),
        "1",
        port=port,
        BENCH_HOST=str(ground.server.socket_folder),
        BENCH_USER=BYPASSING,
        BENCH_DATABASE=ground.database.name,
    ) as process:
        async with browsing.stranger(f"http://127.0.0.1:{port}") as browser:
            yield browser, process.pid


async def measure(ground: Ground, *, rounds: int = 5, requests: int = 200) -> list[Figure]:
    bot_id = ground.shops[len(ground.shops) // 2]
    async with product(ground, bot_id) as (ours, web), bare(ground) as (theirs, other):
        pages = await ours.get("/receipts"), await theirs.get(f"/{bot_id}")
        rows = [page.count('class="qi') for page in pages]
        if rows[0] != rows[1]:
            raise RuntimeError(f"the two pages differ: {rows} rows")
        a, b = await in_turn(
            (
                lambda: ours.gets("/receipts", requests, callers=CALLERS),
                {"web": web, "database": ground.postmaster},
            ),
            (
                lambda: theirs.gets(f"/{bot_id}", requests, callers=CALLERS),
                {"web": other, "database": ground.postmaster},
            ),
            rounds=rounds,
        )
    share = ground.rows // len(ground.shops)
    what = f"receipt queue, {rows[0]} rows of a shop's {share:,}, {ground.rows:,} in all"
    figures = []
    for parts, name in ((("web", "database"), "web and database"), (("web",), "web process alone")):
        mine, other_side = ([burst.per_unit(*parts) for burst in side] for side in (a, b))
        figures.append(
            Figure(
                "P1",
                f"{what}: CPU a request, {name}",
                Series(mine, "ms"),
                Series(other_side, "ms"),
                Goal("at most", 1.6) if len(parts) > 1 else None,
                ratio(mine, other_side),
                machine={
                    "requests_per_second": Series([burst.rate for burst in a], "").median,
                    "baseline_requests_per_second": Series([burst.rate for burst in b], "").median,
                    "bytes": len(pages[0].encode()),
                    "baseline_bytes": len(pages[1].encode()),
                },
            )
        )
    return figures

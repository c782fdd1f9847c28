"""P10: two thousand bots in one process: memory a bot, CPU at rest, a new bot's first answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

from aiohttp import ClientSession

from bot.polling import POLL_SECONDS
from db import migrate
from db.crypto import Vault
from db.embedded import Database
from db.engine import build_engine, build_sessions
from db.urls import APP_ROLE
from shop.bots import service as bots
from shop.unit_of_work import UnitsOfWork
from tests.bench.figures import Figure, Goal, Series
from tests.bench.ground import SECRET, Ground
from tests.bench.p08_signal import called, fake_api
from tests.bench.processes import cpu_seconds, free_port, program, resident_bytes
from tests.bot.updates import message
from tests.factories import MASTER, telegram_token

OPENERS = 8
FEW = 20
"""Bots of the process that shows what a process costs without a fleet."""
UNTIL_ALL_POLL = 180.0
AFTER_START_A_BOT = 0.03
"""Seconds, for each bot."""


async def measure(ground: Ground, *, count: int = 2_000, seconds: float = 30.0) -> list[Figure]:
    made = ground.server.create_database("p10")
    await migrate.upgrade(made.owner_url, app_role=APP_ROLE)
    engine = build_engine(made.app_url, application_name="bench", pool_size=OPENERS)
    units = UnitsOfWork(build_sessions(engine), Vault((SECRET,)), channel="cli")
    try:
        await _open(units, FEW)
        small, _ = await _watch(ground, made, units, FEW, 1.0)
        await _open(units, count - FEW)
        large, first_answer = await _watch(ground, made, units, count, seconds, newcomer=True)
        bare_small, bare_large = [
            await _watch_bare(number, wait) for number, wait in ((FEW, 1.0), (count, seconds))
        ]
    finally:
        await engine.dispose()
        ground.server.drop_database(made.name)
    ours = (large["bytes"] - small["bytes"]) / (count - FEW) / 1000
    bare = (bare_large["bytes"] - bare_small["bytes"]) / (count - FEW) / 1000
    return [
        Figure(
            "P10",
            f"{count:,} bots polled by one process: memory a bot, above bare asyncio pollers",
            Series([ours], "kB"),
            Series([bare], "kB"),
            Goal("at most", 40, "kB"),
            Series([ours - bare], "kB"),
        ),
        Figure(
            "P10",
            f"{count:,} bots, nothing happens: CPU, in per cent of a core",
            Series([100 * large["cpu"]], "%"),
            Series([100 * bare_large["cpu"]], "%"),
            Goal("at most", 5, "%"),
        ),
        Figure(
            "P10",
            f"a new bot beside {count:,} others: from the commit that opens it to its first answer",
            Series([first_answer], "s"),
            goal=Goal("at most", 2, "s"),
        ),
    ]


async def _open(units: UnitsOfWork, count: int) -> None:
    left = iter(range(count))

    async def opener() -> None:
        for number in left:
            async with units.platform(MASTER) as uow:
                await bots.create_bot(uow, name=f"Shop {number}", telegram_bot_token=telegram_token())

    await asyncio.gather(*(opener() for _ in range(OPENERS)))


async def _watch(
    ground: Ground,
    database: Database,
    units: UnitsOfWork,
    count: int,
    seconds: float,
    *,
    newcomer: bool = False,
) -> tuple[Mapping[str, float], float]:
    async with fake_api() as (url, http):
        environment = ground.environment(
            database.app_url,
            TELEGRAM_API_URL=url,
            LOG_LEVEL="ERROR",
            BOT_TOKEN=telegram_token(),
            BOT_PORT=str(free_port()),
            PORT=str(free_port()),
        )
        with program("tests.bench.large_fleet", **environment) as process:
            await _until_all_poll(http, url, count)
            seen = await _idle(process.pid, seconds)
            return seen, await _first_answer(units, http, url) if newcomer else 0.0


async def _watch_bare(count: int, seconds: float) -> Mapping[str, float]:
    async with fake_api() as (url, http):
        bare = ("tests.bench.baselines.pollers", url, str(count), str(POLL_SECONDS))
        with program(*bare) as process:
            await _until_all_poll(http, url, count)
            return await _idle(process.pid, seconds)


async def _until_all_poll(http: ClientSession, url: str, count: int) -> None:
    settled = AFTER_START_A_BOT * count
    async with asyncio.timeout(UNTIL_ALL_POLL):
        while (await _calls(http, url)).get("getUpdates", 0) < count:
            await asyncio.sleep(0.2)
    await asyncio.sleep(settled)  # new histories are sealed, new queues swept: that is no idling


async def _calls(http: ClientSession, url: str) -> dict[str, int]:
    async with http.get(f"{url}/_count") as answer:
        calls: dict[str, int] = await answer.json()
        return calls


async def _idle(pid: int, seconds: float) -> Mapping[str, float]:
    before = cpu_seconds(pid)
    await asyncio.sleep(seconds)
    return {"cpu": (cpu_seconds(pid) - before) / seconds, "bytes": resident_bytes(pid)}


async def _first_answer(units: UnitsOfWork, http: ClientSession, url: str) -> float:
    token = telegram_token()
    answered = asyncio.ensure_future(called(http, url, token, "sendMessage"))
    async with http.post(f"{url}/_update/{token}", json=[message(930_000_001, text="/start")]):
        pass
    async with units.platform(MASTER) as uow:
        await bots.create_bot(uow, name="Newcomer", telegram_bot_token=token)
    committed = time.monotonic()
    return await answered - committed

"""`python -m tests.bench.a03_same_time`: does the time of a refusal tell why a token was refused?

The real application on a database of its own, in this process; tries for unknown, revoked, expired tokens
and for those of a suspended shop take turns in a random order, each from an address of its own. What is
asked: means that differ by less than five per cent of one request. It is no test of the suite: it measures.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import math
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

import httpx
from sqlalchemy import text

from db import migrate
from db.crypto import Vault
from db.embedded import embedded_postgres
from db.engine import build_engine, build_sessions
from db.urls import APP_ROLE
from shop import security
from shop.media.shelf import Shelf
from shop.staff import service as staff
from shop.staff.rules import generate_api_token
from shop.unit_of_work import UnitsOfWork
from tests.factories import Shop, Shops
from web.app import STATIC, build_app, readiness_of
from web.assets import Assets
from web.security import Hardened

TRIES = 2000
PER_TOKEN = 5
"""After so many wrong tries a token is not looked at for a while."""
WARM_UP = 50
MOST = 0.05
"""Of one request."""
CSRF = "C" * 43


async def tokens_of(units: UnitsOfWork, shop: Shop) -> list[str]:
    made = []
    for _ in range(TRIES // PER_TOKEN):
        async with units.begin(shop.bot_id, shop.owner) as uow:
            made.append((await staff.issue_api_token(uow, shop.owner.staff_id, name="bench")).token)
    return made


async def kinds(units: UnitsOfWork, shops: Shops) -> dict[str, list[str]]:
    revoked, expired, suspended = [await shops.open(stock=0) for _ in range(3)]
    found = {
        "unknown": [generate_api_token().text for _ in range(TRIES // PER_TOKEN)],
        "revoked": await tokens_of(units, revoked),
        "expired": await tokens_of(units, expired),
        "suspended": await tokens_of(units, suspended),
    }
    changes = (
        (revoked, "UPDATE api_tokens SET revoked_at = now() WHERE bot_id = :shop"),
        (expired, "UPDATE api_tokens SET expires_at = now() WHERE bot_id = :shop"),
        (suspended, "UPDATE bots SET status = 'suspended' WHERE id = :shop"),
    )
    for shop, change in changes:
        async with units.begin(shop.bot_id, shop.owner) as uow:
            await uow.session.execute(text(change), {"shop": shop.bot_id})
    return found


async def knock(app: Hardened, token: str, number: int) -> float:
    address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    transport = httpx.ASGITransport(app, client=(address, 1))  # type: ignore[arg-type]
    async with httpx.AsyncClient(
        transport=transport, base_url="http://shop.test", cookies={"csrf": CSRF}
    ) as client:
        began = time.perf_counter()
        answer = await client.post("/login", data={"api_token": token, "_csrf_token": CSRF})
        took = time.perf_counter() - began
    assert answer.status_code == 422, answer.status_code
    return took


async def measure(app_url: str, folder: Path) -> dict[str, list[float]]:
    engine = build_engine(app_url, application_name="bench")
    units = UnitsOfWork(build_sessions(engine), Vault(("k" * 8 + "0123456789abcdefghijklmnopqrstuv",)), "web")
    shelf = Shelf(folder)
    app = Hardened(
        build_app(units, shelf=shelf, assets=Assets(STATIC), https=False, readiness=readiness_of(engine)),
        https=False,
    )
    tokens = await kinds(units, Shops(units, shelf))
    turns = [(kind, token) for kind, some in tokens.items() for token in some * PER_TOKEN]
    random.SystemRandom().shuffle(turns)
    times: dict[str, list[float]] = {kind: [] for kind in tokens}
    for number in range(WARM_UP):
        await knock(app, generate_api_token().text, number)
    gc.disable()
    for number, (kind, token) in enumerate(turns, start=1000):
        times[kind].append(await knock(app, token, number))
    await engine.dispose()
    return times


def main() -> int:
    security.logger.setLevel(logging.ERROR)  # eight thousand refusals
    with (
        tempfile.TemporaryDirectory() as folder,
        embedded_postgres(Path(folder) / "pg", fsync=False) as server,
    ):
        database = server.create_database("bench")
        asyncio.run(migrate.upgrade(database.owner_url, app_role=APP_ROLE))
        times = asyncio.run(measure(database.app_url, Path(folder) / "media"))
    mean = statistics.mean(times["unknown"])
    worst = 0.0
    sys.stdout.write("| token | tries | mean ms | median ms | from unknown | t |\n|--|--|--|--|--|--|\n")
    for kind, some in times.items():
        other = statistics.mean(some)
        apart = (other - mean) / mean
        spread = math.sqrt(
            statistics.variance(some) / len(some)
            + statistics.variance(times["unknown"]) / len(times["unknown"])
        )
        worst = max(worst, abs(apart))
        sys.stdout.write(
            f"| {kind} | {len(some)} | {other * 1000:.2f} | {statistics.median(some) * 1000:.2f} "
            f"| {apart:+.1%} | {(other - mean) / spread:.2f} |\n"
        )
    return 0 if worst < MOST else 1


if __name__ == "__main__":
    sys.exit(main())

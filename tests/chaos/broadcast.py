"""A broadcast to ten thousand people while everything goes wrong: who got it, how often, and how fast.

Telegram asks the bot to be quiet again and again, some people have left, the bot process is killed and once
the database. Beside it customers of another shop talk to their own bot and are timed.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from shop.broadcasts import rules, service
from tests.chaos.kills import fleet_is_live, open_shops
from tests.chaos.load import Load
from tests.chaos.supervisor import Product, database_answers, is_ready, running_product, until
from tests.factories import Shop

WORDS = {"fa": "سلام {name}، از {shop}", "en": "Hello {name}, from {shop}"}
MARK = "Hello Carol, from "
SILENCE = 3
"""Seconds Telegram asks for, each time."""
SILENCE_EVERY = (12.0, 25.0)
GONE_EVERY = 50
"""One person in so many has left; Telegram answers 403."""
INTRODUCED = 50
"""The newest are introduced to the sandbox anew at every start and would come back by it: they all stay."""
ON_ITS_WAY = 0.5
"""Seconds after a 429 in which what was under way already may still arrive."""
STRETCH = 10
"""Seconds over which the rate is taken."""
TELEGRAM_BEARS = 30
"""Messages a second of one bot."""
AT_ONCE = 32
LONGEST = 1_800.0


@dataclass
class Figures:
    """What the sandbox saw, what people have in their chats, and what our own rows say."""

    people: int
    gone: int = 0
    kills: Counter[str] = field(default_factory=Counter)
    calls: list[tuple[float, int | None]] = field(default_factory=list)
    """Time and error of every message that the bot sent."""
    got: Counter[int] = field(default_factory=Counter)
    """How many of those who were there have it so many times in their chat."""
    row: dict[str, Any] = field(default_factory=dict)
    fates: dict[str, int] = field(default_factory=dict)
    doubtful: int = 0
    not_counted: int = 0
    """Have it twice and are not among the doubtful."""
    forgotten: int = 0
    """Are gone and not flagged, or not kept."""
    waits: dict[str, list[float]] = field(default_factory=lambda: {"before": [], "during": []})
    """Seconds until somebody of the other shop was answered, while nothing lay killed."""
    seconds: float = 0.0

    @property
    def silences(self) -> list[float]:
        """When Telegram asked for quiet."""
        return [at for at, error in self.calls if error == httpx.codes.TOO_MANY_REQUESTS]

    def most_in(self, window: float) -> int:
        """The most messages in any ``window`` of seconds."""
        times = sorted(at for at, _ in self.calls)
        most = first = 0
        for last, at in enumerate(times):
            while times[first] <= at - window:
                first += 1
            most = max(most, last - first + 1)
        return most

    def steady(self) -> float:
        """Messages a second where nothing was wrong: the middle one of the busier half of all stretches."""
        times = [at for at, _ in self.calls]
        found = sorted(Counter(int((at - times[0]) // STRETCH) for at in times).values())
        return found[len(found) * 3 // 4] / STRETCH if found else 0.0

    def too_soon(self) -> int:
        """Messages in a silence that Telegram had asked for."""
        return sum(
            1
            for asked in self.silences
            for at, _ in self.calls
            if asked + ON_ITS_WAY < at < asked + SILENCE - 0.05
        )

    def p95(self, when: str) -> float:
        found = sorted(self.waits[when])
        return found[min(int(len(found) * 0.95), len(found) - 1)] if found else 0.0


@dataclass
class Scene:
    """The running product, the shop that broadcasts, and the one beside it."""

    product: Product
    http: httpx.AsyncClient
    shop: Shop
    load: Load
    figures: Figures
    chance: random.Random
    say: Callable[[str], None]
    broadcast_id: int = 0
    is_over: bool = False
    lies_killed: bool = False

    async def control(self, action: str, **body: Any) -> Any:
        body = {"token": self.shop.telegram_token, **body}
        answer = await self.http.post(f"{self.product.sandbox}/_c/{action}", json=body)
        answer.raise_for_status()
        return answer.json()

    async def for_each(self, numbers: list[int], act: Callable[[int], Awaitable[Any]]) -> list[Any]:
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(number: int) -> Any:
            async with gate:
                return await act(number)

        return await asyncio.gather(*map(one, numbers))

    async def row(self) -> dict[str, Any]:
        """Empty while the database is away."""
        try:
            connection = await self.product.look()
        except Exception:  # noqa: BLE001  (killed a moment ago: whatever it says then)
            return {}
        try:
            found = await connection.fetchrow("select * from broadcasts where id = $1", self.broadcast_id)
        finally:
            connection.terminate()
        return dict(found)


async def broadcast_to_many(
    folder: Path,
    *,
    people: int,
    kills: int,
    of_database: int = 1,
    seed: int = 5,
    say: Callable[[str], None] = print,
) -> tuple[Figures, list[str]]:
    """The figures, and every way in which it was not as it must be.

    ``kills`` of the bot process and ``of_database`` of PostgreSQL, spread over the length of the broadcast.
    """
    figures, began = Figures(people), time.monotonic()
    chance = random.Random(seed)  # noqa: S311  (repeatable, not secret)
    limits = httpx.Limits(max_connections=AT_ONCE)
    async with running_product(folder) as product, httpx.AsyncClient(timeout=30, limits=limits) as http:
        first, other = await open_shops(product)
        await until(lambda: fleet_is_live(product, 2), "the shops' bots")
        scene = Scene(product, http, first, Load(product, [other], seed), figures, chance, say)
        numbers = await _settle_in(scene)
        say(f"{people} people, {figures.gone} of whom have left")
        await _time_neighbour(scene, "before", times=20)
        await _send_off(scene)
        helpers = [
            asyncio.create_task(work)
            for work in (_time_neighbour(scene, "during"), _silence(scene), _listen(scene))
        ]
        await _kill(scene, ["bot"] * kills + ["database"] * of_database)
        await _until_completed(scene)
        scene.is_over = True
        await asyncio.gather(*helpers)
        await _count(scene, numbers)
        await scene.load.abandon()
    figures.seconds = time.monotonic() - began
    return figures, wrong(figures)


async def _settle_in(scene: Scene) -> list[int]:
    """Customers by their numbers, known to us and to Telegram; some have left it, and we do not know."""
    numbers = [10**9 + place for place in range(scene.figures.people)]
    leaving = _gone(numbers)
    scene.figures.gone = len(leaving)
    connection = await scene.product.look()
    await connection.execute(
        "insert into users (bot_id, telegram_id, first_name, language, created_at, updated_at) "
        "select $1, n, 'Carol', 'en', now(), now() from unnest($2::bigint[]) n",
        scene.shop.bot_id,
        numbers,
    )
    await connection.close()

    async def come(number: int) -> None:
        gone = number in leaving
        await scene.control(
            "user", id=number, first_name="Carol", chats=[scene.shop.telegram_token], deactivated=gone
        )

    await scene.for_each(numbers, come)
    return numbers


def _gone(numbers: list[int]) -> set[int]:
    return set(numbers[:-INTRODUCED:GONE_EVERY])


async def _send_off(scene: Scene) -> None:
    async with scene.product.verbs() as units, units.begin(scene.shop.bot_id, scene.shop.owner) as uow:
        scene.broadcast_id = await service.create(
            uow, audience="everybody", words=WORDS, form="a-broadcast-to-many"
        )
        await service.schedule(uow, scene.broadcast_id)


async def _silence(scene: Scene) -> None:
    """Now and then Telegram wants this bot to be quiet."""
    while not scene.is_over:
        await asyncio.sleep(scene.chance.uniform(*SILENCE_EVERY))
        await scene.control("fault", method="sendMessage", code=429, retry_after=SILENCE, times=1)


async def _listen(scene: Scene) -> None:
    """Write down every message's time before the sandbox forgets it."""
    last = 0
    while True:
        was_over = scene.is_over
        found = await scene.control("calls", method="sendMessage", after=last)
        for call in found["calls"]:
            last = call["number"]
            scene.figures.calls.append((call["at"], call.get("error_code")))
        if was_over:
            return
        await asyncio.sleep(2)


async def _time_neighbour(scene: Scene, when: str, *, times: int | None = None) -> None:
    """Somebody new asks the other shop's bot, again and again; what a kill spoils is not the broadcast's."""
    while not scene.is_over and times != 0:
        was_killed, began = scene.lies_killed, time.monotonic()
        kills = scene.figures.kills.total()
        await scene.load.customer(scene.load.shops[0]).ask()
        if not was_killed and not scene.lies_killed and scene.figures.kills.total() == kills:
            scene.figures.waits[when].append(time.monotonic() - began)
        times = None if times is None else times - 1
        await asyncio.sleep(0.5)


async def _kill(scene: Scene, victims: list[str]) -> None:
    """Each in its turn, at even parts of the way."""
    scene.chance.shuffle(victims)
    for place, victim in enumerate(victims, 1):
        share = place / (len(victims) + 1)

        async def is_so_far(share: float = share) -> bool:
            row = await scene.row()
            return bool(row) and row["sent"] >= scene.figures.people * share

        await until(is_so_far, f"{share:.0%} of the broadcast", seconds=LONGEST)
        await asyncio.sleep(scene.chance.random())
        await _strike(scene, victim)


async def _strike(scene: Scene, victim: str) -> None:
    product, scene.lies_killed = scene.product, True
    pid = product.database_pid() if victim == "database" else product.services["bot"].pid
    assert pid is not None, f"no {victim} to kill"
    starts = product.services["bot"].starts
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    scene.figures.kills[victim] += 1
    began = time.monotonic()

    async def is_back() -> bool:
        if victim == "database":
            return product.database_pid() not in (None, pid) and await database_answers(product)
        return product.services["bot"].starts > starts and await is_ready(product.bots)

    await until(is_back, f"the {victim}")
    await until(lambda: fleet_is_live(product, 2), "the shops' bots")
    scene.lies_killed = False
    row = await scene.row()
    scene.say(f"{victim} killed, back after {time.monotonic() - began:.1f} s, {row.get('sent')} sent")


async def _until_completed(scene: Scene) -> None:
    async def is_completed() -> bool:
        return (await scene.row()).get("status") == "completed"

    await until(is_completed, "the end of the broadcast", seconds=LONGEST)


async def _count(scene: Scene, numbers: list[int]) -> None:
    """What is in the chats, held against our own rows."""
    figures = scene.figures

    async def has(number: int) -> tuple[int, int]:
        said = (await scene.control("transcript", user_id=number))["messages"]
        return number, sum((message.get("text") or "").startswith(MARK) for message in said)

    times = dict(await scene.for_each(numbers, has))
    connection = await scene.product.look()
    rows = await connection.fetch(
        "select u.telegram_id, r.status, r.is_doubtful, u.unreachable_at from broadcast_recipients r "
        "join users u on u.bot_id = r.bot_id and u.id = r.user_id where r.broadcast_id = $1",
        scene.broadcast_id,
    )
    await connection.close()
    doubtful = {row["telegram_id"] for row in rows if row["is_doubtful"]}
    flagged = {row["telegram_id"] for row in rows if row["unreachable_at"] is not None}
    gone = _gone(numbers)
    figures.row = await scene.row()
    figures.fates = dict(Counter(row["status"] for row in rows))
    figures.got = Counter(times[number] for number in numbers if number not in gone)
    figures.doubtful = len(doubtful)
    figures.not_counted = sum(many > 1 and number not in doubtful for number, many in times.items())
    figures.forgotten = len(gone ^ flagged)


def wrong(figures: Figures) -> list[str]:
    """Everything that is not as it must be."""
    row, there, kills = figures.row, figures.people - figures.gone, figures.kills.total()
    counts = {fate: row[fate] for fate in ("sent", "failed", "blocked", "skipped") if row[fate]}
    found = {
        f"{figures.got[0]} never got it": figures.got[0],
        f"somebody got it more often than twice: {dict(figures.got)}": max(figures.got) > 2 and kills < 2,
        f"{figures.not_counted} got it twice and were not counted": figures.not_counted,
        f"{figures.doubtful} in hand in {kills} kills": figures.doubtful > kills * rules.ROOM,
        f"{figures.got.total()} in place of {there} people": figures.got.total() != there,
        f"the row says {counts}, the people {figures.fates}": counts != figures.fates,
        f"{row['doubtful']} doubts in the row, {figures.doubtful} people": row["doubtful"]
        != figures.doubtful,
        f"{figures.forgotten} gone people are not flagged, or others are": figures.forgotten,
        f"{figures.most_in(1)} messages within a second": figures.most_in(1) > TELEGRAM_BEARS,
        f"{figures.most_in(STRETCH)} messages within {STRETCH} s": figures.most_in(STRETCH)
        > rules.RATE * STRETCH + rules.BURST + rules.ROOM,
        f"{figures.too_soon()} messages while Telegram wanted quiet": figures.too_soon(),
    }
    return [sentence for sentence, is_so in found.items() if is_so]


def page(figures: Figures) -> str:
    """The table of docs/proof/chaos.md."""
    killed = ", ".join(f"{number} × {victim}" for victim, number in sorted(figures.kills.items()))
    quiet = f"{len(figures.silences)} times; messages in these silences: {figures.too_soon()}"
    other = ", ".join(
        f"{when} {figures.p95(when):.2f} s ({len(waits)} asked)" for when, waits in figures.waits.items()
    )
    lost = figures.got[0] + sum(number for times, number in figures.got.items() if times > 2)
    rows = {
        "people, of whom have left (403)": f"{figures.people:,}, {figures.gone:,}",
        "killed": killed,
        f"asked to be quiet for {SILENCE} s (429)": quiet,
        "got it once": f"{figures.got[1]:,}",
        "got it twice": f"{figures.got[2]:,}, of whom not counted as doubtful: {figures.not_counted}",
        "never, or more often than twice": lost,
        "in hand at the kills, counted as doubtful": figures.doubtful,
        "have left: flagged and kept": f"{figures.row['blocked']:,}",
        "the rate where nothing was wrong": f"{figures.steady():.1f}/s of {rules.RATE:g}/s",
        f"the most within 1 s, within {STRETCH} s": f"{figures.most_in(1)}, {figures.most_in(STRETCH)}",
        "the other bot's answer, p95": other,
    }
    return "\n".join(f"| {what} | {found} |" for what, found in rows.items())

"""The faults one by one, each with what it must look like; a fault that looks otherwise fails.

While a fault lasts, people at the dashboard ask for a page again and again, and a watchman asks for the
health endpoints.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import httpx

from tests.browser.stack import free_port
from tests.chaos.kills import fleet_is_live, open_shops
from tests.chaos.load import Load, Reviewer
from tests.chaos.proxy import Proxy, Weather, proxied
from tests.chaos.reckoning import reckon
from tests.chaos.scene import AFTER, ANSWER, AT_ONCE, BOUND, Row, Scene
from tests.chaos.supervisor import Product, database_answers, is_ready, running_product, until
from tests.factories import Shop

SLOW_BOUND = 9.0
"""A page of the desk takes eight round trips, of a second each when every piece is half a second late."""
FAULT_SECONDS = 8.0
FULL = "full"
DISK = "220m"
"""A fresh database takes half of it."""
MUST_AFTER = f"says that it lives; page ≤ {AFTER:g} s and bot ≤ {AFTER + ANSWER:g} s after the cure"


async def _database_fault(
    scene: Scene,
    name: str,
    *,
    begin: Callable[[], Awaitable[None]],
    cure: Callable[[], Awaitable[None]],
    seconds: float = FAULT_SECONDS,
    people: int = AT_ONCE,
    bound: float = BOUND,
) -> Row:
    async with scene.watched(people) as seen:
        await begin()
        await asyncio.sleep(seconds)
        await cure()
    said, wrong = await scene.recovery()
    wrong += seen.wrong(allowed={200, 503}, bound=bound)
    must = f"503 with Retry-After, or a page, ≤ {bound:g} s; {MUST_AFTER}"
    return Row(name, must, f"{seen.said()}; {said}", tuple(wrong))


async def stopped(scene: Scene) -> Row:
    """PostgreSQL stopped and started again, as for an update of it."""
    database = scene.product.services["db"]

    async def start() -> None:
        database.start()
        await until(lambda: database_answers(scene.product), "the database")

    return await _database_fault(
        scene, "PostgreSQL stopped and started", begin=database.stop, cure=start, seconds=3
    )


async def killed(scene: Scene) -> Row:
    async def begin() -> None:
        os.kill(scene.product.database_pid() or 0, signal.SIGKILL)

    async def cure() -> None:
        await until(lambda: database_answers(scene.product), "the database")

    return await _database_fault(scene, "PostgreSQL killed", begin=begin, cure=cure, seconds=0.5)


async def hung(scene: Scene) -> Row:
    return await _weather(scene, "the network to the database hangs", "hung")


async def cut(scene: Scene) -> Row:
    return await _weather(scene, "the network to the database is cut (RST)", "cut")


async def slow(scene: Scene) -> Row:
    return await _weather(
        scene, "the network to the database is slow (500 ms a piece)", "slow", delay=0.5, bound=SLOW_BOUND
    )


async def _weather(
    scene: Scene, name: str, weather: Weather, *, delay: float = 0.0, bound: float = BOUND
) -> Row:
    async def begin() -> None:
        scene.proxy.turn(weather, delay=delay)

    async def cure() -> None:
        scene.proxy.turn("fine")

    return await _database_fault(scene, name, begin=begin, cure=cure, bound=bound)


async def locked(scene: Scene) -> Row:
    """A table is locked, and with it every connection of the pool that wants it."""
    connection = await scene.product.look()

    async def begin() -> None:
        await connection.execute("begin; lock table card_to_card_payments in access exclusive mode")

    async def cure() -> None:
        await connection.execute("rollback")

    try:
        return await _database_fault(
            scene, "a table locked (ACCESS EXCLUSIVE), 60 people ask", begin=begin, cure=cure, people=60
        )
    finally:
        await connection.close()


async def too_many_requests(scene: Scene) -> Row:
    """Telegram wants one bot to be quiet; the other one speaks on."""
    quiet, other = scene.shops
    phone = await scene.load.customer(quiet).come()
    await _fault(scene, quiet, method="sendMessage", retry_after=6)
    began = time.monotonic()
    await phone.say("/start")
    scene.load.notes.accepted[quiet.bot_id, phone.user_id] += 1
    others = await scene.answer_seconds(other)
    await phone.read("Hi Carol|Welcome")
    own = time.monotonic() - began
    wrong = [f"the other bot answered only after {others:.2f} s"] if others > ANSWER else []
    wrong += [f"the bot spoke again after {own:.2f} s already"] if own < 6 else []
    wrong += [f"the bot spoke again only after {own:.2f} s"] if own > 6 + ANSWER else []
    seen = f"the other bot in {others:.2f} s, this one in {own:.2f} s"
    return Row(
        "Telegram: 429, retry after 6 s", "this bot waits 6 s; the other answers ≤ 5 s", seen, tuple(wrong)
    )


async def server_errors(scene: Scene) -> Row:
    return await _broken_telegram(scene, "Telegram: 502 to everything of one bot", {"code": 502}, within=20)


async def no_answer(scene: Scene) -> Row:
    return await _broken_telegram(
        scene, "Telegram: no answer to one bot's messages", {"delay": 25, "code": 502}, within=40, times=1
    )


async def _broken_telegram(
    scene: Scene, name: str, fault: dict[str, object], *, within: float, times: int = 8
) -> Row:
    """The bot's own answer may take its retries; nothing of it is lost, and the other bot feels nothing."""
    broken, other = scene.shops
    phone = await scene.load.customer(broken).come()
    await _fault(scene, broken, method="sendMessage", times=times if times == 1 else 3, **fault)
    began = time.monotonic()
    await phone.say("/start")
    scene.load.notes.accepted[broken.bot_id, phone.user_id] += 1
    others = [await scene.answer_seconds(other) for _ in range(3)]
    await phone.read("Hi Carol|Welcome")
    own = time.monotonic() - began
    wrong = [f"the other bot answered only after {max(others):.2f} s"] if max(others) > ANSWER else []
    wrong += [f"this bot answered only after {own:.2f} s"] if own > within else []
    return Row(
        name,
        f"the other bot answers ≤ {ANSWER:g} s, this one ≤ {within:g} s",
        f"the other bot in {max(others):.2f} s, this one in {own:.2f} s",
        tuple(wrong),
    )


async def _fault(scene: Scene, shop: Shop, **order: object) -> None:
    async with httpx.AsyncClient(base_url=scene.product.sandbox) as http:
        (await http.post("/_c/fault", json={"token": shop.telegram_token, **order})).raise_for_status()


async def started_twice(scene: Scene) -> Row:
    """A second bot process stands by, and takes over when the first is killed."""
    first = scene.product.services["bot"]
    port = free_port()
    second = scene.product.add(
        "bot-2", "bot", BOT_PORT=str(port), DATABASE_URL=first.environment["DATABASE_URL"]
    )
    second.start()
    addresses = (scene.product.bots, f"http://127.0.0.1:{port}")
    await until(lambda: is_ready(addresses[1]), "the second process")
    most, over = [0], asyncio.Event()
    counting = asyncio.create_task(_count_leaders(addresses, most, over))
    first.is_wanted = False
    first.send(signal.SIGKILL)

    async def second_leads() -> bool:
        return await _role(addresses[1]) == "leader"

    lead = await until(second_leads, "the second process to lead", seconds=30)
    answer = lead + await scene.answer_seconds(scene.shops[0])
    first.start()
    await until(lambda: is_ready(addresses[0]), "the first process, back")
    over.set()
    await counting
    role = await _role(addresses[0])
    await second.stop()
    await until(lambda: fleet_is_live(scene.product, 2), "the first process to lead again")
    del scene.product.services["bot-2"]
    wrong = [f"{most[0]} led at the same time"] if most[0] > 1 else []
    wrong += [f"the lead was taken only after {lead:.2f} s"] if lead > 5 else []
    wrong += [f"an answer only after {answer:.2f} s"] if answer > 10 else []
    wrong += [f"the first came back as {role}"] if role != "standby" else []
    return Row(
        "the bot process started twice, the leader killed",
        "one leader at any time; the lead taken ≤ 5 s, an answer ≤ 10 s; who comes back stands by",
        f"lead taken after {lead:.2f} s, an answer after {answer:.2f} s, at most {most[0]} led",
        tuple(wrong),
    )


async def _count_leaders(addresses: tuple[str, ...], most: list[int], over: asyncio.Event) -> None:
    while not over.is_set():
        roles = await asyncio.gather(*map(_role, addresses))
        most[0] = max(most[0], roles.count("leader"))
        await asyncio.sleep(0.1)


async def _role(address: str) -> str:
    try:
        async with httpx.AsyncClient(timeout=5) as http:
            return str((await http.get(f"{address}/health/ready")).json().get("role"))
    except httpx.HTTPError:
        return "away"


async def killed_in_loops(scene: Scene) -> Row:
    """Five times, each time as soon as it is there."""
    bot = scene.product.services["bot"]
    for _ in range(5):
        starts = bot.starts
        bot.send(signal.SIGKILL)

        async def is_back(before: int = starts) -> bool:
            return bot.starts > before and bot.pid is not None

        await until(is_back, "the bot process", seconds=30)
    answer = await scene.answer_seconds(scene.shops[0])
    bound = 10 + scene.product.bot_start_seconds
    wrong = [f"an answer only after {answer:.2f} s"] if answer > bound else []
    return Row(
        "the bot process killed five times in a row",
        f"an answer ≤ 10 s and one start of the process (here {scene.product.bot_start_seconds:.1f} s)",
        f"{answer:.2f} s",
        tuple(wrong),
    )


async def deploy(scene: Scene) -> Row:
    """`systemctl reload`: the workers are renewed one by one while a stock file is on its way."""
    web = scene.product.services["web"]
    before = set(scene.product.web_workers())
    async with scene.watched() as seen:
        code, took = await _upload_through(scene, lambda: web.send(signal.SIGHUP))

        async def renewed() -> bool:
            now = scene.product.web_workers()
            return len(now) == 2 and not before & set(now)

        await until(renewed, "new workers", seconds=60)
    wrong = seen.wrong(allowed={200}, live=BOUND)  # two processes are starting: the processor is busy
    wrong += [f"the upload was answered with {code}"] if code != 303 else []
    return Row(
        "new code while a file is uploaded (`systemctl reload`)",
        "the upload is finished by the old worker, no other request fails",
        f"upload {code} after {took:.1f} s; {seen.said()}",
        tuple(wrong),
    )


async def stop_while_uploading(scene: Scene) -> Row:
    """`systemctl restart`: what is on its way is finished; newcomers wait for the new process."""
    web = scene.product.services["web"]
    starts = web.starts
    code, took = await _upload_through(scene, lambda: web.send(signal.SIGTERM))

    async def is_back() -> bool:
        return web.starts > starts and await scene.page_is_there()

    gap = await until(is_back, "the dashboard", seconds=60)
    wrong = [f"the upload was answered with {code}"] if code != 303 else []
    return Row(
        "restart while a file is uploaded (`systemctl restart`)",
        "the upload is finished before the process ends; then a new one serves",
        f"upload {code} after {took:.1f} s, a page {gap:.1f} s later",
        tuple(wrong),
    )


async def _upload_through(
    scene: Scene, strike: Callable[[], None], *, pause: float = 2.0
) -> tuple[int, float]:
    """Send the first half of a stock file, ``strike``, send the rest: the answer and its time."""
    lines = "\n".join(f"vless://upload-{time.monotonic_ns()}-{number}" for number in range(2_000))
    boundary = "chaos"
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="_csrf_token"\r\n\r\n{scene.csrf}\r\n'
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="lines.txt"\r\n'
        f"Content-Type: text/plain\r\n\r\n"
    )
    body = f"{head}{lines}\r\n--{boundary}--\r\n".encode()

    async def pieces() -> AsyncIterator[bytes]:
        yield body[: len(body) // 2]
        await asyncio.sleep(pause / 4)
        strike()
        await asyncio.sleep(pause)
        yield body[len(body) // 2 :]

    began = time.monotonic()
    async with httpx.AsyncClient(
        base_url=scene.product.dashboard, cookies=scene.desk.cookies, timeout=30
    ) as http:
        answer = await http.post(
            f"/stock/{scene.shops[0].plan_id}",
            content=pieces(),
            headers={
                "content-type": f"multipart/form-data; boundary={boundary}",
                "content-length": str(len(body)),
            },
        )
    return answer.status_code, time.monotonic() - began


async def revoked(scene: Scene) -> Row:
    """Somebody revokes the token of one bot; last, because it stays so."""
    gone, other = scene.shops
    async with httpx.AsyncClient(base_url=scene.product.sandbox) as http:
        (await http.post("/_c/revoke", json={"token": gone.telegram_token})).raise_for_status()

    async def is_noticed() -> bool:
        connection = await scene.product.look()
        state = await connection.fetchval("select token_state from bots where id = $1", gone.bot_id)
        await connection.close()
        return state == "broken"

    noticed = await until(is_noticed, "the bot to be known as broken", seconds=40)
    answer = await scene.answer_seconds(other)
    wrong = [f"the other bot answered only after {answer:.2f} s"] if answer > ANSWER else []
    return Row(
        "one bot's token revoked",
        "its shop is told, the other answers ≤ 5 s",
        f"noticed after {noticed:.2f} s, the other answered in {answer:.2f} s",
        tuple(wrong),
    )


FAULTS: dict[str, Callable[[Scene], Awaitable[Row]]] = {
    "stopped": stopped,
    "killed": killed,
    "hung": hung,
    "cut": cut,
    "slow": slow,
    "locked": locked,
    "429": too_many_requests,
    "5xx": server_errors,
    "silence": no_answer,
    "twice": started_twice,
    "loops": killed_in_loops,
    "reload": deploy,
    "restart": stop_while_uploading,
    "revoked": revoked,
}


async def disk_full(folder: Path) -> tuple[Row, list[str]]:
    """Everything on a small disk of its own, which is then full. Needs the right to mount one."""
    name = "the disk is full"
    must = "pages are read; writes get 503, or go through whole; all is well ≤ 2 s after"
    if not await _is_done("mkdir", "-p", str(folder)) or not await _is_done(
        "mount", "-t", "tmpfs", "-o", f"size={DISK}", "none", str(folder)
    ):
        return Row(name, must, "not tried: this machine lets us mount no small disk"), []
    try:
        async with running_product(folder / "data") as product, signed_in(product) as (load, desk, csrf):
            scene = Scene(product, Proxy(folder), load, desk, csrf)
            filler = folder / "filler"
            _fill(filler)
            writes: Counter[int] = Counter()
            async with scene.watched() as seen:
                until_then = time.monotonic() + FAULT_SECONDS
                while time.monotonic() < until_then:
                    writes[(await _upload_through(scene, lambda: None, pause=0))[0]] += 1
                    _fill(filler)
                await _is_done("rm", str(filler))
            said, wrong = await scene.recovery()
            after, _ = await _upload_through(scene, lambda: None, pause=0)
            wrong += seen.wrong(allowed={200}, live=BOUND) + (
                [f"a write after it: {after}"] if after != 303 else []
            )
            wrong += [] if set(writes) <= {303, 503} and writes[503] else [f"writes were answered {writes}"]
            await load.finish()
            lost = await reckon(product, load)
    finally:
        await _is_done("umount", str(folder))
    met = ", ".join(f"{number} × {status}" for status, number in sorted(writes.items()))
    return Row(name, must, f"writes {met}; pages {seen.said()}; {said}", tuple(wrong)), lost


async def _is_done(*words: str) -> bool:
    process = await asyncio.create_subprocess_exec(*words, stderr=asyncio.subprocess.DEVNULL)
    return await process.wait() == 0


def _fill(filler: Path) -> None:
    with suppress(OSError), filler.open("ab", buffering=0) as file:
        while True:
            file.write(bytes(4096))


@asynccontextmanager
async def signed_in(product: Product) -> AsyncIterator[tuple[Load, httpx.AsyncClient, str]]:
    """Two shops on duty, and somebody signed in at the first."""
    load = Load(product, await open_shops(product, stock=20), 0)
    await until(lambda: fleet_is_live(product, 2), "the shops' bots")
    reviewer = Reviewer(product, load.shops[0], load.notes, random.Random(0))  # noqa: S311  (no secret)
    async with httpx.AsyncClient(
        base_url=product.dashboard, timeout=30, limits=httpx.Limits(max_connections=None)
    ) as desk:
        await reviewer._sign_in(desk)
        yield load, desk, reviewer.csrf


async def try_faults(
    folder: Path, names: list[str], *, say: Callable[[str], None] = print
) -> tuple[list[Row], list[str]]:
    """Each of ``names`` in the order above; the rows, and what was wrong."""
    rows: list[Row] = []
    wrong: list[str] = []
    async with (
        proxied(folder / "pg" / ".s.PGSQL.5432") as proxy,
        running_product(folder, database_port=proxy.port) as product,
        signed_in(product) as (load, desk, csrf),
    ):
        scene = Scene(product, proxy, load, desk, csrf)
        for name in FAULTS:
            if name in names:
                if name == "revoked":  # what is promised through it now waits for ever
                    wrong += await reckon(product, load)
                rows.append(await _tried(scene, name))
                say(rows[-1].told())
        await load.finish()
        if "revoked" not in names:
            wrong += await reckon(product, load)
    if FULL in names:
        row, lost = await disk_full(folder.parent / "small")
        rows.append(row)
        wrong += lost
        say(row.told())
    return rows, wrong + [f"{row.fault}: {one}" for row in rows for one in row.wrong]


async def _tried(scene: Scene, name: str) -> Row:
    try:
        await until(scene.page_is_there, "the dashboard, before the fault", seconds=30)
        return await FAULTS[name](scene)
    except AssertionError as error:
        return Row(name, "", "", (str(error),))

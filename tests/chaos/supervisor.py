"""The product's processes, each started again by itself when it dies, as systemd does it on a server.

`shop up` ends when one of its processes ends; here each has its own unit. How long a unit waits before it
starts again is read from the very files of docs/deploy.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from db.crypto import Vault
from db.engine import build_engine, build_sessions
from db.settings import Settings
from shop.unit_of_work import UnitsOfWork
from tests.browser.stack import free_port

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "docs" / "deploy" / "pishkhan-bot.service"
RESTART_SECONDS = float(re.search(r"RestartSec=([0-9.]+)", UNIT.read_text())[1])
START_SECONDS = 90.0
PAUSE_SECONDS = 0.05
NOT_OURS = ("PISHKHAN_", "DATABASE_", "BOT_", "TELEGRAM_", "WEBHOOK_", "SECRET_KEY", "PORT", "HOST", "DEMO")


class TooLong(AssertionError):
    """What was waited for did not come."""


@dataclass(slots=True)
class Service:
    """One unit: a line of the Procfile that is always running, until it is told to stop for good."""

    name: str
    words: tuple[str, ...]
    environment: Mapping[str, str]
    log: Path
    starts: int = 0
    process: asyncio.subprocess.Process | None = None
    is_wanted: bool = True
    _loop: asyncio.Task[None] | None = None

    def start(self) -> None:
        self.is_wanted = True
        self._loop = asyncio.create_task(self._run(), name=self.name)

    @property
    def pid(self) -> int | None:
        """None while it does not run."""
        process = self.process
        return process.pid if process is not None and process.returncode is None else None

    async def _run(self) -> None:
        while self.is_wanted:
            with self.log.open("ab") as output:
                self.process = await asyncio.create_subprocess_exec(
                    sys.executable,
                    "-m",
                    *self.words,
                    cwd=ROOT,
                    env=self.environment,
                    stdout=output,
                    stderr=output,
                )
            self.starts += 1
            await self.process.wait()
            if self.is_wanted:
                await asyncio.sleep(RESTART_SECONDS)

    async def stop(self, seconds: float = 25.0) -> None:
        """As `systemctl stop`: asked first, killed when it takes too long."""
        self.is_wanted = False
        self.send(signal.SIGTERM)
        if self._loop is None:
            return
        try:
            await asyncio.wait_for(asyncio.shield(self._loop), seconds)
        except TimeoutError:
            self.send(signal.SIGKILL)
            self._loop.cancel()

    def send(self, signum: int) -> None:
        if self.pid is not None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signum)


@dataclass(slots=True)
class Product:
    """The running product, and a superuser's look into its database."""

    folder: Path
    environment: dict[str, str]
    services: dict[str, Service] = field(default_factory=dict)
    bot_start_seconds: float = 0.0
    """What a start of the bot process takes here, with nothing else to do."""

    @property
    def settings(self) -> Settings:
        return Settings.from_env(self.environment)

    @property
    def dashboard(self) -> str:
        return f"http://127.0.0.1:{self.environment['PORT']}"

    @property
    def bots(self) -> str:
        return f"http://127.0.0.1:{self.environment['BOT_PORT']}"

    @property
    def sandbox(self) -> str:
        return f"http://127.0.0.1:{self.environment['SANDBOX_PORT']}"

    def add(self, name: str, *words: str, **variables: str) -> Service:
        """A further unit; ``variables`` are its own, an empty one is left out."""
        environment = {**self.environment, **variables}
        made = Service(
            name,
            words,
            {key: value for key, value in environment.items() if value},
            self.folder.parent / f"{name}.log",
        )
        self.services[name] = made
        return made

    def database_pid(self) -> int | None:
        """PostgreSQL's own first process."""
        try:
            pid = int((self.folder / "pg" / "postmaster.pid").read_text().split("\n", 1)[0])
            os.kill(pid, 0)
        except (OSError, ValueError):
            return None
        return pid

    def web_workers(self) -> list[int]:
        """The processes that answer, children of the one that starts them again."""
        launcher = self.services["web"].pid
        return [pid for pid in children(launcher) if "-m\0web\0" in command(pid)] if launcher else []

    async def look(self) -> asyncpg.Connection:
        return await asyncpg.connect(
            host=str(self.folder / "pg"), port=5432, user="postgres", database="pishkhan", timeout=3
        )

    @asynccontextmanager
    async def verbs(self) -> AsyncIterator[UnitsOfWork]:
        """The shop's verbs, past every proxy."""
        settings = Settings.from_env({**self.environment, "DATABASE_URL": "", "DATABASE_OWNER_URL": ""})
        engine = build_engine(settings.database_url, application_name="chaos")
        yield UnitsOfWork(build_sessions(engine), Vault(settings.secret_keys), channel="test")
        await engine.dispose()


def children(pid: int) -> list[int]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, IndexError):
            fields = (process / "stat").read_text().rpartition(")")[2].split()
            if fields[0] != "Z" and int(fields[1]) == pid:
                found.append(int(process.name))
    return found


def command(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
    return ""


@asynccontextmanager
async def running_product(
    folder: Path, *, database_port: int | None = None, **variables: str
) -> AsyncIterator[Product]:
    """Everything, two web workers and a PostgreSQL that syncs, until the end of the block.

    ``database_port``: web and bot reach the database there, for a proxy to stand in between.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    kept = {key: value for key, value in os.environ.items() if not key.startswith(NOT_OURS)}
    environment = {
        **kept,
        "PISHKHAN_DATA": str(folder),
        "PORT": str(free_port()),
        "BOT_PORT": str(free_port()),
        "SANDBOX_PORT": str(free_port()),
        "WEB_WORKERS": "2",
        "DEMO": "0",
        "PYTHONUNBUFFERED": "1",
        **variables,
    }
    product = Product(folder, environment)
    through = f"postgresql://pishkhan_app@127.0.0.1:{database_port}/pishkhan" if database_port else ""
    for name, words in (("db", "db.embedded"), ("sandbox", "bot.sandbox"), ("web", "web"), ("bot", "bot")):
        product.add(name, words, DATABASE_URL=through if name in ("web", "bot") else "")
    try:
        product.services["db"].start()
        await until(lambda: database_answers(product), "the database")
        await run(product, "migrate")
        for name in ("sandbox", "web"):
            product.services[name].start()
        await until(lambda: is_ready(product.dashboard), "the dashboard")
        product.services["bot"].start()
        product.bot_start_seconds = await until(lambda: is_ready(product.bots), "the bot process")
        yield product
    finally:
        await asyncio.gather(*(product.services[name].stop() for name in product.services if name != "db"))
        await product.services["db"].stop()


async def run(product: Product, *words: str) -> str:
    """`python -m shop …` on this installation; what it printed. Fails when it fails."""
    environment = {key: value for key, value in product.environment.items() if key != "DATABASE_URL"}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "shop",
        *words,
        cwd=ROOT,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    if process.returncode != 0:
        raise AssertionError(f"shop {' '.join(words)} failed: {said.decode()}")
    return said.decode().strip()


async def until(question: Any, what: str, *, seconds: float = START_SECONDS) -> float:
    """Ask until the answer is yes; the seconds it took. Raises TooLong."""
    clock = asyncio.get_running_loop().time
    began = clock()
    while not await question():
        if clock() - began > seconds:
            raise TooLong(f"waited {seconds:.0f} s in vain for {what}")
        await asyncio.sleep(PAUSE_SECONDS)
    return clock() - began


async def is_ready(base: str) -> bool:
    """Whether ``/health/ready`` says so, over a connection of its own."""
    try:
        async with httpx.AsyncClient(timeout=5) as http:
            return (await http.get(f"{base}/health/ready")).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


async def database_answers(product: Product) -> bool:
    try:
        connection = await product.look()
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return False
    try:
        return await connection.fetchval("select 1") == 1
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return False
    finally:
        connection.terminate()

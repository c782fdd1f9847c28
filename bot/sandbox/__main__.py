"""``python -m bot.sandbox``: the sandbox by itself, until it is interrupted."""

from __future__ import annotations

import asyncio
import os
import signal
import sys

from bot.sandbox.server import run_sandbox
from bot.sandbox.state import Person, World
from db.process import die_with_parent

_HIGHEST_PORT = 65_535

FIRST_PEOPLE = (
    Person(700_001, "علی", "مرادی", "ali_moradi", "fa"),
    Person(700_002, "Emma", "Clark", "emma_clark", "en"),
)
"""So that whoever opens the page can write at once."""


def main() -> int:
    """Exit status 2, with one sentence, when the settings are wrong or the port is taken."""
    if os.environ.get("BOT_TOKEN"):
        return _refuse("BOT_TOKEN is set, so a real bot is meant: the sandbox does not start beside it.")
    host = os.environ.get("SANDBOX_HOST") or "127.0.0.1"
    port = os.environ.get("SANDBOX_PORT") or "8002"
    if not port.isdecimal() or int(port) > _HIGHEST_PORT:
        return _refuse(f"SANDBOX_PORT must be a port number, not {port!r}.")
    die_with_parent()
    try:
        asyncio.run(_serve(host, int(port), _dashboard_url()))
    except OSError as error:
        return _refuse(f"The sandbox cannot listen on {host}:{port}: {error.strerror or error}.")
    return 0


async def _serve(host: str, port: int, dashboard_url: str) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with run_sandbox(host, port, dashboard_url=dashboard_url) as sandbox:
        _introduce(sandbox.world)
        sys.stdout.write(f"The sandbox is ready: {sandbox.url}\n")
        sys.stdout.flush()
        await stop.wait()


def _dashboard_url() -> str:
    return os.environ.get("PUBLIC_BASE_URL") or f"http://127.0.0.1:{os.environ.get('PORT') or '8000'}"


def _introduce(world: World) -> None:
    for person in FIRST_PEOPLE:
        world.people[person.id] = person


def _refuse(sentence: str) -> int:
    sys.stderr.write(f"{sentence}\n")
    return 2


if __name__ == "__main__":
    sys.exit(main())

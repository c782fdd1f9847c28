"""A worker of the dashboard does not outlive the process that started it: it would keep the port."""

from __future__ import annotations

import asyncio
import os
import secrets
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
LAUNCHER = """
import os, signal
from db.settings import settings_or_exit
from web.__main__ import load_app
settings, launcher = settings_or_exit(), os.getpid()
if os.fork() == 0:
    load_app(settings, launcher)
    print("serving", flush=True)
signal.pause()
"""
SECONDS = 60
"""To start in, and to end in; both take a moment where the machine is not busy."""


async def test_a_worker_ends_with_its_launcher_even_when_that_is_killed(tmp_path: Path) -> None:
    launcher = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        LAUNCHER,
        cwd=ROOT,
        env={
            **os.environ,
            "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
            "PISHKHAN_DATA": str(tmp_path / "data"),
            "SECRET_KEY": secrets.token_hex(32),
            "BOT_TOKEN": "",
        },
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    assert launcher.stdout is not None
    try:
        assert await asyncio.wait_for(launcher.stdout.readline(), SECONDS) == b"serving\n"

        launcher.kill()

        # Both held this pipe open: it ends when the last of them has ended.
        assert await asyncio.wait_for(launcher.stdout.read(), SECONDS) == b""
    finally:
        _end_group(launcher.pid)
        await launcher.wait()


def _end_group(leader: int) -> None:
    try:
        os.killpg(leader, 9)
    except ProcessLookupError:
        return

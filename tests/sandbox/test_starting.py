"""``python -m bot.sandbox``: it starts with one line, or refuses with one sentence."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys

import httpx
import pytest

COMMAND = [sys.executable, "-m", "bot.sandbox"]


def environment(**variables: str) -> dict[str, str]:
    mine = {name: value for name, value in os.environ.items() if name not in ("BOT_TOKEN", "PISHKHAN_PARENT")}
    return {**mine, **variables}


def test_it_serves_until_it_is_told_to_stop():
    with subprocess.Popen(
        COMMAND, env=environment(SANDBOX_PORT="0"), stdout=subprocess.PIPE, text=True
    ) as sandbox:
        ready = sandbox.stdout.readline()
        address = re.search(r"http://127\.0\.0\.1:\d+", ready).group()
        assert "Practice Telegram" in httpx.get(f"{address}/?lang=en").text
        sandbox.send_signal(signal.SIGTERM)

        assert sandbox.wait(5) == 0


@pytest.mark.parametrize(
    ("variables", "named"),
    [({"BOT_TOKEN": "123:x"}, "BOT_TOKEN"), ({"SANDBOX_PORT": "many"}, "SANDBOX_PORT")],
)
def test_a_wrong_setting_is_one_sentence_and_status_two(variables, named):
    done = subprocess.run(
        COMMAND, env=environment(**variables), capture_output=True, text=True, timeout=20, check=False
    )

    assert done.returncode == 2
    assert done.stdout == ""
    assert named in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_taken_port_is_one_sentence_too():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            COMMAND,
            env=environment(SANDBOX_PORT=port),
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )

    assert done.returncode == 2
    assert f"127.0.0.1:{port}" in done.stderr
    assert done.stderr.count("\n") == 1

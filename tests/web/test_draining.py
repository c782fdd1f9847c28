"""Over a socket: whoever sends too much reads that it is too much, and nobody is waited for long."""

from __future__ import annotations

import asyncio
import contextlib
import socket

import pytest
from granian.constants import Interfaces
from granian.server.embed import Server

from web import draining
from web.app import build_app
from web.security import Hardened

LIMIT = 2**16
"""Of a form."""


@pytest.fixture
async def port(units, shelf, assets):
    async def ready():
        return "ready"

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = probe.getsockname()[1]
    app = build_app(units, shelf=shelf, assets=assets, https=False, readiness=ready)
    server = Server(
        Hardened(app, https=False),  # type: ignore[arg-type]
        port=free,
        interface=Interfaces.ASGI,
        log_enabled=False,
    )
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(server.serve())
        yield free
        server.stop()


async def post(port: int, said: int, *, sent: int | None = None) -> int:
    """As a simple program does: all of the body first, then the status of the answer.

    ``said``: how long it claims to be. Raises OSError for whoever may not say it all.
    """
    async with asyncio.timeout(30):
        while True:
            with contextlib.suppress(ConnectionRefusedError):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                break
            await asyncio.sleep(0.05)
        head = (
            "POST /login HTTP/1.1\r\nhost: shop.test\r\nsec-fetch-site: same-origin\r\n"
            f"content-type: application/x-www-form-urlencoded\r\ncontent-length: {said}\r\n\r\n"
        )
        writer.write(head.encode())
        left = said if sent is None else sent
        while left > 0:
            writer.write(b"a" * min(left, LIMIT))
            await writer.drain()
            left -= LIMIT
        first = await reader.readline()
        writer.close()
    return int(first.split()[1])


@pytest.mark.parametrize("size", [LIMIT + 1, 20 * 2**20], ids=["a little", "a film"])
async def test_whoever_sends_too_much_may_say_it_all_and_reads_that_it_is_too_much(port, size):
    assert await post(port, size) == 413


async def test_nobody_may_go_on_for_ever(port, monkeypatch):
    monkeypatch.setattr(draining, "MOST_BYTES", 2**20)

    with pytest.raises(OSError, match=r"Broken pipe|reset"):
        await post(port, 2**30)


async def test_whoever_announces_a_body_and_keeps_silent_is_answered(port, monkeypatch):
    monkeypatch.setattr(draining, "QUIET_SECONDS", 0.05)

    assert await post(port, 2**30, sent=0) == 413


async def test_whoever_drips_is_answered_in_the_end(port, monkeypatch):
    monkeypatch.setattr(draining, "MOST_SECONDS", 0.3)
    monkeypatch.setattr(draining, "QUIET_SECONDS", 20.0)

    assert await post(port, 2**30, sent=100) == 413

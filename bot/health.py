"""How the bot process is, for whoever watches it: ``/health/live`` and ``/health/ready`` as JSON."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

Report = Callable[[], Awaitable[tuple[bool, dict[str, Any]]]]
"""Whether the process can do its work, and what there is to say about it."""


@asynccontextmanager
async def health_server(
    host: str, port: int, report: Report, *, also: Callable[[web.Application], None] | None = None
) -> AsyncIterator[int]:
    """Answer for as long as the block lasts; yields the port. Raises OSError when it is taken.

    ``also`` adds whatever else this process answers: it has one port.
    """

    async def live(_request: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def ready(_request: web.Request) -> web.Response:
        is_ready, details = await report()
        status = {"status": "ready" if is_ready else "not ready"}
        return web.json_response(status | details, status=200 if is_ready else 503)

    app = web.Application()
    app.router.add_get("/health/live", live)
    app.router.add_get("/health/ready", ready)
    if also is not None:
        also(app)
    # Whoever was refused may not go on sending for long.
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2, lingering_time=1.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()

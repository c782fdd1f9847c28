"""The sandbox as an HTTP server, by itself or inside a test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiohttp import web

from bot.sandbox import control, page, transport
from bot.sandbox.state import World
from bot.sandbox.webhook import Courier

_BODY_LIMIT = 96 * 1024 * 1024
"""Bytes; the control actions take files as base64, a third larger than they are."""


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A running sandbox; ``url`` has no slash at its end."""

    url: str
    world: World


def create_app(world: World, dashboard_url: str) -> web.Application:
    app = web.Application(client_max_size=_BODY_LIMIT)
    door = transport.add_routes(app, world)
    control.add_routes(app, world)
    page.add_routes(app, world, dashboard_url)
    app.router.add_route("*", "/{anything:.*}", _nothing_here)
    courier = Courier(world, door.from_webhook)
    world.courier = courier

    async def close_courier(_app: web.Application) -> None:
        await courier.close()

    app.on_cleanup.append(close_courier)
    return app


@asynccontextmanager
async def run_sandbox(
    host: str = "127.0.0.1", port: int = 0, *, dashboard_url: str = "http://127.0.0.1:8000"
) -> AsyncIterator[Sandbox]:
    """A sandbox for as long as the block lasts; port 0 takes a free one. Raises OSError when it is taken.

    ``dashboard_url`` is where the chat page sends people who want to see the shop's side.
    """
    world = World()
    runner = web.AppRunner(create_app(world, dashboard_url), access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        where, number = runner.addresses[0][:2]
        shown = f"[{where}]" if ":" in where else where
        yield Sandbox(f"http://{shown}:{number}", world)
    finally:
        world.hub.close()
        await runner.cleanup()


async def _nothing_here(_request: web.Request) -> web.Response:
    return transport.refusal(transport.NOT_FOUND)

"""A page with the faults the scanners are for: what finds nothing here finds nothing anywhere."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from aiohttp import web

from db.datadir import socket_folder
from db.urls import DATABASE
from tests.browser.stack import Stack, free_port


@asynccontextmanager
async def decoy(stack: Stack) -> AsyncIterator[str]:
    """Where it answers. It only reads, from the throw-away database of ``stack``."""
    pool = await asyncpg.create_pool(
        host=str(socket_folder(stack.folder)),
        port=5432,
        user="postgres",
        database=DATABASE,
        min_size=1,
        max_size=4,
        server_settings={"default_transaction_read_only": "on"},
    )

    async def front(_: web.Request) -> web.Response:
        return web.Response(text='<a href="/look?q=shop">look</a>', content_type="text/html")

    async def look(request: web.Request) -> web.Response:
        asked = request.query.get("q", "")
        try:
            rows = await pool.fetch(f"SELECT id FROM bots WHERE id > 0 AND name <> '{asked}'")  # noqa: S608  (the fault)
        except asyncpg.PostgresError as error:
            return web.Response(status=500, text=str(error))
        return web.Response(text=f"<p>{asked}</p><p>{len(rows)} shops</p>", content_type="text/html")

    app = web.Application()
    app.add_routes([web.get("/", front), web.get("/look", look)])
    runner = web.AppRunner(app)
    await runner.setup()
    port = free_port()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield f"http://127.0.0.1:{port}"
    finally:
        await runner.cleanup()
        await pool.close()

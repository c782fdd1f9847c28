"""``python -m tests.bench.fake_api PORT``: as little of the Bot API as a bot needs, and a clock beside it.

``/_wait/TOKEN/METHOD`` answers, when the next call of that method with that token arrives, its time on the
monotonic clock that all processes of a machine share. ``/_update/TOKEN`` gives a bot updates to fetch.
``/_count`` tells how many calls of each method there were.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import Counter, defaultdict

import uvloop
from aiohttp import web


class FakeApi:
    def __init__(self) -> None:
        self.updates: dict[str, list[dict]] = defaultdict(list)
        self.fresh: dict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self.waiting: dict[tuple[str, str], list[asyncio.Future]] = defaultdict(list)
        self.calls: Counter[str] = Counter()
        self.message_ids = iter(range(1, 10**9))

    async def call(self, request: web.Request) -> web.Response:
        at = time.monotonic()
        token, method = request.match_info["token"], request.match_info["method"]
        self.calls[method] += 1
        for one in self.waiting.pop((token, method), ()):
            if not one.done():
                one.set_result(at)
        fields = await request.post()
        if method == "getUpdates":
            return self._ok(await self._poll(token, fields))
        number = int(token.partition(":")[0])
        if method == "getMe":
            return self._ok({"id": number, "is_bot": True, "first_name": "Bot", "username": f"b{number}_bot"})
        if method == "sendMessage":
            chat = {"id": int(fields["chat_id"]), "type": "private"}
            return self._ok({"message_id": next(self.message_ids), "date": 1, "chat": chat, "text": "x"})
        return self._ok(True)

    async def _poll(self, token: str, fields) -> list[dict]:
        offset, seconds = int(fields.get("offset", 0)), float(fields.get("timeout", 0))
        kept = self.updates[token] = [one for one in self.updates[token] if one["update_id"] >= offset]
        if not kept and seconds:
            self.fresh[token].clear()
            try:
                async with asyncio.timeout(seconds):
                    await self.fresh[token].wait()
            except TimeoutError:
                return []
        return self.updates[token][:100]

    async def wait(self, request: web.Request) -> web.Response:
        called = asyncio.get_running_loop().create_future()
        self.waiting[request.match_info["token"], request.match_info["method"]].append(called)
        return web.json_response(await asyncio.wait_for(called, 60))

    async def update(self, request: web.Request) -> web.Response:
        token = request.match_info["token"]
        self.updates[token] += await request.json()
        self.fresh[token].set()
        return web.json_response(time.monotonic())

    async def count(self, _request: web.Request) -> web.Response:
        return web.json_response(self.calls)

    @staticmethod
    def _ok(result: object) -> web.Response:
        return web.Response(text=json.dumps({"ok": True, "result": result}), content_type="application/json")


async def serve(port: int) -> None:
    api = FakeApi()
    app = web.Application()
    app.add_routes(
        [
            web.post("/bot{token}/{method}", api.call),
            web.get("/_wait/{token}/{method}", api.wait),
            web.post("/_update/{token}", api.update),
            web.get("/_count", api.count),
        ]
    )
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, backlog=4096).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))

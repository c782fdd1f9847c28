"""The people's side of the sandbox: ``POST /_c/<action>`` with a JSON body."""

from __future__ import annotations

import inspect
import json

from aiohttp import web

from bot.sandbox.control import cast, deeds, levers
from bot.sandbox.control.desk import Action, Order, Refused
from bot.sandbox.protocol import JsonObject
from bot.sandbox.state import World

ACTIONS: dict[str, Action] = {**cast.ACTIONS, **deeds.ACTIONS, **levers.ACTIONS}


def add_routes(app: web.Application, world: World) -> None:
    async def act(request: web.Request) -> web.Response:
        try:
            return web.json_response(await _act(world, request))
        except Refused as refused:
            return web.json_response({"error": refused.reason}, status=refused.status)

    app.router.add_post("/_c/{action}", act)


async def _act(world: World, request: web.Request) -> JsonObject:
    action = ACTIONS.get(request.match_info["action"])
    if action is None:
        raise Refused(404, "no such action")
    # A page of another site could send a form here, but not JSON: the browser would ask us first.
    if request.content_type != "application/json":
        raise Refused(415, "the body must be JSON")
    try:
        body = json.loads(await request.read() or b"{}")
    except ValueError:
        raise Refused(400, "the body must be JSON") from None
    if not isinstance(body, dict):
        raise Refused(400, "the body must be a JSON object")
    reply = action(Order(world, body))
    return await reply if inspect.isawaitable(reply) else reply

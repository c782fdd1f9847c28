"""The Bot API's door: ``/bot<token>/<method>`` and ``/file/bot<token>/<path>``."""

from __future__ import annotations

import asyncio
import inspect
import json
from typing import Any

from aiohttp import BodyPartReader, hdrs, web

from bot.sandbox.faults import Fault
from bot.sandbox.files import contents
from bot.sandbox.methods import find_method
from bot.sandbox.methods.call import Call
from bot.sandbox.params import Params, Upload
from bot.sandbox.protocol import UPLOAD_LIMIT, ApiError, JsonObject, bad_request
from bot.sandbox.state import BotAccount, World

NOT_FOUND = ApiError(404, "Not Found")
METHOD_NOT_FOUND = ApiError(404, "Not Found: method not found")
TOO_LARGE = ApiError(413, "Request Entity Too Large")
_ROOM_FOR_FIELDS = 1024 * 1024
"""Bytes a request may have beside its uploads."""


def add_routes(app: web.Application, world: World) -> BotDoor:
    door = BotDoor(world)
    for method in (hdrs.METH_GET, hdrs.METH_POST):
        app.router.add_route(method, "/bot{token:[^/]+}/{method}", door.call, name=f"method-{method}")
    app.router.add_get("/file/bot{token:[^/]+}/{path:.+}", door.download)
    return door


class BotDoor:
    def __init__(self, world: World) -> None:
        self._world = world

    async def call(self, request: web.Request) -> web.StreamResponse:
        response = await self._call(request)
        witness = self._world.witness
        if witness is not None and isinstance(response, web.Response) and response.text:
            witness.answered(request.match_info["method"], json.loads(response.text))
        return response

    async def _call(self, request: web.Request) -> web.StreamResponse:
        try:
            bot = self._world.authorize(request.match_info["token"])
            found = find_method(request.match_info["method"])
            if found is None:
                raise METHOD_NOT_FOUND
            params = await read_params(request)
        except ApiError as error:
            return refusal(error)
        fault = bot.faults.take(found[0])
        if fault is None:
            return await self._carry_out(bot, found[0], params)
        if fault.delay:
            await asyncio.sleep(fault.delay)
        if fault.after:
            await self._carry_out(bot, found[0], params)
        else:
            self._log(bot, found[0], params, fault.code)
        return _broken(request) if fault.drop else refusal(fault.error())

    async def download(self, request: web.Request) -> web.StreamResponse:
        try:
            bot = self._world.authorize(request.match_info["token"])
        except ApiError as error:
            return refusal(error)
        fault = bot.faults.take("file")
        if fault is not None:
            return await _failed_download(request, fault)
        file_id = bot.paths.get(request.match_info["path"])
        ref = self._world.files.resolve(file_id, bot.id) if file_id else None
        stored = self._world.files.get(ref.key) if ref else None
        if ref is None or stored is None:
            return refusal(NOT_FOUND)
        body = await asyncio.to_thread(contents, ref, stored)
        return web.Response(body=body, content_type="application/octet-stream")

    async def from_webhook(self, bot: BotAccount, call: JsonObject) -> None:
        """A call that came as the reply to an update; its result is of interest to nobody."""
        found = find_method(str(call["method"]))
        if found is not None:
            values = {name: value for name, value in call.items() if name != "method"}
            await self._carry_out(bot, found[0], Params(values, {}))

    async def _carry_out(self, bot: BotAccount, name: str, params: Params) -> web.Response:
        found = find_method(name)
        if found is None:
            return refusal(METHOD_NOT_FOUND)
        try:
            result = found[1](Call(self._world, bot, params))
            if inspect.isawaitable(result):
                result = await result
        except ApiError as error:
            self._log(bot, name, params, error.code)
            return refusal(error)
        self._log(bot, name, params, None)
        return answer({"ok": True, "result": result})

    def _log(self, bot: BotAccount, name: str, params: Params, error_code: int | None) -> None:
        values = params.loggable()
        if self._world.witness is not None:
            self._world.witness.asked(name, values)
        bot.calls.add(name, self._world.clock.now(), values, error_code)


async def read_params(request: web.Request) -> Params:
    """Everything the caller gave; what comes later in address, form and files wins over what came before."""
    values: dict[str, Any] = dict(request.query)
    uploads: dict[str, Upload] = {}
    if request.content_length is not None and request.content_length > UPLOAD_LIMIT + _ROOM_FOR_FIELDS:
        raise TOO_LARGE
    if request.content_type == "application/json":
        values |= _json_object(await _whole_body(request))
    elif request.content_type == "application/x-www-form-urlencoded":
        values |= dict(await request.post())
    elif request.content_type == "multipart/form-data":
        await _read_multipart(request, values, uploads)
    return Params(values, uploads)


async def _read_multipart(request: web.Request, values: dict[str, Any], uploads: dict[str, Upload]) -> None:
    room = UPLOAD_LIMIT + _ROOM_FOR_FIELDS
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader) or part.name is None:
            raise bad_request("can't parse multipart form data")
        content = bytearray()
        while chunk := await part.read_chunk(256 * 1024):
            content += chunk
            room -= len(chunk)
            if room < 0:
                raise TOO_LARGE
        if part.filename is None:
            values[part.name] = content.decode("utf-8", "replace")
        else:
            mime = part.headers.get(hdrs.CONTENT_TYPE, "")
            uploads[part.name] = Upload(part.filename, mime, bytes(content))


async def _whole_body(request: web.Request) -> bytes:
    try:
        return await request.read()
    except web.HTTPRequestEntityTooLarge:
        raise TOO_LARGE from None


def _json_object(body: bytes) -> JsonObject:
    if not body.strip():
        return {}
    try:
        parsed = json.loads(body)
    except ValueError:
        raise bad_request("can't parse JSON object") from None
    if not isinstance(parsed, dict):
        raise bad_request("can't parse JSON object")
    return parsed


def answer(body: JsonObject, status: int = 200) -> web.Response:
    return web.json_response(body, status=status)


def refusal(error: ApiError) -> web.Response:
    response = answer(error.envelope(), error.code)
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def _broken(request: web.Request) -> web.StreamResponse:
    """The line goes dead: the caller gets no answer at all."""
    if request.transport is not None:
        request.transport.abort()
    return web.StreamResponse()


async def _failed_download(request: web.Request, fault: Fault) -> web.StreamResponse:
    if fault.delay:
        await asyncio.sleep(fault.delay)
    return _broken(request) if fault.drop else refusal(fault.error())

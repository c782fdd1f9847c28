"""``/tg/{public_id}``: where Telegram brings updates in webhook mode. Stored first, acknowledged after.

Whoever cannot say the bot's secret gets the answer of a path that does not exist, before a byte of his
body is read. Whatever keeps us from storing is answered with 503: Telegram brings the update again.
"""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import dataclass
from http import HTTPStatus

from aiohttp import web
from sqlalchemy.exc import SQLAlchemyError

from bot.callers import Callers
from bot.polling import RawUpdate
from bot.sources import Store
from db.listen import CONNECTION_TROUBLE
from db.logs import redact

log = logging.getLogger(__name__)

PATH = "/tg/"
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105  (a header's name)
BODY_LIMIT = 1024 * 1024
"""Bytes; Telegram's largest updates are a tenth of it."""
BODY_SECONDS = 10.0
STORE_SECONDS = 10.0
RETRY_SECONDS = 2
"""Telegram asked for nothing would double its pause up to minutes; so it is back soon after the trouble."""


@dataclass(frozen=True, slots=True)
class FrontDoor:
    callers: Callers
    store: Store

    def add_routes(self, app: web.Application) -> None:
        app.router.add_route("*", PATH + "{public_id}", self.answer)

    async def answer(self, request: web.Request) -> web.Response:
        if not self.callers.is_loaded:
            return _come_again()
        public_id, secret = request.match_info["public_id"], request.headers.get(SECRET_HEADER, "")
        shop_id = self.callers.recognise(public_id, secret)
        if shop_id is None or request.method != "POST":
            raise web.HTTPNotFound
        update = await _read(request)
        try:
            async with asyncio.timeout(STORE_SECONDS):
                await self.store(shop_id, [update])
        except (SQLAlchemyError, *CONNECTION_TROUBLE) as error:
            log.warning("an update of shop %s was not stored: %s", shop_id, redact(repr(error)))
            return _come_again()
        return web.Response()


async def _read(request: web.Request) -> RawUpdate:
    """The update in a request's body. Raises what aiohttp answers with: 400, 408, 413 or 415."""
    if request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.content.iter_any():
                body += chunk
                if len(body) > BODY_LIMIT:
                    raise web.HTTPRequestEntityTooLarge(BODY_LIMIT, len(body))
    except TimeoutError:
        raise web.HTTPRequestTimeout from None
    try:
        update = json.loads(body)
    except ValueError:
        raise web.HTTPBadRequest from None
    if not isinstance(update, dict) or type(update.get("update_id")) is not int:
        raise web.HTTPBadRequest
    return update


def _come_again() -> web.Response:
    return web.Response(status=HTTPStatus.SERVICE_UNAVAILABLE, headers={"Retry-After": str(RETRY_SECONDS)})

"""A download that fails says why, and never from where: the address of a file holds the bot's token."""

from __future__ import annotations

import logging
import traceback
from collections.abc import AsyncIterator

import pytest
from aiogram import Bot
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.downloads import DownloadFailed, fetch
from bot.telegram_session import open_bot, open_session
from db.logs import RedactingFormatter
from shop.errors import FileTooLarge, UnreadableFile
from tests.factories import telegram_token

SECRET = telegram_token()
FILE = {"file_id": "a", "file_unique_id": "b", "file_size": 3}
MUCH = 2**20


async def telegram(request: web.Request) -> web.StreamResponse:
    """``getFile`` knows every file; the file itself fails as its name says."""
    if not request.path.startswith("/file/"):
        wanted = (await request.post())["file_id"]
        return web.json_response({"ok": True, "result": FILE | {"file_path": f"photos/{wanted}.jpg"}})
    if "cut" in request.path:
        answer = web.StreamResponse(headers={"Content-Length": "100"})
        await answer.prepare(request)
        await answer.write(b"abc")
        assert request.transport is not None
        request.transport.close()
        return answer
    if "more" in request.path:
        return web.Response(body=bytes(MUCH))
    return web.Response(status=int(request.path.rpartition("/")[2][:3]), body=b"abc")


@pytest.fixture
async def bot() -> AsyncIterator[Bot]:
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", telegram)
    async with TestServer(app) as server:
        session = open_session(str(server.make_url("")).rstrip("/"))
        yield open_bot(SECRET, session)
        await session.close()


@pytest.mark.parametrize("name", ["404", "403", "500", "cut"])
async def test_no_failure_of_a_download_tells_the_token(bot: Bot, name: str) -> None:
    assert await fetch(bot, "200", limit=10) == b"abc"

    with pytest.raises((DownloadFailed, UnreadableFile)) as failure:
        await fetch(bot, name, limit=1000)

    raw = "".join(traceback.format_exception(failure.value))
    assert SECRET not in raw
    assert SECRET.partition(":")[2] not in raw


async def test_a_file_larger_than_it_was_said_to_be_is_given_up_on_the_way(bot: Bot) -> None:
    with pytest.raises(FileTooLarge) as refusal:
        await fetch(bot, "more", limit=1000)

    assert 1000 < refusal.value.size < MUCH, "not read to its end"


async def test_what_the_library_itself_would_have_said_is_redacted_in_the_log(bot: Bot) -> None:
    """The control: aiohttp does put the address into its error."""
    file = await bot.get_file("404")
    assert file.file_path is not None
    address = bot.session.api.file_url(SECRET, file.file_path)
    with pytest.raises(Exception, match="404") as failure:
        _ = [chunk async for chunk in bot.session.stream_content(address)]
    assert SECRET in str(failure.value)

    event = logging.makeLogRecord({"msg": "download failed", "exc_info": failure._excinfo})

    assert SECRET not in RedactingFormatter().format(event)

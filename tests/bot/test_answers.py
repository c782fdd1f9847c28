"""What Telegram answers is read by models that are built once, not for every call."""

from __future__ import annotations

import gc
import weakref

from aiogram.methods import TelegramMethod

from bot.telegram_session import open_bot, open_session


class GetCounts(TelegramMethod[dict[str, int]]):
    """Nobody else's, so that nobody else holds the model of its answer."""

    __returning__ = dict[str, int]
    __api_method__ = "getCounts"


async def test_the_model_of_an_answer_outlives_the_call() -> None:
    session = open_session("http://127.0.0.1:1")
    bot = open_bot("1:" + 35 * "A", session)

    answer = session.check_response(bot, GetCounts(), 200, '{"ok": true, "result": {"one": 1}}')
    model = weakref.ref(type(answer))
    assert answer.result == {"one": 1}
    del answer
    gc.collect()

    assert model() is not None
    await session.close()

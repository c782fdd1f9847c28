"""The sandbox is a Telegram to other people's clients too, and they ask only what the Bot API knows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot.sandbox import Sandbox
from tests.sandbox.judge import Judge
from tests.sandbox.libraries import DATA, Library, py_telegram_bot_api, python_telegram_bot
from tests.sandbox.telegram import CAROL, SHOP_A, Telegram, picture


@pytest.fixture
def judge() -> Judge:
    return Judge(requests=True)


@pytest.fixture(
    params=[python_telegram_bot, py_telegram_bot_api], ids=["python-telegram-bot", "pyTelegramBotAPI"]
)
async def library(
    request: pytest.FixtureRequest, telegram: Telegram, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Library]:
    # How python-telegram-bot will tell durations; the old way warns.
    monkeypatch.setenv("PTB_TIMEDELTA", "true")
    async with request.param(sandbox.url, SHOP_A) as client:
        yield client


async def test_it_learns_who_it_is(library: Library) -> None:
    assert await library.name() == "alice_bot"


async def test_its_long_poll_wakes_when_somebody_writes(library: Library, telegram: Telegram) -> None:
    poll = asyncio.create_task(library.poll(patience=10))
    await asyncio.sleep(0.2)
    await telegram.carol("text", text="سلام")

    (update,) = await asyncio.wait_for(poll, 5)

    assert update.message.text == "سلام"
    assert update.message.from_user.id == CAROL
    assert await library.poll() == []


async def test_it_sends_a_button_hears_the_press_and_answers_it(library: Library, telegram: Telegram) -> None:
    message_id, data = await library.send(CAROL, "<b>پلن</b>؟")
    await telegram.carol("press", message_id=message_id, data=DATA)
    (update,) = await library.poll()

    answered = await library.answer(update.callback_query.id, "باشد")

    assert (data, update.callback_query.data) == (DATA, DATA)
    assert update.callback_query.message.message_id == message_id
    assert answered


async def test_what_it_uploads_it_can_download_again(library: Library) -> None:
    content = picture()

    file_id = await library.photo(CAROL, content)

    assert await library.download(file_id) == content


async def test_it_edits_what_it_sent(library: Library, telegram: Telegram) -> None:
    message_id, _ = await library.send(CAROL, "before")

    assert await library.edit(CAROL, message_id, "after") == "after"
    chat = await telegram.carol("transcript")
    assert [m["text"] for m in chat["messages"] if m["message_id"] == message_id] == ["after"]


async def test_it_understands_how_long_a_flood_limit_lasts(library: Library, telegram: Telegram) -> None:
    await telegram.act(
        "fault",
        token=SHOP_A,
        method="sendMessage",
        code=429,
        description="Too Many Requests: retry after 7",
        retry_after=7,
    )

    assert await library.pause_asked(CAROL) == 7


async def test_it_sets_and_takes_back_a_webhook(library: Library) -> None:
    assert await library.hook("https://shop.example/tg/x") == "https://shop.example/tg/x"
    assert await library.unhook() == ""


async def test_its_own_loop_serves_a_person(library: Library, telegram: Telegram) -> None:
    await telegram.carol("text", text="hello")

    await library.echo_once()

    chat = await telegram.carol("transcript")
    assert chat["messages"][-1]["text"] == "HELLO"

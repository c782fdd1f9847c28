"""How updates reach a bot: polls, webhooks, and what becomes of those that come too late."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web

from tests.sandbox.spec import problems_of_update
from tests.sandbox.telegram import BUY, CAROL, SHOP_A, Refused, Telegram

WEBHOOK_ACTIVE = (
    "Conflict: can't use getUpdates method while webhook is active; "
    "use deleteWebhook to delete the webhook first"
)


@dataclass(slots=True)
class Receiver:
    """A bot's own server: keeps what it got and answers what it is told to."""

    url: str = ""
    got: list[dict[str, Any]] = field(default_factory=list)
    secrets: list[str | None] = field(default_factory=list)
    answers: list[web.Response] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        self.got.append(await request.json())
        self.secrets.append(request.headers.get("X-Telegram-Bot-Api-Secret-Token"))
        return self.answers.pop(0) if self.answers else web.Response(text="ok")

    async def until(self, count: int) -> None:
        for _ in range(200):
            if len(self.got) >= count:
                return
            await asyncio.sleep(0.01)
        raise AssertionError(f"{len(self.got)} updates instead of {count}")


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    app = web.Application()
    app.router.add_post("/hook", made.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield made
    await runner.cleanup()


async def texts(telegram: Telegram, **params: Any) -> list[str]:
    return [update["message"]["text"] for update in await telegram.updates(**params)]


async def test_an_update_comes_again_until_a_higher_offset_confirms_it(telegram):
    await telegram.carol("text", text="one")
    await telegram.carol("text", text="two")
    first, second = await telegram.updates()

    assert await texts(telegram) == ["one", "two"]
    assert await texts(telegram, limit=1) == ["one"]
    assert await texts(telegram, offset=second["update_id"]) == ["two"]
    assert await texts(telegram, offset=first["update_id"]) == ["two"]
    assert await texts(telegram, offset=second["update_id"] + 1) == []


async def test_a_negative_offset_keeps_only_the_newest(telegram):
    for number in range(5):
        await telegram.carol("text", text=str(number))

    assert await texts(telegram, offset=-2) == ["3", "4"]


async def test_the_kinds_a_bot_asked_for_are_remembered(telegram):
    await telegram.updates(allowed_updates=["callback_query"])
    await telegram.carol("text", text="not asked for")
    assert await telegram.updates() == []

    await telegram.updates(allowed_updates=[])
    await telegram.carol("text", text="asked for again")
    assert await texts(telegram) == ["asked for again"]


async def test_what_was_created_before_the_choice_is_still_delivered(telegram):
    await telegram.carol("text", text="early")

    assert await texts(telegram, allowed_updates=["callback_query"]) == ["early"]


async def test_a_message_is_kept_for_a_day_and_a_press_for_150_seconds(telegram):
    sent = await telegram.call("sendMessage", chat_id=CAROL, text="x", reply_markup=BUY)
    await telegram.carol("text", text="a day")
    query = await telegram.carol("press", message_id=sent["message_id"], data="buy:1")

    await telegram.act("clock", advance=151)

    assert await texts(telegram) == ["a day"]
    assert await telegram.refused("answerCallbackQuery", callback_query_id=query["callback_query_id"]) == (
        400,
        "Bad Request: query is too old and response timeout expired or query ID is invalid",
    )
    await telegram.act("clock", advance=86_400)
    assert await telegram.updates() == []


async def test_a_webhook_gets_what_waits_and_what_comes_with_its_secret(telegram, receiver):
    await telegram.carol("text", text="waiting")
    await telegram.call("setWebhook", url=receiver.url, secret_token="s3cret")
    await telegram.carol("text", text="new")
    await receiver.until(2)

    assert [update["message"]["text"] for update in receiver.got] == ["waiting", "new"]
    assert [problem for update in receiver.got for problem in problems_of_update(update)] == []
    assert set(receiver.secrets) == {"s3cret"}
    assert (await telegram.call("getWebhookInfo"))["url"] == receiver.url
    assert await telegram.refused("getUpdates") == (409, WEBHOOK_ACTIVE)

    await telegram.call("deleteWebhook")
    assert await telegram.updates() == []


async def test_a_failing_receiver_is_tried_again_after_growing_pauses(telegram, receiver):
    receiver.answers = [web.Response(status=500), web.Response(status=503), web.Response(text="ok")]
    await telegram.call("setWebhook", url=receiver.url)
    await telegram.carol("text", text="again")
    await receiver.until(1)
    await asyncio.sleep(0.05)

    info = await telegram.call("getWebhookInfo")
    assert info["pending_update_count"] == 1
    assert info["last_error_message"] == "Wrong response from the webhook: 500 Internal Server Error"

    await telegram.act("clock", advance=1)
    await receiver.until(2)
    await asyncio.sleep(0.05)
    await telegram.act("clock", advance=1.5)
    await asyncio.sleep(0.05)
    assert len(receiver.got) == 2, "the second pause is longer than the first"
    await telegram.act("clock", advance=1)
    await receiver.until(3)
    await asyncio.sleep(0.05)

    assert len({update["update_id"] for update in receiver.got}) == 1
    assert (await telegram.call("getWebhookInfo"))["pending_update_count"] == 0


async def test_a_receiver_may_answer_with_a_call(telegram, receiver):
    receiver.answers = [web.json_response({"method": "sendMessage", "chat_id": CAROL, "text": "by the way"})]
    await telegram.call("setWebhook", url=receiver.url)

    await telegram.carol("text", text="hello")
    await receiver.until(1)
    await asyncio.sleep(0.05)

    chat = await telegram.carol("transcript")
    assert chat["messages"][-1]["text"] == "by the way"


async def test_setting_a_webhook_ends_a_waiting_poll(telegram, receiver):
    poll = asyncio.create_task(telegram.call("getUpdates", timeout=10))
    await asyncio.sleep(0.1)
    await telegram.call("setWebhook", url=receiver.url)

    with pytest.raises(Refused, match="Conflict: terminated by setWebhook request"):
        await poll


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"url": "http://shop.example/hook"}, "bad webhook: An HTTPS URL must be provided for webhook"),
        (
            {"url": "https://shop.example:9000/"},
            "bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443",
        ),
        (
            {"url": "https://shop.example/", "secret_token": "a b"},
            "secret token contains unallowed characters",
        ),
        ({"url": "https://shop.example/", "secret_token": "a" * 257}, "secret token is too long"),
    ],
)
async def test_a_webhook_nobody_could_reach_is_refused(telegram, params, words):
    assert await telegram.refused("setWebhook", **params) == (400, f"Bad Request: {words}")


async def test_a_revoked_token_ends_its_poll_and_works_no_more(telegram):
    poll = asyncio.create_task(telegram.call("getUpdates", timeout=10))
    await asyncio.sleep(0.1)
    await telegram.act("revoke", token=SHOP_A)

    with pytest.raises(Refused, match="Unauthorized"):
        await poll
    assert await telegram.refused("getMe") == (401, "Unauthorized")

    await telegram.act("bot", token=SHOP_A, username="x_bot", name="x", if_absent=True)
    assert await telegram.refused("getMe") == (401, "Unauthorized")
    await telegram.act("bot", token=SHOP_A, username="x_bot", name="x")
    assert (await telegram.call("getMe"))["username"] == "x_bot"

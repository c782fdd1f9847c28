"""Refusals in Telegram's own words, because libraries and our code look at them."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

import pytest

from tests.sandbox.telegram import BUY, CAROL, MALLORY, SHOP_A, Refused, keys, picture


def button(**action):
    return {"chat_id": CAROL, "text": "x", "reply_markup": keys([{"text": "x", **action}])}


HERE = {"chat_id": CAROL}
PNG = picture()


@pytest.mark.parametrize(
    ("method", "params", "words"),
    [
        ("sendMessage", {"text": "x"}, "chat_id is empty"),
        ("sendMessage", {"chat_id": 1, "text": "x"}, "chat not found"),
        ("sendMessage", {"chat_id": "@nobody_here", "text": "x"}, "chat not found"),
        ("sendMessage", HERE, "message text is empty"),
        ("sendMessage", {**HERE, "text": "  \n "}, "message text is empty"),
        ("sendMessage", {**HERE, "text": "x" * 4097}, "message is too long"),
        ("sendMessage", {**HERE, "text": "<b>", "parse_mode": "HTML"}, "can't parse entities: "),
        ("sendMessage", {**HERE, "text": "x", "parse_mode": "BBCode"}, "unsupported parse_mode"),
        ("sendMessage", {**HERE, "text": "x", "reply_to_message_id": 99}, "message to be replied not found"),
        ("sendMessage", {**HERE, "text": "x", "message_thread_id": 99}, "message thread not found"),
        ("sendMessage", {**HERE, "text": "x", "reply_markup": "{"}, "can't parse reply markup JSON object"),
        ("sendMessage", button(),
         "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard"),
        ("sendMessage", button(callback_data="x" * 65),
         "BUTTON_DATA_INVALID"),
        ("sendMessage", button(copy_text={"text": "x" * 257}),
         "BUTTON_COPY_TEXT_INVALID"),
        ("sendMessage", button(url="no link"),
         "inline keyboard button URL 'no link' is invalid: Wrong HTTP URL"),
        ("sendMessage", button(callback_data="x", style="pink"),
         "can't parse keyboard button: invalid button style specified"),
        ("editMessageText", {**HERE, "message_id": 99, "text": "x"}, "message to edit not found"),
        ("editMessageText", {**HERE, "message_id": 1, "text": "x"}, "message can't be edited"),
        ("deleteMessage", {**HERE, "message_id": 99}, "message to delete not found"),
        ("copyMessage", {**HERE, "from_chat_id": CAROL, "message_id": 99}, "message to copy not found"),
        ("forwardMessage", {**HERE, "from_chat_id": CAROL, "message_id": 99}, "message to forward not found"),
        ("sendPhoto", {**HERE, "photo": "AgACbogus"}, "wrong file identifier/HTTP URL specified"),
        ("sendPhoto", {**HERE, "photo": "https://a.example/"}, "wrong file identifier/HTTP URL specified"),
        ("sendPhoto", HERE, "there is no photo in the request"),
        ("getFile", {"file_id": "bogus"}, "invalid file_id"),
        ("answerCallbackQuery", {"callback_query_id": "1"},
         "query is too old and response timeout expired or query ID is invalid"),
        ("sendChatAction", {**HERE, "action": "dancing"}, "wrong parameter action in request"),
        ("setMyCommands", {"commands": [{"command": "Start!", "description": "x"}]}, "BOT_COMMAND_INVALID"),
        ("setMyCommands", {"commands": [{"command": "start", "description": ""}]},
         "BOT_COMMAND_DESCRIPTION_INVALID"),
        ("getChatMember", {**HERE, "user_id": 404}, "PARTICIPANT_ID_INVALID"),
        ("createForumTopic", {**HERE, "name": "x"}, "the chat is not a forum"),
        ("sendInvoice", {**HERE, "title": "t", "description": "d", "payload": "", "currency": "XTR",
                         "prices": [{"label": "x", "amount": 1}]}, "INVOICE_PAYLOAD_INVALID"),
    ],
)  # fmt: skip
async def test_a_bad_request_says_what_is_wrong(telegram, method, params, words):
    code, description = await telegram.refused(method, **params)

    assert code == 400
    assert description.startswith(f"Bad Request: {words}")


async def test_a_caption_ends_at_1024_characters(telegram):
    with pytest.raises(Refused, match="message caption is too long"):
        await telegram.upload("sendPhoto", {"photo": PNG}, chat_id=CAROL, caption="x" * 1025)

    sent = await telegram.upload(
        "sendPhoto", {"photo": PNG}, chat_id=CAROL, caption=f"<b>{'x' * 1024}</b>", parse_mode="HTML"
    )
    assert len(sent["caption"]) == 1024, "tags do not count"


async def test_a_picture_that_is_no_picture_is_refused_as_a_photo(telegram):
    with pytest.raises(Refused, match="IMAGE_PROCESS_FAILED"):
        await telegram.upload("sendPhoto", {"photo": b"no picture"}, chat_id=CAROL)


async def test_whom_a_bot_may_not_write_to(telegram):
    forbidden = {
        MALLORY: "Forbidden: bot can't initiate conversation with a user",
        222222: "Forbidden: bots can't send messages to bots",
    }
    for chat_id, words in forbidden.items():
        assert await telegram.refused("sendMessage", chat_id=chat_id, text="x") == (403, words)

    await telegram.carol("block")
    assert await telegram.refused("sendMessage", chat_id=CAROL, text="x") == (
        403,
        "Forbidden: bot was blocked by the user",
    )
    await telegram.act("user", id=CAROL, first_name="Carol", deactivated=True)
    assert await telegram.refused("sendMessage", chat_id=CAROL, text="x") == (
        403,
        "Forbidden: user is deactivated",
    )


async def test_after_two_days_a_message_stays(telegram):
    sent = await telegram.call("sendMessage", chat_id=CAROL, text="x")
    await telegram.act("clock", advance=48 * 3600 + 1)

    assert await telegram.refused("deleteMessage", chat_id=CAROL, message_id=sent["message_id"]) == (
        400,
        "Bad Request: message can't be deleted",
    )


@pytest.mark.parametrize(
    ("token", "words"),
    [
        ("nonsense", "Unauthorized: invalid token specified"),
        ("0123:AAAA", "Unauthorized: invalid token specified"),
        ("abc:AAAA", "Unauthorized: invalid token specified"),
        ("333333:AAAA", "Unauthorized"),
        ("111111:wrong", "Unauthorized"),
    ],
)
async def test_a_token_is_malformed_or_unknown(telegram, token, words):
    assert await telegram.refused("getMe", token=token) == (401, words)


async def test_methods_know_no_capitals_and_unknown_ones_are_not_found(telegram):
    assert await telegram.refused("SENDMESSAGE", text="x") == (400, "Bad Request: chat_id is empty")
    assert await telegram.refused("makeCoffee") == (404, "Not Found: method not found")


async def test_arguments_may_come_in_every_shape(telegram, http, sandbox):
    url = f"{sandbox.url}/bot{SHOP_A}/sendMessage"
    shapes = [
        {"params": {"chat_id": CAROL, "text": "query"}},
        {"data": {"chat_id": str(CAROL), "text": "form"}},
        {"json": {"chat_id": CAROL, "text": "json"}},
        {"params": {"chat_id": CAROL}, "json": {"text": "both"}},
    ]
    for shape in shapes:
        async with http.post(url, **shape) as response:
            assert (await response.json())["ok"], shape
    async with http.get(url, params={"chat_id": CAROL, "text": "get"}) as response:
        assert response.status == 200
    async with http.post(url, data=b"{", headers={"Content-Type": "application/json"}) as response:
        assert (await response.json())["description"] == "Bad Request: can't parse JSON object"

    chat = await telegram.carol("transcript")
    assert [m["text"] for m in chat["messages"][1:]] == ["query", "form", "json", "both", "get"]


async def test_more_than_fifty_megabytes_are_too_large(sandbox, telegram):
    where = urlsplit(sandbox.url)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    writer.write(
        f"POST /bot{SHOP_A}/sendDocument HTTP/1.1\r\nHost: x\r\nContent-Length: {60 * 2**20}\r\n"
        "Content-Type: multipart/form-data; boundary=x\r\n\r\n".encode()
    )

    answer = await reader.read(2000)

    writer.close()
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"Request Entity Too Large" in answer


async def test_any_other_address_is_not_found(http, sandbox):
    async with http.get(f"{sandbox.url}/nothing/here") as response:
        assert (await response.json()) == {"ok": False, "error_code": 404, "description": "Not Found"}


async def test_a_keyboard_that_an_edit_does_not_repeat_is_gone(telegram):
    sent = await telegram.call("sendMessage", chat_id=CAROL, text="x", reply_markup=BUY)

    edited = await telegram.call("editMessageText", chat_id=CAROL, message_id=sent["message_id"], text="y")

    assert "reply_markup" not in edited

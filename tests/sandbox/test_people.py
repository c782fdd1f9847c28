"""The people's side: what they may do, what they see, and failures on order."""

from __future__ import annotations

import time

import pytest
from aiohttp import ServerDisconnectedError

from bot.sandbox import state
from tests.sandbox.telegram import BUY, CAROL, SHOP_A, SHOP_B, encoded, keys, picture


async def refused(telegram, action, **body):
    async with telegram.http.post(f"{telegram.url}/_c/{action}", json=body) as response:
        return response.status, (await response.json())["error"]


async def test_only_a_button_that_is_there_can_be_pressed(telegram):
    sent = await telegram.call("sendMessage", chat_id=CAROL, text="x", reply_markup=BUY)
    press = {"token": SHOP_A, "user_id": CAROL, "message_id": sent["message_id"]}

    assert (await refused(telegram, "press", **press, data="other"))[0] == 404
    await telegram.call("editMessageText", chat_id=CAROL, message_id=sent["message_id"], text="done")
    assert (await refused(telegram, "press", **press, data="buy:1"))[0] == 404


@pytest.mark.parametrize(
    ("action", "body", "status"),
    [
        ("dance", {}, 404),
        ("text", {"token": "1:unknown", "user_id": CAROL, "text": "x"}, 404),
        ("text", {"token": SHOP_A, "user_id": 404, "text": "x"}, 404),
        ("text", {"token": SHOP_A, "user_id": "carol", "text": "x"}, 400),
        ("text", {"token": SHOP_A, "user_id": CAROL}, 400),
        ("text", {"token": SHOP_A, "user_id": CAROL, "text": " "}, 400),
        ("photo", {"token": SHOP_A, "user_id": CAROL, "data": "not base64!"}, 400),
        ("bot", {"token": "nonsense", "username": "x", "name": "x"}, 400),
        ("fault", {"token": SHOP_A, "method": "makeCoffee", "code": 500}, 404),
    ],
)
async def test_an_action_that_makes_no_sense_is_refused_with_a_sentence(telegram, action, body, status):
    code, sentence = await refused(telegram, action, **body)

    assert code == status
    assert sentence


async def test_a_form_of_another_site_cannot_act(telegram, http):
    async with http.post(f"{telegram.url}/_c/revoke", data=b'{"token": "x"}') as response:
        assert response.status == 415


async def test_a_transcript_shows_both_sides_with_edits_applied(telegram):
    sent = await telegram.call("sendMessage", chat_id=CAROL, text="old", reply_markup=BUY)
    await telegram.call(
        "editMessageText", chat_id=CAROL, message_id=sent["message_id"], text="new", reply_markup=BUY
    )
    gone = await telegram.call("sendMessage", chat_id=CAROL, text="gone")
    await telegram.call("deleteMessage", chat_id=CAROL, message_id=gone["message_id"])
    await telegram.carol("text", text="thanks")

    messages = (await telegram.carol("transcript"))["messages"]

    assert [(m["from"]["is_bot"], m["text"]) for m in messages] == [
        (False, "/start"),
        (True, "new"),
        (False, "thanks"),
    ]
    assert messages[1]["reply_markup"] == BUY
    assert len((await telegram.carol("transcript", limit=1))["messages"]) == 1
    assert (await telegram.carol("transcript", token=SHOP_B))["messages"][-1]["text"] == "/start"


async def test_a_press_may_wait_for_its_answer(telegram):
    sent = await telegram.call("sendMessage", chat_id=CAROL, text="x", reply_markup=BUY)
    pressed = await telegram.carol("press", message_id=sent["message_id"], data="buy:1")
    await telegram.call("answerCallbackQuery", callback_query_id=pressed["callback_query_id"], text="ok")

    assert (await telegram.carol("transcript"))["answers"][-1]["text"] == "ok"
    unanswered = await telegram.carol("press", message_id=sent["message_id"], data="buy:1", wait=0.05)
    assert unanswered["answer"] is None


async def test_who_blocks_a_bot_is_unreachable_until_start_is_pressed(telegram):
    await telegram.carol("block")
    await telegram.carol("block")
    assert (await refused(telegram, "text", token=SHOP_A, user_id=CAROL, text="hi"))[0] == 409

    await telegram.carol("text", text="/start")

    blocked, unblocked, message = await telegram.updates()
    assert blocked["my_chat_member"]["new_chat_member"]["status"] == "kicked"
    assert unblocked["my_chat_member"]["new_chat_member"]["status"] == "member"
    assert message["message"]["text"] == "/start"


async def test_a_bot_may_write_first_to_whom_a_chat_was_opened_with(telegram):
    await telegram.act("user", id=7001, first_name="Bob", chats=[SHOP_A])

    assert (await telegram.call("sendMessage", chat_id=7001, text="x"))["message_id"] == 1
    assert (await telegram.refused("sendMessage", token=SHOP_B, chat_id=7001, text="x"))[0] == 403


async def test_in_a_group_a_plain_member_bot_hears_only_what_is_meant_for_it(telegram):
    await telegram.act(
        "chat",
        id=-5,
        title="Room",
        type="group",
        bots={SHOP_A: "administrator", SHOP_B: "member"},
        members={CAROL: "member"},
    )
    await telegram.carol("text", chat_id=-5, text="small talk")
    await telegram.carol("text", chat_id=-5, text="/help")

    assert len(await telegram.updates()) == 2
    (command,) = await telegram.updates(token=SHOP_B)
    assert command["message"]["text"] == "/help"
    assert command["message"]["chat"]["type"] == "group"


async def test_the_same_picture_has_one_unique_id_and_smaller_copies(telegram):
    large = picture(1600, 1200)
    first = (await telegram.carol("photo", data=encoded(large)))["message"]["photo"]
    second = (await telegram.carol("photo", token=SHOP_B, data=encoded(large)))["message"]["photo"]

    assert [size["file_unique_id"] for size in first] == [size["file_unique_id"] for size in second]
    assert [size["width"] for size in first] == [90, 320, 800, 1600]
    small = await telegram.call("getFile", file_id=first[0]["file_id"])
    async with telegram.http.get(f"{telegram.url}/file/bot{SHOP_A}/{small['file_path']}") as response:
        assert len(await response.read()) == small["file_size"] < len(large)
    async with telegram.http.get(f"{telegram.url}/file/bot{SHOP_B}/{small['file_path']}") as response:
        assert response.status == 404


async def test_what_is_larger_than_twenty_megabytes_cannot_be_fetched(telegram):
    sent = await telegram.carol("document", data=encoded(bytes(20 * 2**20 + 1)), name="scan.pdf")
    file_id = sent["message"]["document"]["file_id"]

    assert await telegram.refused("getFile", file_id=file_id) == (400, "Bad Request: file is too big")


async def test_a_person_may_send_a_picture_that_is_no_picture(telegram):
    sent = (await telegram.carol("photo", data=encoded(b"no picture at all")))["message"]

    assert len(sent["photo"]) == 1


async def test_a_fault_lasts_as_often_as_ordered(telegram):
    await telegram.act("fault", token=SHOP_A, method="sendMessage", retry_after=7, times=2)
    for _ in range(2):
        assert await telegram.refused("sendMessage", chat_id=CAROL, text="x") == (
            429,
            "Too Many Requests: retry after 7",
        )
    await telegram.call("sendMessage", chat_id=CAROL, text="x")

    await telegram.act("fault", token=SHOP_A, method="*", code=502, times=-1)
    assert (await telegram.refused("getMe"))[0] == 502
    await telegram.act("fault", token=SHOP_A, method="*", times=0)
    await telegram.call("getMe")


async def test_a_dropped_connection_loses_the_call_or_only_its_answer(telegram):
    await telegram.act("fault", token=SHOP_A, method="sendMessage", drop=True)
    await telegram.act("fault", token=SHOP_A, method="sendMessage", drop=True, after=True)
    for text in ("never sent", "sent unheard"):
        with pytest.raises(ServerDisconnectedError):
            await telegram.call("sendMessage", chat_id=CAROL, text=text)

    assert [m["text"] for m in (await telegram.carol("transcript"))["messages"]] == ["/start", "sent unheard"]


async def test_the_bots_keyboard_stays_until_it_is_taken_away(telegram):
    keyboard = {"keyboard": [[{"text": "منو"}]], "resize_keyboard": True}
    await telegram.call("sendMessage", chat_id=CAROL, text="x", reply_markup=keyboard)
    assert (await telegram.carol("transcript"))["keyboard"] == keyboard

    await telegram.call("sendMessage", chat_id=CAROL, text="x", reply_markup={"remove_keyboard": True})
    assert (await telegram.carol("transcript"))["keyboard"] is None


async def test_the_menu_is_the_narrowest_in_the_persons_language(telegram):
    def menu(name):
        return [{"command": name, "description": name}]

    await telegram.call("setMyCommands", commands=menu("default"))
    await telegram.call("setMyCommands", commands=menu("persian"), language_code="fa")
    await telegram.call("setMyCommands", commands=menu("private"), scope={"type": "all_private_chats"})

    bots = (await telegram.act("bots", user_id=CAROL))["bots"]
    assert bots[0]["commands"][0]["command"] == "private"
    await telegram.call("deleteMyCommands", scope={"type": "all_private_chats"})
    assert (await telegram.act("bots", user_id=CAROL))["bots"][0]["commands"][0]["command"] == "persian"
    assert (await telegram.act("bots"))["bots"][0]["commands"][0]["command"] == "default"


async def test_a_long_chat_forgets_its_beginning_and_stays_quick(telegram, monkeypatch):
    monkeypatch.setattr(state, "MESSAGE_LIMIT", 50)
    began = time.monotonic()
    for number in range(300):
        await telegram.call(
            "sendMessage",
            chat_id=CAROL,
            text=str(number),
            reply_markup=keys([{"text": "x", "callback_data": "x"}]),
        )
    seconds = time.monotonic() - began

    messages = (await telegram.carol("transcript"))["messages"]
    assert [messages[0]["text"], messages[-1]["text"], len(messages)] == ["250", "299", 50]
    assert seconds < 10

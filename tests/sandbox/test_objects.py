"""Everything the sandbox answers is an object of the Bot API: the description itself is the judge.

``Telegram`` holds every reply and every update against it; this is the walk that makes all of them appear.
"""

from __future__ import annotations

import asyncio

import pytest

from bot.sandbox import run_sandbox
from bot.sandbox.methods import _BY_NAME
from tests.sandbox.conftest import two_shops
from tests.sandbox.judge import Judge
from tests.sandbox.spec import problems_of_reply, problems_of_request, problems_of_update
from tests.sandbox.telegram import BUY, CAROL, MALLORY, SHOP_A, SHOP_B, Telegram, encoded, keys, picture

GROUP = -1001
KINDS = [
    "callback_query",
    "my_chat_member",
    "chat_member",
    "message",
    "edited_message",
    "pre_checkout_query",
]
"""All that the sandbox's people can bring about."""


async def test_all_that_is_sent_is_well_formed(telegram):
    call, here = telegram.call, {"chat_id": CAROL}
    text = await call("sendMessage", **here, text="<b>سلام</b> /start", parse_mode="HTML", reply_markup=BUY)
    where = {**here, "message_id": text["message_id"]}
    await call("sendMessage", **here, text="re", reply_parameters={"message_id": text["message_id"]})
    await call("sendMessage", **here, text="x", reply_markup={"force_reply": True}, protect_content=True)
    await call("editMessageText", **where, text="y", reply_markup=BUY)
    await call(
        "editMessageReplyMarkup", **where, reply_markup=keys([{"text": "t", "url": "https://a.example"}])
    )
    await call("copyMessage", **here, from_chat_id=CAROL, message_id=text["message_id"])
    await call("copyMessages", **here, from_chat_id=CAROL, message_ids=[text["message_id"], 999])
    await call("forwardMessage", **here, from_chat_id=CAROL, message_id=text["message_id"])
    await call("forwardMessages", **here, from_chat_id=CAROL, message_ids=[text["message_id"]])
    photo = await telegram.upload("sendPhoto", {"photo": picture(1000, 700)}, **here, caption="cap")
    for kind in ("document", "video", "audio", "voice", "animation"):
        await telegram.upload(f"send{kind.title()}", {kind: b"x" * 9}, **here)
    await telegram.upload(
        "editMessageMedia",
        {"new": picture()},
        **here,
        message_id=photo["message_id"],
        media={"type": "photo", "media": "attach://new", "caption": "c"},
    )
    await telegram.upload(
        "sendMediaGroup",
        {"a": picture(), "b": picture()},
        **here,
        media=[{"type": "photo", "media": f"attach://{name}"} for name in "ab"],
    )
    await call(
        "editMessageCaption", **here, message_id=photo["message_id"], caption="<i>c</i>", parse_mode="HTML"
    )
    assert (await call("getFile", file_id=photo["photo"][-1]["file_id"]))["file_size"]
    await call("sendChatAction", **here, action="upload_photo")
    await call("pinChatMessage", **where)
    await call("unpinChatMessage", **where)
    await call("deleteMessage", **here, message_id=photo["message_id"])
    await call("deleteMessages", **here, message_ids=[text["message_id"], 999])

    assert [len(photo["photo"]), photo["photo"][-1]["width"]] == [4, 1000], "smaller copies come first"
    chat = await telegram.carol("transcript")
    assert [p for message in chat["messages"] for p in problems_of_reply("sendMessage", message)] == []


async def test_all_that_people_do_arrives_well_formed(telegram):
    await telegram.updates(allowed_updates=KINDS)
    sent = await telegram.call("sendMessage", chat_id=CAROL, text="x", reply_markup=BUY)
    written = await telegram.carol("text", text="hi @carol_x", reply_to=sent["message_id"])
    await telegram.carol("edit", message_id=written["message"]["message_id"], text="hello")
    await telegram.carol("photo", data=encoded(picture()), caption="رسید", media_group_id="7")
    for kind in ("document", "video", "audio", "voice", "animation"):
        await telegram.carol("document", data=encoded(b"x"), name="x.bin", kind=kind)
    await telegram.carol("press", message_id=sent["message_id"], data="buy:1")
    await telegram.carol("press", message_id=sent["message_id"], data="buy:1", inaccessible=True)
    await telegram.carol("block")
    await telegram.carol("text", text="/start")
    await telegram.act("chat", id=GROUP, title="Staff", bots={SHOP_A: "administrator"})
    for status in ("creator", "administrator", "member", "left", "kicked"):
        await telegram.act("member", token=SHOP_A, chat_id=GROUP, user_id=CAROL, status=status)
    await telegram.act("member", token=SHOP_A, chat_id=GROUP, status="member")

    updates = await telegram.updates()

    assert [problem for update in updates for problem in problems_of_update(update)] == []
    assert {kind for update in updates for kind in update} == {"update_id", *KINDS} - {"pre_checkout_query"}
    presses = [update["callback_query"] for update in updates if "callback_query" in update]
    assert await telegram.call("answerCallbackQuery", callback_query_id=presses[0]["id"], text="x")
    assert presses[1]["message"] == {"chat": presses[0]["message"]["chat"], "message_id": 2, "date": 0}


async def test_all_that_is_asked_about_is_well_formed(telegram):
    call = telegram.call
    await telegram.act(
        "chat",
        id=GROUP,
        title="Staff",
        username="staff_room",
        is_forum=True,
        bots={SHOP_A: "administrator", SHOP_B: "kicked"},
        members={CAROL: "creator", MALLORY: "kicked"},
    )
    await call("getMe")
    await call("getChat", chat_id=CAROL)
    await call("getChat", chat_id="@staff_room")
    for user_id, status in ((CAROL, "creator"), (MALLORY, "kicked"), (111111, "administrator")):
        assert (await call("getChatMember", chat_id=GROUP, user_id=user_id))["status"] == status
    await call("getChatAdministrators", chat_id=GROUP)
    assert await call("getChatMemberCount", chat_id=GROUP) == 2
    topic = await call("createForumTopic", chat_id=GROUP, name="Receipts")
    thread = {"chat_id": GROUP, "message_thread_id": topic["message_thread_id"]}
    assert (await call("sendMessage", **thread, text="in the topic"))["is_topic_message"]
    await call("editForumTopic", **thread, name="Money")
    await call("closeForumTopic", **thread)
    assert (await telegram.refused("sendMessage", **thread, text="x"))[1] == "Bad Request: TOPIC_CLOSED"
    assert (await telegram.refused("closeForumTopic", **thread))[1] == "Bad Request: TOPIC_NOT_MODIFIED"
    await call("reopenForumTopic", **thread)
    assert (await telegram.refused("reopenForumTopic", **thread))[1] == "Bad Request: TOPIC_NOT_MODIFIED"
    await call("deleteForumTopic", **thread)
    assert await telegram.refused("sendMessage", token=SHOP_B, chat_id=GROUP, text="x") == (
        403,
        "Forbidden: bot was kicked from the supergroup chat",
    )
    await call("setMyCommands", commands=[{"command": "start", "description": "شروع"}], language_code="fa")
    assert await call("getMyCommands") == []
    assert len(await call("getMyCommands", language_code="fa")) == 1
    await call("deleteMyCommands", language_code="fa")
    for what in ("Name", "Description", "ShortDescription"):
        field = {"Name": "name", "Description": "description", "ShortDescription": "short_description"}[what]
        await call(f"setMy{what}", **{field: "نسیم"})
        assert await call(f"getMy{what}") == {field: "نسیم"}
    await call("setChatMenuButton", menu_button={"type": "commands"})
    await call("getChatMenuButton", chat_id=CAROL)
    await call("getWebhookInfo")
    await call("setWebhook", url="https://shop.example/tg/x", allowed_updates=["message"])
    await call("getWebhookInfo")
    await call("deleteWebhook")
    await call("logOut")
    await call("close")
    await call("leaveChat", chat_id=GROUP)


async def test_a_payment_in_stars_asks_first_and_can_be_given_back(telegram):
    goods = {"title": "t", "description": "d", "payload": "order 7"}
    price = {"currency": "XTR", "prices": [{"label": "x", "amount": 5}]}
    invoice = await telegram.call("sendInvoice", chat_id=CAROL, **goods, **price)
    assert (await telegram.call("createInvoiceLink", **goods, **price)).startswith("https://t.me/$")
    paying = asyncio.create_task(telegram.carol("pay", message_id=invoice["message_id"]))
    (question,) = await telegram.updates(timeout=5)
    await telegram.call(
        "answerPreCheckoutQuery", pre_checkout_query_id=question["pre_checkout_query"]["id"], ok=True
    )
    paid = await paying

    *_, told = await telegram.updates()
    charge = paid["telegram_payment_charge_id"]
    assert told["message"]["successful_payment"]["invoice_payload"] == "order 7"
    assert told["message"]["successful_payment"]["telegram_payment_charge_id"] == charge
    refund = {"user_id": CAROL, "telegram_payment_charge_id": charge}
    assert await telegram.call("refundStarPayment", **refund)
    assert (await telegram.refused("refundStarPayment", **refund))[
        1
    ] == "Bad Request: CHARGE_ALREADY_REFUNDED"


async def test_a_manager_gets_and_replaces_the_token_of_its_bot(telegram):
    await telegram.act("bot", token=SHOP_B, username="b_bot", name="B", managed_by=SHOP_A)

    assert await telegram.call("getManagedBotToken", user_id=222222) == SHOP_B
    fresh = await telegram.call("replaceManagedBotToken", user_id=222222)

    assert (await telegram.call("getMe", token=fresh))["username"] == "b_bot"
    assert await telegram.refused("getMe", token=SHOP_B) == (401, "Unauthorized")
    assert (await telegram.refused("getManagedBotToken", token=fresh, user_id=111111))[0] == 400


WALKS = (
    test_all_that_is_sent_is_well_formed,
    test_all_that_people_do_arrives_well_formed,
    test_all_that_is_asked_about_is_well_formed,
    test_a_payment_in_stars_asks_first_and_can_be_given_back,
    test_a_manager_gets_and_replaces_the_token_of_its_bot,
)


async def test_no_method_that_is_served_and_no_kind_of_update_stays_out_of_these_walks(http):
    judge = Judge(requests=False)

    for walk in WALKS:
        async with run_sandbox(port=0) as sandbox:
            sandbox.world.witness = judge
            await walk(await two_shops(sandbox.url, http))

    assert judge.problems == []
    assert {name for name, _ in _BY_NAME.values()} - judge.heard.keys() == set()
    assert judge.kinds.keys() == {*KINDS}


@pytest.mark.parametrize(
    ("method", "params", "problems"),
    [
        ("sendMessage", {"chat_id": "5001", "text": "x", "protect_content": "true"}, []),
        ("sendMessage", {"chat_id": 5001}, ["sendMessage.text: missing"]),
        ("sendMessage", {"chat_id": 5001, "text": "x", "txet": "y"}, ["sendMessage.txet: no such field"]),
        ("sendMessage", {"chat_id": 5001, "text": 7}, ["sendMessage.text: String is expected, not 7"]),
        ("sendPhoto", {"chat_id": 5001, "photo": {"file_name": "x", "size": 1}}, []),
        ("makeCoffee", {}, ["makeCoffee: no such method"]),
    ],
)
def test_the_judge_tells_a_good_request_from_a_bad_one(method, params, problems):
    assert problems_of_request(method, params) == problems


def test_the_judge_notices_what_a_careless_double_forgets():
    query = {"id": "1", "from": {"id": 1, "is_bot": False, "first_name": "C"}, "data": "x"}

    assert problems_of_update({"update_id": 1, "callback_query": query}) == [
        "Update.callback_query.chat_instance: missing"
    ]


async def test_the_call_log_can_be_judged_as_it_is(telegram: Telegram):
    await telegram.call("sendMessage", chat_id=CAROL, text="x", reply_markup=BUY)
    await telegram.upload("sendPhoto", {"photo": picture()}, chat_id=CAROL, reply_markup=BUY)
    await telegram.refused("sendMessage", chat_id=1, text="x")
    await telegram.updates()

    log = (await telegram.act("calls", token=SHOP_A))["calls"]

    assert [call["method"] for call in log] == ["sendMessage", "sendPhoto", "sendMessage"]
    assert [p for call in log for p in problems_of_request(call["method"], call["params"])] == []
    assert [call.get("error_code") for call in log] == [None, None, 400]
    polls = (await telegram.act("calls", token=SHOP_A, method="getUpdates", clear=True))["calls"]
    assert polls
    assert (await telegram.act("calls", token=SHOP_A))["calls"] == []

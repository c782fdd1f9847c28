"""What a Bot API client needs, asked by aiogram: a parser written by other people."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable

import pytest
from aiogram import Bot, Dispatcher, F, Router
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import (
    TelegramBadRequest,
    TelegramConflictError,
    TelegramForbiddenError,
    TelegramRetryAfter,
    TelegramServerError,
    TelegramUnauthorizedError,
)
from aiogram.types import (
    BotCommand,
    BufferedInputFile,
    CopyTextButton,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaPhoto,
    KeyboardButton,
    LabeledPrice,
    Message,
    ReplyKeyboardMarkup,
    ReplyParameters,
    WebAppInfo,
)

from tests.sandbox.telegram import CAROL, SHOP_A, SHOP_B, Telegram, encoded, picture

BUY = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="خرید", callback_data="buy:1")]])
PNG = picture()


@pytest.fixture(scope="session")
async def session() -> AsyncIterator[AiohttpSession]:
    """One for all tests: closing one takes aiogram a quarter of a second."""
    shared = AiohttpSession(timeout=20)
    yield shared
    await shared.close()


@pytest.fixture
def client(telegram: Telegram, session: AiohttpSession) -> Callable[[str], Bot]:
    session.api = TelegramAPIServer.from_base(telegram.url)
    return lambda token: Bot(token, session=session)


@pytest.fixture
def alice(client) -> Bot:
    """Shop A's bot."""
    return client(SHOP_A)


@pytest.fixture
def mallory(client) -> Bot:
    """Shop B's bot."""
    return client(SHOP_B)


async def test_a_bot_learns_who_it_is_by_its_token(alice, mallory):
    assert (await alice.get_me()).id == 111111
    assert (await mallory.get_me()).id == 222222


async def test_an_unknown_token_is_unauthorized(client):
    with pytest.raises(TelegramUnauthorizedError):
        await client("99999:BADBADBADBADBADBADBADBADBADBADBADBA").get_me()


async def test_commands_come_back_as_they_were_set(alice):
    await alice.set_my_commands([BotCommand(command="start", description="شروع")])

    (command,) = await alice.get_my_commands()

    assert (command.command, command.description) == ("start", "شروع")


async def test_a_long_poll_waits_and_wakes_as_soon_as_somebody_writes(alice, telegram):
    began = time.monotonic()
    assert await alice.get_updates(timeout=1) == []
    assert time.monotonic() - began > 0.9

    poll = asyncio.create_task(alice.get_updates(timeout=10))
    await asyncio.sleep(0.2)
    await telegram.carol("text", text="wake")
    (update,) = await asyncio.wait_for(poll, 2)

    assert update.message.text == "wake"


async def test_a_command_carries_its_entity_and_its_sender(alice, telegram):
    await telegram.carol("text", text="/start ref_42")

    (update,) = await alice.get_updates()

    assert update.message.entities[0].type == "bot_command"
    assert update.message.from_user.id == CAROL


async def test_of_two_pollers_the_older_is_told_of_the_conflict(alice):
    older = asyncio.create_task(alice.get_updates(timeout=10))
    await asyncio.sleep(0.2)
    newer = asyncio.create_task(alice.get_updates(timeout=1))

    with pytest.raises(TelegramConflictError):
        await older
    assert await newer == []


async def test_a_message_comes_back_with_its_keyboard_and_its_author(alice):
    message = await alice.send_message(CAROL, "سلام", reply_markup=BUY)

    assert message.text == "سلام"
    assert message.from_user.is_bot
    assert message.reply_markup.inline_keyboard[0][0].callback_data == "buy:1"


@pytest.mark.parametrize(
    "button",
    [
        InlineKeyboardButton(text="کپی", copy_text=CopyTextButton(text="6037991234567890")),
        InlineKeyboardButton(text="app", web_app=WebAppInfo(url="https://example.com/app")),
        InlineKeyboardButton(text="رد", callback_data="no", style="danger"),
        InlineKeyboardButton(text="سایت", url="https://example.com"),
    ],
    ids=["copy_text", "web_app", "style", "url"],
)
async def test_a_button_keeps_everything_it_was_given(alice, button):
    message = await alice.send_message(
        CAROL, "x", reply_markup=InlineKeyboardMarkup(inline_keyboard=[[button]])
    )

    assert message.reply_markup.inline_keyboard[0][0].model_dump() == button.model_dump()


async def test_a_text_of_digits_stays_a_text(alice):
    assert (await alice.send_message(CAROL, "12345")).text == "12345"


async def test_html_is_stripped_into_entities(alice):
    message = await alice.send_message(CAROL, "<b>x</b> <code>6037</code>", parse_mode="HTML")

    assert message.text == "x 6037"
    assert [entity.type for entity in message.entities] == ["bold", "code"]


@pytest.mark.parametrize(
    "message",
    [
        {"text": "<b>x", "parse_mode": "HTML"},
        {"text": "x" * 4097},
        {
            "text": "x",
            "reply_markup": InlineKeyboardMarkup(
                inline_keyboard=[[InlineKeyboardButton(text="t", callback_data="é" * 33)]]
            ),
        },
    ],
    ids=["broken html", "too long", "callback data over 64 bytes"],
)
async def test_what_telegram_would_not_take_is_a_bad_request(alice, message):
    with pytest.raises(TelegramBadRequest):
        await alice.send_message(CAROL, **message)


async def test_nobody_can_be_written_to_who_is_unknown(alice):
    with pytest.raises(TelegramBadRequest, match="chat not found"):
        await alice.send_message(987654321, "x")


async def test_a_reply_names_what_it_answers(alice):
    first = await alice.send_message(CAROL, "first")

    reply = await alice.send_message(
        CAROL, "re", reply_parameters=ReplyParameters(message_id=first.message_id)
    )

    assert reply.reply_to_message.message_id == first.message_id


async def test_a_reply_keyboard_is_accepted_and_not_part_of_the_message(alice):
    keyboard = ReplyKeyboardMarkup(keyboard=[[KeyboardButton(text="منو")]], resize_keyboard=True)

    assert (await alice.send_message(CAROL, "menu", reply_markup=keyboard)).reply_markup is None


async def test_an_edit_answers_with_the_message_and_refuses_to_change_nothing(alice):
    sent = await alice.send_message(CAROL, "سلام", reply_markup=BUY)
    where = {"chat_id": CAROL, "message_id": sent.message_id}

    edited = await alice.edit_message_text("ویرایش", **where, reply_markup=BUY)

    assert (edited.text, edited.message_id) == ("ویرایش", sent.message_id)
    with pytest.raises(TelegramBadRequest, match="message is not modified"):
        await alice.edit_message_text("ویرایش", **where, reply_markup=BUY)
    with pytest.raises(TelegramBadRequest, match="message to edit not found"):
        await alice.edit_message_text("q", chat_id=CAROL, message_id=999999)
    assert (await alice.edit_message_reply_markup(**where)).reply_markup is None


async def test_a_photo_is_uploaded_once_and_sent_again_by_its_id(alice):
    first = await alice.send_photo(CAROL, BufferedInputFile(PNG, "r.png"), caption="cap")
    file_id = first.photo[-1].file_id

    again = await alice.send_photo(CAROL, file_id)
    file = await alice.get_file(file_id)

    assert again.photo[-1].file_id == file_id
    assert (await alice.download_file(file.file_path)).read() == PNG


async def test_a_file_id_is_worth_nothing_to_another_bot(alice, mallory):
    photo = await alice.send_photo(CAROL, BufferedInputFile(PNG, "r.png"))
    same = await mallory.send_photo(CAROL, BufferedInputFile(PNG, "r.png"))

    assert photo.photo[-1].file_unique_id == same.photo[-1].file_unique_id
    assert photo.photo[-1].file_id != same.photo[-1].file_id
    with pytest.raises(TelegramBadRequest, match="invalid file_id"):
        await mallory.get_file(photo.photo[-1].file_id)
    with pytest.raises(TelegramBadRequest, match="invalid file_id"):
        await alice.get_file("AgACAgQAAx0bogus")


async def test_documents_captions_albums_copies_and_invoices_go_through(alice):
    document = await alice.send_document(CAROL, BufferedInputFile(b"%PDF-1.4 x", "conf.pdf"), caption="doc")
    caption = await alice.edit_message_caption(chat_id=CAROL, message_id=document.message_id, caption="new")
    album = await alice.send_media_group(
        CAROL, [InputMediaPhoto(media=BufferedInputFile(PNG, f"{n}.png")) for n in range(2)]
    )
    copied = await alice.copy_message(CAROL, CAROL, document.message_id)
    invoice = await alice.send_invoice(
        CAROL,
        title="t",
        description="d",
        payload="p",
        currency="XTR",
        prices=[LabeledPrice(label="x", amount=1)],
    )

    assert document.document.file_name == "conf.pdf"
    assert caption.caption == "new"
    assert len({message.media_group_id for message in album}) == 1
    assert copied.message_id > album[-1].message_id
    assert invoice.invoice.total_amount == 1
    assert await alice.delete_message(CAROL, document.message_id)
    assert await alice.send_chat_action(CAROL, "typing")
    assert (await alice.get_chat(CAROL)).type == "private"


async def test_a_press_arrives_with_its_message_and_is_answered_once_known(alice, telegram):
    sent = await alice.send_message(CAROL, "pick", reply_markup=BUY)
    await telegram.carol("press", message_id=sent.message_id, data="buy:1")

    (update,) = await alice.get_updates()

    query = update.callback_query
    assert (query.data, query.message.message_id) == ("buy:1", sent.message_id)
    assert query.chat_instance
    assert await alice.answer_callback_query(query.id, text="ok", show_alert=True)
    with pytest.raises(TelegramBadRequest, match="query is too old"):
        await alice.answer_callback_query("nope-123")


async def test_what_a_person_sends_can_be_downloaded(alice, telegram):
    await telegram.carol("photo", data=encoded(PNG), caption="رسید")
    await telegram.carol("document", data=encoded(b"%PDF-1.4"), name="receipt.pdf", mime="application/pdf")

    photo, document = await alice.get_updates()

    file = await alice.get_file(photo.message.photo[-1].file_id)
    assert photo.message.caption == "رسید"
    assert (await alice.download_file(file.file_path)).read() == PNG
    assert document.message.document.file_name == "receipt.pdf"


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"code": 403, "description": "Forbidden: bot was blocked by the user"}, TelegramForbiddenError),
        ({"code": 429, "retry_after": 7}, TelegramRetryAfter),
        ({"code": 500}, TelegramServerError),
    ],
    ids=["403", "429", "500"],
)
async def test_a_failure_on_order_reaches_the_client_as_its_own_kind(alice, telegram, fault, error):
    await telegram.act("fault", token=SHOP_A, method="sendMessage", **fault)

    with pytest.raises(error):
        await alice.send_message(CAROL, "f")
    assert await alice.send_message(CAROL, "the next one goes through")


async def test_one_dispatcher_serves_two_bots(alice, mallory, telegram):
    heard: list[tuple[int, str]] = []
    router = Router()

    @router.message(F.text)
    async def echo(message: Message, bot: Bot) -> None:
        heard.append((bot.id, message.text))

    dispatcher = Dispatcher()
    dispatcher.include_router(router)
    polling = asyncio.create_task(
        dispatcher.start_polling(
            alice, mallory, handle_signals=False, polling_timeout=1, close_bot_session=False
        )
    )
    for token in (SHOP_A, SHOP_B):
        await telegram.carol("text", token=token, text=token[:6])
    for _ in range(100):
        if len(heard) == 2:
            break
        await asyncio.sleep(0.05)
    await dispatcher.stop_polling()
    await polling

    assert sorted(heard) == [(111111, "111111"), (222222, "222222")]

"""The shop's own chat: a receipt is decided under its card, by the desk's own verbs."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import replace

from aiogram import F, Router
from aiogram.dispatcher.event.bases import SkipHandler
from aiogram.enums import ChatType
from aiogram.filters import Command, CommandObject
from aiogram.types import CallbackQuery, ForceReply, Message, ReplyParameters

from bot.callbacks import LINK, Review
from bot.middlewares.presses import Toast
from bot.speaking import tell
from bot.views import review as views
from bot.views.screen import Reader, Screen
from shop.actors import System
from shop.bots import linking
from shop.errors import NotAllowed, NotFound, ShopError, WarningsStand
from shop.receipts import chat, chat_amount
from shop.receipts.chat import Press
from shop.receipts.notes import Menu
from shop.unit_of_work import UnitOfWork, UnitsOfWork

ACTOR = System("owners-chat")
"""Until we know who pressed; what is decided is decided in the person's own name."""

QUESTIONS: Mapping[str, str] = {
    "other": chat.ASKED,
    "amount": chat_amount.ASKED,
    "amount_sure": chat_amount.ASKED_ANYWAY,
}
"""What is asked about after which press."""
STANDS: Mapping[str, Menu] = {"amount": "sure_amount", "wallet": "sure_wallet"}
"""What is asked where a warning stands in the way of a press; an approval else."""


async def press(
    query: CallbackQuery,
    callback_data: Review,
    units: UnitsOfWork,
    *,
    shop_id: int,
    reader: Reader,
    toast: Toast,
) -> None:
    """Do what the button says. The card is not edited here: every copy is, by the promise of the change.

    A refusal is told over the chat, and the copy is shown what is true, unless it is no business of the
    person's.
    """
    pressed = _pressed(query, callback_data)
    if pressed is None:
        return
    try:
        if callback_data.act in QUESTIONS:
            await _ask(query, pressed, units, act=callback_data.act, shop_id=shop_id, reader=reader)
            return
        async with units.begin(shop_id, ACTOR) as uow:
            toast.text = await _act(uow, pressed, callback_data, reader)
    except (NotAllowed, NotFound) as refusal:
        toast.text, toast.is_alert = views.answer(reader, refusal), True
    except ShopError as refusal:
        toast.text, toast.is_alert = views.answer(reader, refusal), not isinstance(refusal, WarningsStand)
        menu = STANDS.get(callback_data.act, "sure") if isinstance(refusal, WarningsStand) else None
        async with units.begin(shop_id, ACTOR) as uow:
            await chat.open_menu(uow, pressed, menu)


async def _ask(
    query: CallbackQuery, pressed: Press, units: UnitsOfWork, *, act: str, shop_id: int, reader: Reader
) -> None:
    async with units.begin(shop_id, ACTOR) as uow:
        if act == "other":
            await chat.ask_reason(uow, pressed)
        else:
            await chat_amount.require_askable(uow, pressed, despite_warnings=act == "amount_sure")
    if query.bot is None:
        return
    question = await query.bot.send_message(
        pressed.chat_id,
        views.question(reader, act),
        message_thread_id=pressed.topic_id,
        reply_parameters=ReplyParameters(message_id=pressed.message_id, allow_sending_without_reply=True),
        reply_markup=ForceReply(selective=True),
    )
    async with units.begin(shop_id, ACTOR) as uow:
        await chat.asked(uow, pressed, message_id=question.message_id, kind=QUESTIONS[act])


async def answered(message: Message, units: UnitsOfWork, *, home_id: int, reader: Reader) -> None:
    """An answer to a message of ours: a reason or an amount, if that was what we asked this person for.

    Asked of the shop itself, also while he rehearses: about a rehearsal nobody is asked in the chat.
    """
    sender, question = message.from_user, message.reply_to_message
    if sender is None or question is None:
        return
    said = {"telegram_id": sender.id, "chat_id": message.chat.id, "question_id": question.message_id}
    text = message.text or ""
    try:
        async with units.begin(home_id, ACTOR) as uow:
            held = await chat.reject_in_words(uow, **said, text=text)
            if held is None:
                held = await chat_amount.answer(uow, **said, text=text)
    except ShopError as refusal:
        await tell(message, Screen(html.escape(views.answer(replace(reader, is_test=False), refusal))))
        return
    if held is None and message.chat.type == ChatType.PRIVATE:
        raise SkipHandler


async def _act(uow: UnitOfWork, pressed: Press, button: Review, reader: Reader) -> str | None:
    """What to say over the chat; nothing where the card says it all."""
    _ = reader.gettext
    match button.act:
        case "approve" | "sure":
            await chat.approve(uow, pressed, despite_warnings=button.act == "sure")
            return _("✅ Approved")
        case "wallet" | "wallet_sure":
            sure = button.act == "wallet_sure"
            await chat.approve(uow, pressed, despite_warnings=sure, to_wallet=True)
            return _("👛 Into the wallet")
        case "reject" if button.reason is not None:
            await chat.reject(uow, pressed, code=button.reason)
            return _("❌ Rejected")
        case "undo":
            await chat.undo(uow, pressed)
            return _("↩️ Taken back")
        case "reasons":
            await chat.open_menu(uow, pressed, "reasons")
        case _:
            await chat.open_menu(uow, pressed, None)
    return None


def _pressed(query: CallbackQuery, button: Review) -> Press | None:
    """None for a button of a message that we did not post in a chat."""
    message = query.message
    if message is None:
        return None
    topic, has_picture = None, False
    if isinstance(message, Message):
        topic = message.message_thread_id if message.is_topic_message else None
        has_picture = message.photo is not None or message.document is not None
    return Press(
        telegram_id=query.from_user.id,
        chat_id=message.chat.id,
        topic_id=topic,
        message_id=message.message_id,
        has_picture=has_picture,
        payment_id=button.payment_id,
        turn=button.turn,
    )


async def link(
    message: Message, command: CommandObject, units: UnitsOfWork, *, shop_id: int, reader: Reader
) -> None:
    """Make this chat, or this topic of it, the shop's own. Nobody else may know that there are codes."""
    sender = message.from_user
    if sender is None:
        return
    try:
        async with units.begin(shop_id, ACTOR) as uow:
            linked = await linking.use_code(
                uow,
                command.args or "",
                telegram_id=sender.id,
                chat_id=message.chat.id,
                topic_id=message.message_thread_id if message.is_topic_message else None,
            )
    except ShopError as refusal:
        await tell(message, Screen(html.escape(views.answer(replace(reader, is_test=False), refusal))))
    else:
        await tell(message, views.linked(reader, linked, is_private=message.chat.id == sender.id))


def router() -> Router:
    router = Router(name="team")
    router.message.register(answered, F.reply_to_message.from_user.is_bot, F.text)
    router.message.register(link, Command(LINK, ignore_case=True))
    router.callback_query.register(press, Review.filter())
    return router

"""Actions of a person in a chat: writing, pressing, sending files, paying."""

from __future__ import annotations

import mimetypes
import secrets

from bot.sandbox.control.desk import Action, Order, Refused, wait_for_answer
from bot.sandbox.conversation import (
    Draft,
    forgotten,
    new_query,
    press,
    rewrite,
    seen_by,
    set_blocked,
    write,
)
from bot.sandbox.entities import formatted
from bot.sandbox.files import FOLDERS, Attachment
from bot.sandbox.keyboards import find_callback
from bot.sandbox.protocol import CAPTION_LIMIT, QUERY_LIFETIME, TEXT_LIMIT, JsonObject
from bot.sandbox.state import BotAccount, Chat, Person

_PAYMENT_PATIENCE = 10.0
"""Seconds a payment waits for the bot's consent, as in Telegram."""


def write_text(order: Order) -> JsonObject:
    bot, person, chat = _scene(order)
    body = _body(order.text("text"), "text", "entities", TEXT_LIMIT)
    if not body:
        raise Refused(400, "field text must not be empty")
    if chat.is_blocked and body["text"].startswith("/start"):
        set_blocked(order.world, bot, chat, person, blocked=False)  # what the Restart button does
    return _send(order, bot, person, chat, Draft(body))


def send_photo(order: Order) -> JsonObject:
    return _send_file(order, "photo", "photo.jpg", "image/jpeg")


def send_document(order: Order) -> JsonObject:
    """A file; ``kind`` may be video, audio, voice or animation instead of document."""
    kind = order.text("kind", "document")
    if kind not in FOLDERS or kind == "photo":
        raise Refused(400, "field kind must be document, video, audio, voice or animation")
    return _send_file(order, kind, "file.bin", "")


def edit_text(order: Order) -> JsonObject:
    bot, person, chat = _scene(order)
    message = order.message(chat)
    if message.sender["id"] != person.id or not message.is_text:
        raise Refused(409, "people edit only texts of their own")
    rewrite(order.world, bot, chat, message, _body(order.text("text"), "text", "entities", TEXT_LIMIT))
    return {"message": seen_by(order.world, bot, chat, message)}


async def press_button(order: Order) -> JsonObject:
    """Press what is really there; with ``wait``, seconds, the answer of the bot is part of the reply.

    ``forged``: any data under any message, as an app that somebody has changed can send it.
    """
    bot, person, chat = _scene(order)
    message, data = order.message(chat), order.text("data")
    if not order.flag("forged") and find_callback(message.inline_keyboard, data) is None:
        raise Refused(404, "there is no such button under this message")
    is_forgotten = order.flag("inaccessible")
    shown = forgotten(chat, message) if is_forgotten else seen_by(order.world, bot, chat, message)
    query = press(order.world, bot, chat, person, shown=shown, data=data)
    reply: JsonObject = {"callback_query_id": query.id}
    patience = order.number("wait")
    if patience > 0:
        reply["answer"] = await wait_for_answer(query, patience)
    return reply


async def pay(order: Order) -> JsonObject:
    """Pay an invoice: the bot is asked first, and told when the money has moved."""
    bot, person, chat = _scene(order)
    message = order.message(chat)
    invoice = message.body.get("invoice")
    if invoice is None:
        raise Refused(409, "this message is no invoice")
    query = new_query(order.world, bot, chat, person)
    money = {"currency": invoice["currency"], "total_amount": invoice["total_amount"]}
    question = {"id": query.id, "from": query.user, **money, "invoice_payload": message.invoice_payload}
    bot.updates.push("pre_checkout_query", question, queue=f"press:{person.id}", lifetime=QUERY_LIFETIME)
    given = await wait_for_answer(query, order.number("wait", _PAYMENT_PATIENCE))
    if given is None or not given["ok"]:
        return {"paid": False, "reason": given["error_message"] if given else "the bot did not answer"}
    charge = secrets.token_urlsafe(18)
    bot.charges[charge] = {"user_id": person.id, **money}
    paid = {
        **money,
        "invoice_payload": message.invoice_payload,
        "telegram_payment_charge_id": charge,
        "provider_payment_charge_id": "",
    }
    write(order.world, bot, chat, person, Draft({"successful_payment": paid}))
    return {"paid": True, "telegram_payment_charge_id": charge}


def _scene(order: Order) -> tuple[BotAccount, Person, Chat]:
    bot, person = order.bot(), order.person()
    return bot, person, order.chat(bot, person)


def _send_file(order: Order, kind: str, name: str, mime: str) -> JsonObject:
    bot, person, chat = _scene(order)
    name = order.text("name", name)
    mime = order.text("mime", mime) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    stored = order.world.files.put(order.content(), name, mime)
    body = _body(order.optional_text("caption") or "", "caption", "caption_entities", CAPTION_LIMIT)
    album = order.optional_text("media_group_id")
    prepared = Draft(
        body,
        attachment=Attachment(kind, stored, name, mime),
        marks={"media_group_id": album} if album else {},
    )
    return _send(order, bot, person, chat, prepared)


def _send(order: Order, bot: BotAccount, person: Person, chat: Chat, prepared: Draft) -> JsonObject:
    if chat.is_blocked:
        raise Refused(409, "the person has blocked this bot")
    if not chat.is_private and chat.members.get(person.id, "left") in ("left", "kicked"):
        raise Refused(409, "the person is not in this chat")
    prepared.reply_to = order.optional_integer("reply_to")
    prepared.thread_id = order.optional_integer("message_thread_id")
    if prepared.thread_id is not None and prepared.thread_id not in chat.topics:
        raise Refused(404, "no such topic")
    message = write(order.world, bot, chat, person, prepared)
    return {"message": seen_by(order.world, bot, chat, message)}


def _body(text: str, field: str, entities: str, limit: int) -> JsonObject:
    parsed = formatted(text, parse_mode="")
    if len(parsed.text) > limit:
        raise Refused(400, f"field {field} is longer than {limit} characters")
    if not parsed.text:
        return {}
    return {field: parsed.text} | ({entities: parsed.entities} if parsed.entities else {})


ACTIONS: dict[str, Action] = {
    "text": write_text,
    "photo": send_photo,
    "document": send_document,
    "edit": edit_text,
    "press": press_button,
    "pay": pay,
}

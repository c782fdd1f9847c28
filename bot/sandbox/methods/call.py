"""One call of a method, and the chats and messages it speaks of."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from bot.sandbox.conversation import Draft, seen_by
from bot.sandbox.entities import formatted
from bot.sandbox.keyboards import Markup, parse_markup
from bot.sandbox.messages import Message
from bot.sandbox.params import Params
from bot.sandbox.protocol import CAPTION_LIMIT, TEXT_LIMIT, JsonObject, bad_request, forbidden
from bot.sandbox.state import BotAccount, Chat, World


@dataclass(frozen=True, slots=True)
class Call:
    world: World
    bot: BotAccount
    params: Params


Handler = Callable[[Call], Any] | Callable[[Call], Awaitable[Any]]


def known_chat(call: Call, field: str = "chat_id") -> Chat:
    """The chat a call names, if the bot may know of it."""
    raw = call.params.text(field).strip()
    if not raw:
        raise bad_request(f"{field} is empty")
    chat = _by_username(call, raw) if raw.startswith("@") else _by_id(call, raw)
    if not chat.is_private and chat.members.get(call.bot.id) == "kicked":
        raise forbidden(f"bot was kicked from the {chat.as_chat['type']} chat")
    return chat


def writable_chat(call: Call, field: str = "chat_id") -> Chat:
    """The chat a call names, if the bot may write there."""
    chat = known_chat(call, field)
    if chat.person is not None and chat.person.is_deactivated:
        raise forbidden("user is deactivated")
    if chat.is_blocked:
        raise forbidden("bot was blocked by the user")
    if not chat.is_private and chat.members.get(call.bot.id) in (None, "left"):
        raise forbidden(f"bot is not a member of the {chat.as_chat['type']} chat")
    return chat


def existing(chat: Chat, message_id: int, purpose: str) -> Message:
    message = chat.messages.get(message_id)
    if message is None:
        raise bad_request(f"message to {purpose} not found")
    return message


def answer(call: Call, chat: Chat, message: Message) -> JsonObject:
    return seen_by(call.world, call.bot, chat, message)


def body_text(call: Call) -> JsonObject:
    """The text of a message with its entities, within the limits."""
    params = call.params
    parsed = formatted(
        params.text("text"), parse_mode=params.text("parse_mode"), entities=params.items("entities")
    )
    if not parsed.text:
        raise bad_request("message text is empty")
    if len(parsed.text) > TEXT_LIMIT:
        raise bad_request("message is too long")
    return {"text": parsed.text} | ({"entities": parsed.entities} if parsed.entities else {})


def body_caption(params: Params) -> JsonObject:
    """The caption under a file, if there is one, within the limits."""
    parsed = formatted(
        params.text("caption"),
        parse_mode=params.text("parse_mode"),
        entities=params.items("caption_entities"),
    )
    if len(parsed.text) > CAPTION_LIMIT:
        raise bad_request("message caption is too long")
    if not parsed.text:
        return {}
    return {"caption": parsed.text} | ({"caption_entities": parsed.entities} if parsed.entities else {})


def draft(call: Call, chat: Chat, body: JsonObject) -> Draft:
    """A message with everything that any sending method may ask for."""
    params = call.params
    marks: JsonObject = {"has_protected_content": True} if params.flag("protect_content") else {}
    if params.has("message_effect_id"):
        marks["effect_id"] = params.text("message_effect_id")
    return Draft(
        body=body,
        markup=parse_markup(params.structure("reply_markup")),
        reply_to=_reply_target(params, chat),
        thread_id=_thread(params, chat),
        marks=marks,
    )


def inline_markup(call: Call) -> JsonObject | None:
    """The keyboard of an edited message: only an inline one can be there."""
    markup: Markup = parse_markup(call.params.structure("reply_markup"))
    if markup.reply is not None:
        raise bad_request("inline keyboard expected")
    return markup.inline


def _by_username(call: Call, name: str) -> Chat:
    wanted = name[1:].lower()
    for chat in call.world.chats.values():
        if str(chat.as_chat.get("username", "")).lower() == wanted:
            return chat
    raise bad_request("chat not found")


def _by_id(call: Call, raw: str) -> Chat:
    try:
        chat_id = int(raw)
    except ValueError:
        raise bad_request("chat not found") from None
    chat = call.bot.chats.get(chat_id) or call.world.chats.get(chat_id)
    if chat is not None:
        return chat
    if chat_id in call.world.bots:
        raise forbidden("bots can't send messages to bots")
    if chat_id in call.world.people:
        raise forbidden("bot can't initiate conversation with a user")
    raise bad_request("chat not found")


def _reply_target(params: Params, chat: Chat) -> int | None:
    reply = params.record("reply_parameters")
    wanted = reply.get("message_id") or params.optional_integer("reply_to_message_id")
    if wanted is None:
        return None
    if int(wanted) in chat.messages:
        return int(wanted)
    if reply.get("allow_sending_without_reply") or params.flag("allow_sending_without_reply"):
        return None
    raise bad_request("message to be replied not found")


def _thread(params: Params, chat: Chat) -> int | None:
    thread_id = params.optional_integer("message_thread_id")
    if thread_id is None:
        return None
    topic = chat.topics.get(thread_id)
    if topic is None:
        raise bad_request("message thread not found")
    if topic.get("is_closed") and not chat.is_private:
        raise bad_request("TOPIC_CLOSED")
    return thread_id

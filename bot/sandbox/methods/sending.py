"""Methods by which a bot writes: text, copies, forwards, and the sign that it is about to."""

from __future__ import annotations

from bot.sandbox.conversation import Draft, say
from bot.sandbox.messages import Message
from bot.sandbox.methods.call import (
    Call,
    Handler,
    answer,
    body_caption,
    body_text,
    draft,
    existing,
    known_chat,
    writable_chat,
)
from bot.sandbox.protocol import JsonObject, bad_request
from bot.sandbox.state import Chat

_ACTIONS = frozenset(
    {
        "typing",
        "upload_photo",
        "record_video",
        "upload_video",
        "record_voice",
        "upload_voice",
        "upload_document",
        "choose_sticker",
        "find_location",
        "record_video_note",
        "upload_video_note",
    }
)
_BATCH = 100


def send_message(call: Call) -> JsonObject:
    chat = writable_chat(call)
    message = say(call.world, call.bot, chat, draft(call, chat, body_text(call)))
    return answer(call, chat, message)


def send_chat_action(call: Call) -> bool:
    chat = writable_chat(call)
    action = call.params.text("action")
    if action not in _ACTIONS:
        raise bad_request("wrong parameter action in request")
    call.world.hub.tell((call.bot.id, chat.id), lambda: {"event": "action", "action": action})
    return True


def copy_message(call: Call) -> JsonObject:
    source, target = known_chat(call, "from_chat_id"), writable_chat(call)
    original = existing(source, call.params.integer("message_id"), "copy")
    _refuse_unsendable(original, "copied")
    copied = draft(call, target, _copied_body(call, original))
    copied.attachment = original.attachment
    return {"message_id": say(call.world, call.bot, target, copied).message_id}


def copy_messages(call: Call) -> list[JsonObject]:
    source, target = known_chat(call, "from_chat_id"), writable_chat(call)
    copies = []
    for original in _several(call, source):
        plain = draft(call, target, dict(original.body))
        plain.attachment = original.attachment
        copies.append({"message_id": say(call.world, call.bot, target, plain).message_id})
    return copies


def forward_message(call: Call) -> JsonObject:
    source, target = known_chat(call, "from_chat_id"), writable_chat(call)
    original = existing(source, call.params.integer("message_id"), "forward")
    _refuse_unsendable(original, "forwarded")
    return answer(call, target, say(call.world, call.bot, target, _forwarded(call, target, original)))


def forward_messages(call: Call) -> list[JsonObject]:
    source, target = known_chat(call, "from_chat_id"), writable_chat(call)
    return [
        {"message_id": say(call.world, call.bot, target, _forwarded(call, target, original)).message_id}
        for original in _several(call, source)
    ]


def _copied_body(call: Call, original: Message) -> JsonObject:
    """As it was, unless the call brings a caption of its own."""
    if call.params.has("caption") and original.attachment is not None:
        return body_caption(call.params)
    return dict(original.body)


def _forwarded(call: Call, target: Chat, original: Message) -> Draft:
    """A forwarded message names the one who wrote it first and carries no keyboard."""
    origin = original.marks.get("forward_origin") or {
        "type": "user",
        "date": original.date,
        "sender_user": original.sender,
    }
    forwarded = draft(call, target, dict(original.body))
    forwarded.attachment = original.attachment
    forwarded.marks["forward_origin"] = origin
    return forwarded


def _several(call: Call, source: Chat) -> list[Message]:
    """The messages of a batch in their order; those that are gone are left out."""
    ids = [int(message_id) for message_id in call.params.items("message_ids")]
    if not 1 <= len(ids) <= _BATCH:
        raise bad_request("wrong number of message identifiers specified")
    found = [source.messages[message_id] for message_id in sorted(ids) if message_id in source.messages]
    if not found:
        raise bad_request("there are no messages to forward")
    return found


def _refuse_unsendable(message: Message, verb: str) -> None:
    if not message.is_text and message.attachment is None:
        raise bad_request(f"message can't be {verb}")


METHODS: dict[str, Handler] = {
    "sendMessage": send_message,
    "sendChatAction": send_chat_action,
    "copyMessage": copy_message,
    "copyMessages": copy_messages,
    "forwardMessage": forward_message,
    "forwardMessages": forward_messages,
}

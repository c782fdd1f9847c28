"""Methods that change or remove what is already in a chat."""

from __future__ import annotations

from bot.sandbox.conversation import tell
from bot.sandbox.files import Attachment
from bot.sandbox.messages import Message
from bot.sandbox.methods.call import (
    Call,
    Handler,
    answer,
    body_caption,
    body_text,
    existing,
    inline_markup,
    known_chat,
)
from bot.sandbox.methods.media import media_item
from bot.sandbox.protocol import DELETE_LIFETIME, JsonObject, bad_request
from bot.sandbox.state import Chat

_NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same as a "
    "current content and reply markup of the message"
)
_BATCH = 100


def edit_message_text(call: Call) -> JsonObject:
    chat, message = _own(call)
    body = body_text(call)
    if not message.is_text:
        raise bad_request("there is no text in the message to edit")
    return _change(call, chat, message, body, None)


def edit_message_caption(call: Call) -> JsonObject:
    chat, message = _own(call)
    if message.attachment is None:
        raise bad_request("there is no caption in the message to edit")
    return _change(call, chat, message, body_caption(call.params), message.attachment)


def edit_message_reply_markup(call: Call) -> JsonObject:
    chat, message = _own(call)
    return _change(call, chat, message, message.body, message.attachment)


def edit_message_media(call: Call) -> JsonObject:
    chat, message = _own(call)
    attachment, body = media_item(call, call.params.record("media"))
    return _change(call, chat, message, body, attachment)


def delete_message(call: Call) -> bool:
    chat = known_chat(call)
    message = existing(chat, call.params.integer("message_id"), "delete")
    if not _may_delete(call, chat, message):
        raise bad_request("message can't be deleted")
    _remove(call, chat, message.message_id)
    return True


def delete_messages(call: Call) -> bool:
    """Those that are gone, or may not be deleted, are passed over in silence."""
    chat = known_chat(call)
    ids = call.params.items("message_ids")
    if not 1 <= len(ids) <= _BATCH:
        raise bad_request("wrong number of message identifiers specified")
    for message_id in map(int, ids):
        message = chat.messages.get(message_id)
        if message is not None and _may_delete(call, chat, message):
            _remove(call, chat, message_id)
    return True


def _own(call: Call) -> tuple[Chat, Message]:
    """The message of this bot that a call wants to change."""
    if call.params.has("inline_message_id"):
        raise bad_request("message to edit not found")
    chat = known_chat(call)
    message_id = call.params.integer("message_id")
    if message_id <= 0:
        raise bad_request("message identifier is not specified")
    message = existing(chat, message_id, "edit")
    if message.sender["id"] != call.bot.id or "forward_origin" in message.marks:
        raise bad_request("message can't be edited")
    return chat, message


def _change(
    call: Call, chat: Chat, message: Message, body: JsonObject, attachment: Attachment | None
) -> JsonObject:
    """An edit says the whole new content; a keyboard it does not repeat disappears."""
    markup = inline_markup(call)
    if message.has(body, attachment, markup):
        raise bad_request(_NOT_MODIFIED)
    message.body, message.attachment, message.inline_keyboard = body, attachment, markup
    message.edited_at = call.world.clock.stamp()
    tell(call.world, call.bot, chat, "edit", message)
    return answer(call, chat, message)


def _may_delete(call: Call, chat: Chat, message: Message) -> bool:
    is_own = message.sender["id"] == call.bot.id
    is_admin = chat.members.get(call.bot.id) in ("administrator", "creator")
    is_recent = call.world.clock.now() - message.date < DELETE_LIFETIME
    return is_recent and (is_own or chat.is_private or is_admin)


def _remove(call: Call, chat: Chat, message_id: int) -> None:
    del chat.messages[message_id]
    call.world.hub.tell((call.bot.id, chat.id), lambda: {"event": "delete", "message_id": message_id})


METHODS: dict[str, Handler] = {
    "editMessageText": edit_message_text,
    "editMessageCaption": edit_message_caption,
    "editMessageReplyMarkup": edit_message_reply_markup,
    "editMessageMedia": edit_message_media,
    "deleteMessage": delete_message,
    "deleteMessages": delete_messages,
}

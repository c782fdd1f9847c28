"""Messages, kept once and shown to each bot with its own file ids."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from bot.sandbox.files import Attachment, FileStore
from bot.sandbox.protocol import JsonObject


class Surroundings(Protocol):
    """What a message has to know of the chat it stands in."""

    as_chat: JsonObject

    @property
    def messages(self) -> dict[int, Message]: ...


@dataclass(slots=True)
class Message:
    """``body`` holds the fields every reader sees alike: text, caption, entities, an invoice."""

    message_id: int
    date: int
    sender: JsonObject
    body: JsonObject
    attachment: Attachment | None = None
    inline_keyboard: JsonObject | None = None
    reply_to: int | None = None
    thread_id: int | None = None
    edited_at: int | None = None
    marks: JsonObject = field(default_factory=dict)
    """What stays when the content is edited: the album, the origin of a forwarded message."""
    invoice_payload: str = ""

    @property
    def is_text(self) -> bool:
        return "text" in self.body

    def has(self, body: JsonObject, attachment: Attachment | None, markup: JsonObject | None) -> bool:
        """Whether an edit to this would change nothing."""
        return (self.body, self.attachment, self.inline_keyboard) == (body, attachment, markup)


def as_json(
    message: Message, chat: Surroundings, files: FileStore, bot_id: int, *, with_reply: bool = True
) -> JsonObject:
    """The Message object as this bot sees it."""
    shown: JsonObject = {
        "message_id": message.message_id,
        "from": message.sender,
        "chat": chat.as_chat,
        "date": message.date,
        **message.marks,
        **message.body,
    }
    if message.thread_id is not None:
        shown |= {"message_thread_id": message.thread_id, "is_topic_message": True}
    if message.attachment is not None:
        shown |= message.attachment.as_fields(files, bot_id)
    if message.inline_keyboard is not None:
        shown["reply_markup"] = message.inline_keyboard
    if message.edited_at is not None:
        shown["edit_date"] = message.edited_at
    target = chat.messages.get(message.reply_to) if with_reply and message.reply_to is not None else None
    if target is not None:
        shown["reply_to_message"] = as_json(target, chat, files, bot_id, with_reply=False)
    return shown

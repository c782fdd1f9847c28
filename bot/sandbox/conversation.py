"""What happens in chats: who says what, and who hears of it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from bot.sandbox.files import Attachment
from bot.sandbox.hub import EVERYWHERE
from bot.sandbox.keyboards import Markup
from bot.sandbox.messages import Message, as_json
from bot.sandbox.protocol import MESSAGE_LIFETIME, QUERY_LIFETIME, JsonObject
from bot.sandbox.state import BotAccount, Chat, Person, Query, World


@dataclass(slots=True)
class Draft:
    """A message about to be sent."""

    body: JsonObject
    attachment: Attachment | None = None
    markup: Markup = field(default_factory=Markup)
    reply_to: int | None = None
    thread_id: int | None = None
    marks: JsonObject = field(default_factory=dict)
    invoice_payload: str = ""


def seen_by(world: World, bot: BotAccount, chat: Chat, message: Message) -> JsonObject:
    return as_json(message, chat, world.files, bot.id)


def post(world: World, chat: Chat, sender: JsonObject, draft: Draft) -> Message:
    """Write into the chat's history; tells nobody yet."""
    message = Message(
        message_id=chat.next_message_id(),
        date=world.clock.stamp(),
        sender=sender,
        body=draft.body,
        attachment=draft.attachment,
        inline_keyboard=draft.markup.inline,
        reply_to=draft.reply_to,
        thread_id=draft.thread_id,
        marks=draft.marks,
        invoice_payload=draft.invoice_payload,
    )
    chat.keep(message)
    return message


def say(world: World, bot: BotAccount, chat: Chat, draft: Draft) -> Message:
    """The bot writes."""
    message = post(world, chat, bot.as_user(), draft)
    if draft.markup.reply is not None:
        chat.keyboard = None if "remove_keyboard" in draft.markup.reply else draft.markup.reply
    tell(world, bot, chat, "message", message)
    return message


def write(world: World, bot: BotAccount, chat: Chat, person: Person, draft: Draft) -> Message:
    """A person writes; in a group every bot hears it that may."""
    message = post(world, chat, person.as_user(), draft)
    if chat.keyboard and (chat.keyboard.get("one_time_keyboard") or chat.keyboard.get("force_reply")):
        chat.keyboard = None
    _announce(world, bot, chat, "message", message)
    tell(world, bot, chat, "message", message)
    return message


def rewrite(world: World, bot: BotAccount, chat: Chat, message: Message, body: JsonObject) -> None:
    """A person edits what they wrote."""
    message.body = body
    message.edited_at = world.clock.stamp()
    _announce(world, bot, chat, "edited_message", message)
    tell(world, bot, chat, "edit", message)


def press(
    world: World, bot: BotAccount, chat: Chat, person: Person, *, shown: JsonObject, data: str
) -> Query:
    """A person presses a button; ``shown`` is its message as the bot gets to see it."""
    query = new_query(world, bot, chat, person)
    payload = {
        "id": query.id,
        "from": query.user,
        "message": shown,
        "chat_instance": chat.instance,
        "data": data,
    }
    bot.updates.push("callback_query", payload, queue=f"press:{person.id}", lifetime=QUERY_LIFETIME)
    return query


def forgotten(chat: Chat, message: Message) -> JsonObject:
    """A message of which Telegram no longer shows the contents: the InaccessibleMessage object."""
    return {"chat": chat.as_chat, "message_id": message.message_id, "date": 0}


def new_query(world: World, bot: BotAccount, chat: Chat, person: Person) -> Query:
    expires_at = world.clock.now() + QUERY_LIFETIME
    query = Query(str(secrets.randbits(62)), chat, person.as_user(), expires_at)
    bot.ask(query)
    return query


def set_blocked(world: World, bot: BotAccount, chat: Chat, person: Person, *, blocked: bool) -> None:
    """A person blocks the bot or takes it back; the second time in a row nothing happens."""
    if chat.is_blocked == blocked:
        return
    chat.is_blocked = blocked
    me = bot.as_user()
    free: JsonObject = {"user": me, "status": "member"}
    barred: JsonObject = {"user": me, "status": "kicked", "until_date": 0}
    before, after = (free, barred) if blocked else (barred, free)
    payload = {
        "chat": chat.as_chat,
        "from": person.as_user(),
        "date": world.clock.stamp(),
        "old_chat_member": before,
        "new_chat_member": after,
    }
    bot.updates.push("my_chat_member", payload, queue=f"chat:{chat.id}", lifetime=MESSAGE_LIFETIME)
    world.hub.tell((bot.id, chat.id), lambda: {"event": "blocked", "blocked": blocked})


def tell(world: World, bot: BotAccount, chat: Chat, event: str, message: Message) -> None:
    """Let the chat pages see a message that is new or changed."""
    world.hub.tell(
        (bot.id, chat.id),
        lambda: {
            "event": event,
            "message": seen_by(world, bot, chat, message),
            "keyboard": chat.keyboard,
        },
    )


def tell_roster(world: World) -> None:
    """Let the chat pages know that bots, people or commands have changed."""
    world.hub.tell(EVERYWHERE, lambda: {"event": "roster"})


def _announce(world: World, bot: BotAccount, chat: Chat, kind: str, message: Message) -> None:
    listeners = [bot] if chat.is_private else _listeners(world, chat, message)
    for listener in listeners:
        payload = seen_by(world, listener, chat, message)
        listener.updates.push(kind, payload, queue=f"chat:{chat.id}", lifetime=MESSAGE_LIFETIME)


def _listeners(world: World, chat: Chat, message: Message) -> list[BotAccount]:
    """In groups a bot hears everything as administrator, else only commands and replies to itself."""
    target = chat.messages.get(message.reply_to) if message.reply_to is not None else None
    is_command = str(message.body.get("text", "")).startswith("/")
    heard = []
    for member_id, status in chat.members.items():
        bot = world.bots.get(member_id)
        if bot is None or status in ("left", "kicked"):
            continue
        is_reply = target is not None and target.sender["id"] == bot.id
        if status in ("administrator", "creator") or is_command or is_reply:
            heard.append(bot)
    return heard

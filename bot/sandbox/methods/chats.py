"""Methods about chats: what they are, who is in them, their topics."""

from __future__ import annotations

from bot.sandbox.conversation import Draft, say
from bot.sandbox.members import as_member
from bot.sandbox.methods.call import Call, Handler, existing, known_chat, writable_chat
from bot.sandbox.protocol import JsonObject, bad_request, forbidden
from bot.sandbox.state import Chat

_ADMINISTRATORS = ("administrator", "creator")
_TOPIC_NAME_LIMIT = 128
_GIFTS = (
    "unlimited_gifts",
    "limited_gifts",
    "unique_gifts",
    "premium_subscription",
    "gifts_from_channels",
)
_TOPIC_COLOR = 7322096


def get_chat(call: Call) -> JsonObject:
    chat = known_chat(call)
    return chat.as_chat | {
        "accent_color_id": chat.id % 7,
        "max_reaction_count": 11,
        "accepted_gift_types": dict.fromkeys(_GIFTS, False),
    }


def get_chat_member(call: Call) -> JsonObject:
    chat = known_chat(call)
    user_id = call.params.integer("user_id")
    user = call.world.person_or_bot(user_id)
    if user is None:
        raise bad_request("PARTICIPANT_ID_INVALID")
    if chat.is_private:
        if user_id not in (chat.id, call.bot.id):
            raise bad_request("user not found")
        return as_member(user, "member")
    if call.bot.id not in chat.members:
        raise forbidden(f"bot is not a member of the {chat.as_chat['type']} chat")
    if chat.as_chat["type"] == "channel" and chat.members[call.bot.id] not in _ADMINISTRATORS:
        raise bad_request("member list is inaccessible")
    return as_member(user, chat.members.get(user_id, "left"))


def get_chat_member_count(call: Call) -> int:
    chat = known_chat(call)
    if chat.is_private:
        return 2
    return sum(status not in ("left", "kicked") for status in chat.members.values())


def get_chat_administrators(call: Call) -> list[JsonObject]:
    chat = known_chat(call)
    if chat.is_private:
        raise bad_request("there are no administrators in the private chat")
    found = []
    for user_id, status in chat.members.items():
        user = call.world.person_or_bot(user_id)
        if status in _ADMINISTRATORS and user is not None:
            found.append(as_member(user, status))
    return found


def leave_chat(call: Call) -> bool:
    chat = known_chat(call)
    if chat.is_private:
        raise bad_request("can't leave private chats")
    chat.members[call.bot.id] = "left"
    return True


def pin_chat_message(call: Call) -> bool:
    existing(writable_chat(call), call.params.integer("message_id"), "pin")
    return True


def create_forum_topic(call: Call) -> JsonObject:
    chat = _forum(call)
    name = call.params.text("name").strip()
    if not 1 <= len(name) <= _TOPIC_NAME_LIMIT:
        raise bad_request("TOPIC_TITLE_EMPTY" if not name else "topic name is too long")
    topic: JsonObject = {"name": name, "icon_color": call.params.integer("icon_color", _TOPIC_COLOR)}
    opening = say(call.world, call.bot, chat, Draft({"forum_topic_created": dict(topic)}))
    opening.thread_id = opening.message_id
    chat.topics[opening.message_id] = dict(topic)
    return {"message_thread_id": opening.message_id, **topic}


def edit_forum_topic(call: Call) -> bool:
    topic = _topic(call)
    topic["name"] = call.params.text("name").strip() or topic["name"]
    return True


def close_forum_topic(call: Call) -> bool:
    return _turn_topic(call, is_closed=True)


def reopen_forum_topic(call: Call) -> bool:
    return _turn_topic(call, is_closed=False)


def _turn_topic(call: Call, *, is_closed: bool) -> bool:
    """Everybody in the topic sees that it was turned; a topic that stands so already is a refusal."""
    chat, topic = _forum(call), _topic(call)
    if bool(topic.get("is_closed")) == is_closed:
        raise bad_request("TOPIC_NOT_MODIFIED")
    topic["is_closed"] = is_closed
    told = Draft({"forum_topic_closed" if is_closed else "forum_topic_reopened": {}})
    told.thread_id = call.params.integer("message_thread_id")
    say(call.world, call.bot, chat, told)
    return True


def delete_forum_topic(call: Call) -> bool:
    chat = _forum(call)
    thread_id = call.params.integer("message_thread_id")
    _topic(call)
    del chat.topics[thread_id]
    for message in [m for m in chat.messages.values() if m.thread_id == thread_id]:
        del chat.messages[message.message_id]
    return True


def _forum(call: Call) -> Chat:
    """A chat in which the bot may make topics."""
    chat = writable_chat(call)
    if chat.is_private:
        if not call.bot.has_topics:
            raise bad_request("the chat is not a forum")
        return chat
    if not chat.as_chat.get("is_forum"):
        raise bad_request("the chat is not a forum")
    if chat.members[call.bot.id] not in _ADMINISTRATORS:
        raise bad_request("not enough rights to create a topic")
    return chat


def _topic(call: Call) -> JsonObject:
    topic = _forum(call).topics.get(call.params.integer("message_thread_id"))
    if topic is None:
        raise bad_request("message thread not found")
    return topic


METHODS: dict[str, Handler] = {
    "getChat": get_chat,
    "getChatMember": get_chat_member,
    "getChatMemberCount": get_chat_member_count,
    "getChatAdministrators": get_chat_administrators,
    "leaveChat": leave_chat,
    "pinChatMessage": pin_chat_message,
    "unpinChatMessage": lambda call: known_chat(call) is not None,
    "createForumTopic": create_forum_topic,
    "editForumTopic": edit_forum_topic,
    "closeForumTopic": close_forum_topic,
    "reopenForumTopic": reopen_forum_topic,
    "deleteForumTopic": delete_forum_topic,
}

"""Actions about who there is: bots, people, groups."""

from __future__ import annotations

from bot.sandbox.control.desk import Action, Order, Refused, bot_by_token
from bot.sandbox.conversation import set_blocked, tell_roster
from bot.sandbox.members import STATUSES, as_member
from bot.sandbox.methods.profile import commands_for
from bot.sandbox.protocol import MESSAGE_LIFETIME, JsonObject, unauthorized
from bot.sandbox.state import BotAccount, Chat, Person, is_token

_CHAT_TYPES = ("group", "supergroup", "channel")


def register_bot(order: Order) -> JsonObject:
    """Make a bot known, or known again.

    With ``if_absent`` a bot stays as it is: with the token it was given since, and revoked if it was, unless
    it comes with a new one.
    """
    token = order.text("token")
    if not is_token(token):
        raise Refused(400, "field token must look like 123456:letters")
    known = order.world.bots.get(int(token.split(":", 1)[0]))
    if order.flag("if_absent") and known is not None and (known.token == token or not known.is_revoked):
        return known.as_user()
    bot = order.world.add_bot(token, order.text("username"), order.text("name"))
    bot.is_master = order.flag("master")
    bot.has_topics = order.flag("topics")
    manager = order.optional_text("managed_by")
    if manager is not None:
        bot.manager_id = bot_by_token(order.world, manager).id
    tell_roster(order.world)
    return bot.as_user()


def register_person(order: Order) -> JsonObject:
    """Make a person known, or change what is known. ``chats`` opens chats in which bots may write first."""
    person_id = order.integer("id")
    if person_id <= 0:
        raise Refused(400, "field id must be positive")
    known = order.world.people.get(person_id)
    if known is None:
        known = order.world.people[person_id] = Person(person_id, order.text("first_name"))
    known.first_name = order.text("first_name")
    known.last_name = order.optional_text("last_name")
    known.username = order.optional_text("username")
    known.language_code = order.optional_text("language_code")
    known.is_deactivated = order.flag("deactivated")
    for bot in order.world.bots.values():
        if person_id in bot.chats:
            bot.chats[person_id].as_chat = known.as_chat()
    for token in order.items("chats"):
        order.world.open_chat(bot_by_token(order.world, str(token)), known)
    tell_roster(order.world)
    return known.as_user()


def list_bots(order: Order) -> JsonObject:
    """In order of registration. With ``user_id``, each bot's menu is the one that person sees."""
    person = order.person() if "user_id" in order.body else None
    return {"bots": [_bot_entry(bot, person) for bot in order.world.bots.values()]}


def list_people(order: Order) -> JsonObject:
    """In order of registration."""
    return {"users": [person.as_user() for person in order.world.people.values()]}


def make_chat(order: Order) -> JsonObject:
    """A group or channel: ``bots`` gives each token's status, ``members`` each person's."""
    kind = order.text("type", "supergroup")
    chat_id = order.integer("id")
    if kind not in _CHAT_TYPES or chat_id >= 0:
        raise Refused(400, "a chat has a negative id and is a group, a supergroup or a channel")
    shown: JsonObject = {"id": chat_id, "type": kind, "title": order.text("title")}
    if order.optional_text("username"):
        shown["username"] = order.text("username")
    if order.flag("is_forum"):
        shown["is_forum"] = True
    chat = order.world.chats.setdefault(chat_id, Chat(shown))
    chat.as_chat = shown
    for token, status in dict(order.body.get("bots", {})).items():
        chat.members[bot_by_token(order.world, token).id] = _status(status)
    for person_id, status in dict(order.body.get("members", {})).items():
        chat.members[int(person_id)] = _status(status)
    return {"chat": chat.as_chat, "members": {str(who): status for who, status in chat.members.items()}}


def change_member(order: Order) -> JsonObject:
    """Somebody joins, leaves, is promoted or thrown out; a bot when no ``user_id`` is given."""
    bot = order.bot()
    chat = order.world.chats.get(order.integer("chat_id"))
    if chat is None:
        raise Refused(404, "no such chat; make it with the action chat")
    who = order.person().as_user() if "user_id" in order.body else bot.as_user()
    status = _status(order.text("status"))
    before = chat.members.get(who["id"], "left")
    chat.members[who["id"]] = status
    payload = {
        "chat": chat.as_chat,
        "from": who,
        "date": order.world.clock.stamp(),
        "old_chat_member": as_member(who, before),
        "new_chat_member": as_member(who, status),
    }
    kind = "my_chat_member" if who["id"] == bot.id else "chat_member"
    bot.updates.push(kind, payload, queue=f"chat:{chat.id}", lifetime=MESSAGE_LIFETIME)
    return {"status": status}


def block(order: Order) -> JsonObject:
    return _block(order, blocked=True)


def unblock(order: Order) -> JsonObject:
    return _block(order, blocked=False)


def revoke(order: Order) -> JsonObject:
    """The token stops working at once, also for a poll that is waiting."""
    bot = order.bot()
    bot.is_revoked = True
    bot.updates.interrupt(unauthorized())
    order.world.courier.stop(bot)
    tell_roster(order.world)
    return {"revoked": True}


def _block(order: Order, *, blocked: bool) -> JsonObject:
    bot, person = order.bot(), order.person()
    chat = order.world.open_chat(bot, person)
    set_blocked(order.world, bot, chat, person, blocked=blocked)
    return {"blocked": chat.is_blocked}


def _bot_entry(bot: BotAccount, person: Person | None) -> JsonObject:
    language = (person.language_code if person else None) or ""
    return bot.as_user() | {
        "token": bot.token,
        "master": bot.is_master or "master" in bot.username.lower(),
        "revoked": bot.is_revoked,
        "commands": commands_for(bot, person.id if person else 0, language),
        "description": bot.profile.get(("description", language)) or bot.profile.get(("description", "")),
    }


def _status(status: str) -> str:
    if status not in STATUSES:
        raise Refused(400, f"a status is one of {', '.join(STATUSES)}")
    return status


ACTIONS: dict[str, Action] = {
    "bot": register_bot,
    "bots": list_bots,
    "user": register_person,
    "users": list_people,
    "chat": make_chat,
    "member": change_member,
    "block": block,
    "unblock": unblock,
    "revoke": revoke,
}

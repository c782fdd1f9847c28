"""Everybody and everything the sandbox knows. It lives in memory and is gone when the sandbox stops."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from typing import Protocol

from bot.sandbox.calls import CallLog
from bot.sandbox.clock import Clock
from bot.sandbox.faults import Faults
from bot.sandbox.files import FileStore
from bot.sandbox.hub import Hub
from bot.sandbox.messages import Message
from bot.sandbox.protocol import JsonObject, unauthorized
from bot.sandbox.updates import UpdateQueue

MESSAGE_LIMIT = 2_000
"""Messages kept of one chat; the oldest are forgotten first."""
QUERY_LIMIT = 20_000

_TOKEN = re.compile(r"([1-9][0-9]{0,18}):[A-Za-z0-9_-]+")


@dataclass(slots=True)
class Person:
    id: int
    first_name: str
    last_name: str | None = None
    username: str | None = None
    language_code: str | None = None
    is_deactivated: bool = False

    def as_user(self) -> JsonObject:
        user: JsonObject = {"id": self.id, "is_bot": False, "first_name": self.first_name}
        return user | self._names("last_name", "username", "language_code")

    def as_chat(self) -> JsonObject:
        chat: JsonObject = {"id": self.id, "type": "private", "first_name": self.first_name}
        return chat | self._names("last_name", "username")

    def _names(self, *fields: str) -> JsonObject:
        return {name: getattr(self, name) for name in fields if getattr(self, name)}


@dataclass(slots=True)
class Chat:
    """A conversation: a person's with one bot, or a group or channel that several share."""

    as_chat: JsonObject
    person: Person | None = None
    instance: str = field(default_factory=lambda: str(secrets.randbits(63)))
    messages: OrderedDict[int, Message] = field(default_factory=OrderedDict)
    last_message_id: int = 0
    keyboard: JsonObject | None = None
    """The buttons in place of the person's keyboard."""
    is_blocked: bool = False
    members: dict[int, str] = field(default_factory=dict)
    """Status by person's or bot's id; unused in private chats."""
    topics: dict[int, JsonObject] = field(default_factory=dict)
    answers: deque[JsonObject] = field(default_factory=lambda: deque(maxlen=50))
    """The last answers to presses, newest last."""
    menu_button: JsonObject | None = None

    @property
    def id(self) -> int:
        return int(self.as_chat["id"])

    @property
    def is_private(self) -> bool:
        return self.person is not None

    def keep(self, message: Message) -> None:
        self.messages[message.message_id] = message
        if len(self.messages) > MESSAGE_LIMIT:
            self.messages.popitem(last=False)

    def next_message_id(self) -> int:
        self.last_message_id += 1
        return self.last_message_id


@dataclass(slots=True)
class Query:
    """A question the bot has to answer before ``expires_at``: a press, or one before a payment."""

    id: str
    chat: Chat
    user: JsonObject
    expires_at: float
    answered: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(slots=True)
class Webhook:
    url: str
    secret_token: str = ""
    max_connections: int = 40
    last_error_at: int | None = None
    last_error: str = ""


@dataclass(slots=True)
class BotAccount:
    id: int
    token: str
    username: str
    name: str
    updates: UpdateQueue
    is_master: bool = False
    is_revoked: bool = False
    has_topics: bool = False
    manager_id: int | None = None
    webhook: Webhook | None = None
    chats: dict[int, Chat] = field(default_factory=dict)
    queries: OrderedDict[str, Query] = field(default_factory=OrderedDict)
    faults: Faults = field(default_factory=Faults)
    calls: CallLog = field(default_factory=CallLog)
    paths: dict[str, str] = field(default_factory=dict)
    """File id by the path that ``getFile`` gave."""
    profile: dict[tuple[str, str], str] = field(default_factory=dict)
    """Texts about the bot by kind and language."""
    commands: dict[tuple[str, str], list[JsonObject]] = field(default_factory=dict)
    """Command lists by scope and language."""
    menu_button: JsonObject = field(default_factory=lambda: {"type": "commands"})
    charges: dict[str, JsonObject] = field(default_factory=dict)

    def as_user(self) -> JsonObject:
        return {"id": self.id, "is_bot": True, "first_name": self.name, "username": self.username}

    def ask(self, query: Query) -> None:
        self.queries[query.id] = query
        if len(self.queries) > QUERY_LIMIT:
            self.queries.popitem(last=False)


class Delivery(Protocol):
    """Who brings updates to webhooks."""

    def start(self, bot: BotAccount) -> None: ...

    def stop(self, bot: BotAccount) -> None: ...


class Witness(Protocol):
    """Who sees all that passes between the bots and this world, and holds it against a description of it."""

    def asked(self, method: str, params: JsonObject) -> None:
        """A bot called; its params are as they came, uploads as name and size."""

    def answered(self, method: str, body: JsonObject) -> None:
        """What it was answered, whether it went well or not."""

    def brought(self, update: JsonObject) -> None:
        """An update on its way to a webhook."""


class World:
    """The whole pretended Telegram."""

    courier: Delivery
    """Set by whoever opens the doors of this world to HTTP."""
    witness: Witness | None = None

    def __init__(self) -> None:
        self.clock = Clock()
        self.files = FileStore()
        self.hub = Hub()
        self.people: dict[int, Person] = {}
        self.bots: dict[int, BotAccount] = {}
        self.chats: dict[int, Chat] = {}
        """Groups and channels; private chats belong to their bots."""

    def authorize(self, token: str) -> BotAccount:
        """The bot that holds this token. Raises 401 as Telegram does."""
        well_formed = _TOKEN.fullmatch(token)
        if well_formed is None:
            raise unauthorized("invalid token specified")
        bot = self.bots.get(int(well_formed.group(1)))
        if bot is None or bot.is_revoked or bot.token != token:
            raise unauthorized()
        return bot

    def add_bot(self, token: str, username: str, name: str) -> BotAccount:
        """Register a bot; a known one gets its new names and token, works again and keeps its chats."""
        bot_id = int(token.split(":", 1)[0])
        bot = self.bots.get(bot_id)
        if bot is None:
            queue = UpdateQueue(self.clock, first_id=secrets.randbelow(100_000_000) + 1)
            bot = self.bots[bot_id] = BotAccount(bot_id, token, username, name, queue)
        bot.token, bot.username, bot.name, bot.is_revoked = token, username, name, False
        return bot

    def open_chat(self, bot: BotAccount, person: Person) -> Chat:
        """The private chat of the two; opened when they have none."""
        chat = bot.chats.get(person.id)
        if chat is None:
            chat = bot.chats[person.id] = Chat(person.as_chat(), person)
        return chat

    def person_or_bot(self, user_id: int) -> JsonObject | None:
        if user_id in self.bots:
            return self.bots[user_id].as_user()
        person = self.people.get(user_id)
        return person.as_user() if person else None


def is_token(text: str) -> bool:
    return _TOKEN.fullmatch(text) is not None

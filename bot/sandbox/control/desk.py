"""What every control action needs: its arguments, and the ones it speaks of."""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Awaitable, Callable
from typing import Any

from bot.sandbox.messages import Message
from bot.sandbox.protocol import JsonObject
from bot.sandbox.state import BotAccount, Chat, Person, Query, World


class Refused(Exception):
    """An action that makes no sense; ``status`` is that of HTTP."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class Order:
    """One action: its JSON body and the world it acts on."""

    def __init__(self, world: World, body: JsonObject) -> None:
        self.world = world
        self.body = body

    def text(self, name: str, default: str | None = None) -> str:
        value = self.body.get(name, default)
        if not isinstance(value, str):
            raise Refused(400, f"field {name} must be a text")
        return value

    def optional_text(self, name: str) -> str | None:
        return self.text(name) if self.body.get(name) is not None else None

    def integer(self, name: str, default: int | None = None) -> int:
        value = self.body.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int):
            raise Refused(400, f"field {name} must be a whole number")
        return value

    def optional_integer(self, name: str) -> int | None:
        return self.integer(name) if self.body.get(name) is not None else None

    def number(self, name: str, default: float = 0.0) -> float:
        value = self.body.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise Refused(400, f"field {name} must be a number")
        return float(value)

    def flag(self, name: str) -> bool:
        return self.body.get(name) is True

    def items(self, name: str) -> list[Any]:
        value = self.body.get(name, [])
        if not isinstance(value, list):
            raise Refused(400, f"field {name} must be a list")
        return value

    def content(self, name: str = "data") -> bytes:
        try:
            return base64.b64decode(self.text(name), validate=True)
        except binascii.Error:
            raise Refused(400, f"field {name} must be base64") from None

    def bot(self, name: str = "token") -> BotAccount:
        """The bot that holds the token now, or held it when it was revoked."""
        return bot_by_token(self.world, self.text(name))

    def person(self, name: str = "user_id") -> Person:
        person = self.world.people.get(self.integer(name))
        if person is None:
            raise Refused(404, "no such person; register them with the action user")
        return person

    def chat(self, bot: BotAccount, person: Person) -> Chat:
        """The group that is named, or else the private chat of the two."""
        chat_id = self.optional_integer("chat_id")
        if chat_id is None or chat_id == person.id:
            return self.world.open_chat(bot, person)
        chat = self.world.chats.get(chat_id)
        if chat is None:
            raise Refused(404, "no such chat; make it with the action chat")
        return chat

    def message(self, chat: Chat) -> Message:
        message = chat.messages.get(self.integer("message_id"))
        if message is None:
            raise Refused(404, "no such message")
        return message


Action = Callable[[Order], JsonObject] | Callable[[Order], Awaitable[JsonObject]]


def bot_by_token(world: World, token: str) -> BotAccount:
    left = token.split(":", 1)[0]
    bot = world.bots.get(int(left)) if left.isdigit() else None
    if bot is None or bot.token != token:
        raise Refused(404, "no such bot; register it with the action bot")
    return bot


async def wait_for_answer(query: Query, seconds: float) -> JsonObject | None:
    """What the bot answered, once it does; nothing when it does not in time."""
    try:
        await asyncio.wait_for(query.answered.wait(), seconds)
    except TimeoutError:
        return None
    return next((given for given in reversed(query.chat.answers) if query.id in given.values()), None)

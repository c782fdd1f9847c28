"""A person's phone in the sandbox: writes, presses, sends pictures, and reads what the bot said."""

from __future__ import annotations

import asyncio
import base64
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

PATIENCE = 20.0
"""Seconds; far more than anything takes, for machines that are busy with other things."""


class TooLong(AssertionError):
    """What was waited for did not come; the text is the chat as it stood."""


@dataclass
class Wire:
    """The sandbox's control actions over real HTTP."""

    url: str
    http: httpx.AsyncClient

    async def act(self, action: str, **body: Any) -> dict[str, Any]:
        answer = await self.http.post(f"{self.url}/_c/{action}", json=body)
        answer.raise_for_status()
        return answer.json()


@dataclass
class Phone:
    wire: Wire
    token: str
    user_id: int
    seen: int = field(default=0)
    chat_id: int | None = None
    """A group that is looked at; the private chat with the bot unless given."""

    async def text(self, words: str) -> None:
        await self._act("text", text=words)

    async def say(self, words: str, *, topic: int) -> None:
        """In a topic of the group."""
        await self._act("text", text=words, message_thread_id=topic)

    async def reply(self, message: dict[str, Any], words: str) -> None:
        """Where the message is: in its topic, if it stands in one."""
        topic = message.get("message_thread_id")
        there = {} if topic is None else {"message_thread_id": topic}
        await self._act("text", text=words, reply_to=message["message_id"], **there)

    async def photo(self, content: bytes, **more: Any) -> None:
        await self._act("photo", data=base64.b64encode(content).decode(), **more)

    async def document(self, content: bytes, **more: Any) -> None:
        await self._act("document", data=base64.b64encode(content).decode(), **more)

    async def block(self) -> None:
        await self._act("block")

    async def press(self, label: str, *, message: dict[str, Any] | None = None) -> None:
        """Press the button whose label contains ``label``, on the newest message that has one."""
        for candidate in [message] if message else reversed(await self.messages()):
            for button in buttons_of(candidate):
                if label in button["text"] and "callback_data" in button:
                    await self.press_data(candidate, button["callback_data"])
                    return
        raise TooLong(f"no button {label!r}:\n{await self.show()}")

    async def press_data(self, message: dict[str, Any], data: str) -> None:
        await self._act("press", message_id=message["message_id"], data=data)

    async def forge(self, message: dict[str, Any], data: str) -> None:
        """A press as a changed app sends it: any data under any message."""
        await self._act("press", message_id=message["message_id"], data=data, forged=True)

    async def messages(self) -> list[dict[str, Any]]:
        answer = await self.transcript()
        return answer["messages"]

    async def transcript(self) -> dict[str, Any]:
        return await self.wire.act("transcript", token=self.token, user_id=self.user_id, **self._where())

    async def answers(self) -> list[str]:
        """What was said over the chat to presses, oldest first."""
        return [
            re.sub("[\u2066-\u2069]", "", one.get("text") or "")
            for one in (await self.transcript())["answers"]
        ]

    async def heard(self) -> list[dict[str, Any]]:
        """What the bot said."""
        return [m for m in await self.messages() if m.get("from", {}).get("is_bot")]

    async def expect(self, words: str, *, within: float = PATIENCE) -> dict[str, Any]:
        """The newest message of the bot that contains ``words``, as soon as there is one."""

        def found(said: list[dict[str, Any]]) -> dict[str, Any] | None:
            return next((m for m in reversed(said) if words in words_of(m)), None)

        return await self._until(found, f"nothing said {words!r}", within)

    async def expect_count(self, words: str, count: int, *, within: float = PATIENCE) -> None:
        def found(said: list[dict[str, Any]]) -> bool:
            return sum(words in words_of(m) for m in said) == count

        await self._until(found, f"{words!r} not {count} times", within)

    async def press_when(self, label: str, answer: str) -> dict[str, Any]:
        """Press ``label`` as soon as it is there; the message that then says ``answer``."""
        await self._until(
            lambda said: any(label in button["text"] for m in said for button in buttons_of(m)),
            f"no button {label!r}",
            PATIENCE,
        )
        await self.press(label)
        return await self.expect(answer)

    async def expect_total(self, count: int, *, within: float = PATIENCE) -> None:
        """The bot has said ``count`` messages, or more."""
        await self._until(lambda said: len(said) >= count, f"less than {count} messages", within)

    async def show(self) -> str:
        lines = []
        for message in await self.messages():
            who = "bot" if message.get("from", {}).get("is_bot") else "person"
            lines.append(f"[{message['message_id']}] {who}: {words_of(message) or '<file>'}")
            lines += [f"      ({b['text']}) {b.get('callback_data', '')}" for b in buttons_of(message)]
        return "\n".join(lines)

    async def _until(self, found: Callable[[list[dict[str, Any]]], Any], problem: str, within: float) -> Any:
        until = time.monotonic() + within
        while time.monotonic() < until:
            if result := found(await self.heard()):
                return result
            await asyncio.sleep(0.03)
        raise TooLong(f"{problem}:\n{await self.show()}")

    async def _act(self, action: str, **body: Any) -> None:
        await self.wire.act(action, token=self.token, user_id=self.user_id, **self._where(), **body)

    def _where(self) -> dict[str, int]:
        return {} if self.chat_id is None else {"chat_id": self.chat_id}


def words_of(message: dict[str, Any]) -> str:
    """The text without the invisible marks of direction."""
    return re.sub("[\u2066-\u2069]", "", message.get("text") or message.get("caption") or "")


def buttons_of(message: dict[str, Any] | None) -> list[dict[str, Any]]:
    rows = ((message or {}).get("reply_markup") or {}).get("inline_keyboard", [])
    return [button for row in rows for button in row]

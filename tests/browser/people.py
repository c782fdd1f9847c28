"""A customer at his phone: talks to a shop's bot through the sandbox, as a person would."""

from __future__ import annotations

import asyncio
import base64
import re
import time
from dataclasses import dataclass
from typing import Any

import httpx

PATIENCE = 30.0
"""Seconds before a person gives up; generous, because the machine is shared."""


@dataclass(frozen=True, slots=True)
class Phone:
    """One person's chat with one bot."""

    http: httpx.AsyncClient
    sandbox: str
    token: str
    user_id: int

    async def act(self, action: str, **body: Any) -> Any:
        answer = await self.http.post(
            f"{self.sandbox}/_c/{action}", json={"token": self.token, "user_id": self.user_id, **body}
        )
        answer.raise_for_status()
        return answer.json()

    async def find_bot(self) -> None:
        """Wait until Telegram knows the bot: a shop opened just now takes a moment."""
        until = time.monotonic() + PATIENCE
        while True:
            answer = await self.http.post(
                f"{self.sandbox}/_c/transcript", json={"token": self.token, "user_id": self.user_id}
            )
            if answer.is_success:
                return
            assert time.monotonic() < until, f"the bot never came: {answer.text}"
            await asyncio.sleep(0.05)

    async def say(self, text: str) -> None:
        await self.act("text", text=text)

    async def send_photo(self, content: bytes, caption: str = "") -> None:
        await self.act("photo", data=base64.b64encode(content).decode(), caption=caption)

    async def messages(self) -> list[dict[str, Any]]:
        """The chat, oldest first, both sides."""
        found: list[dict[str, Any]] = (await self.act("transcript"))["messages"]
        return found

    async def read(self, pattern: str, *, since: int = 0) -> dict[str, Any]:
        """Wait for a message of the bot that matches; the newest one."""
        until = time.monotonic() + PATIENCE
        while True:
            messages = (await self.messages())[since:]
            for message in reversed(messages):
                words = message.get("text") or message.get("caption") or ""
                if message["from"]["is_bot"] and re.search(pattern, words):
                    return message
            if time.monotonic() > until:
                shown = "\n---\n".join(str(m.get("text") or m.get("caption")) for m in messages)
                raise AssertionError(f"nobody wrote {pattern!r}; the chat was:\n{shown}")
            await asyncio.sleep(0.05)

    async def press(self, label: str) -> None:
        """Press the newest button whose label matches."""
        until = time.monotonic() + PATIENCE
        while True:
            for message in reversed(await self.messages()):
                for button in buttons(message):
                    if re.search(label, button["text"]) and "callback_data" in button:
                        await self.act(
                            "press", message_id=message["message_id"], data=button["callback_data"]
                        )
                        return
            if time.monotonic() > until:
                raise AssertionError(f"no button {label!r}")
            await asyncio.sleep(0.05)


def buttons(message: dict[str, Any]) -> list[dict[str, Any]]:
    """The inline buttons under a message."""
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    return [button for row in rows for button in row]

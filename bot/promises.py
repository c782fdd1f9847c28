"""One promised message in the hands of this process, and how a kind of message is sent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiogram import Bot

from bot.views.screen import Reader
from shop.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Claimed:
    """One promise this process may keep until its lease ends, and for whom it is written."""

    id: int
    bot_id: int
    user_id: int | None
    chat_id: int
    topic_id: int | None
    kind: str
    payload: dict[str, Any]
    attempts: int
    reader: Reader


@dataclass(frozen=True, slots=True)
class Kept:
    """A promise that was kept: which message it became, and what else is true with it."""

    message_id: int | None
    note: Callable[[UnitOfWork], Awaitable[None]] | None = None
    """Written in the transaction that notes the sending; in the shop's name."""


Sender = Callable[[Bot, Claimed], Awaitable[Kept]]
"""Sends one promise. It calls Telegram outside of any unit of work, and raises what Telegram refuses."""

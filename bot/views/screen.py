"""A screen is a text and its buttons, written for one reader."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal
from zoneinfo import ZoneInfo

from aiogram.filters.callback_data import CallbackData
from aiogram.types import CopyTextButton, InlineKeyboardButton, InlineKeyboardMarkup

from bot.callbacks import AskSupport
from shop.i18n import gettext_for
from shop.texts.writing import Texts

COPY_LIMIT = 256
"""Characters a copy button can carry; longer lines are copied by touching them."""
LABEL_LIMIT = 48

Row = Sequence[InlineKeyboardButton]
Style = Literal["primary", "success", "danger"]


@dataclass(frozen=True, slots=True)
class Reader:
    """For whom a screen is written, and on whose wall the clock hangs."""

    language: str
    timezone: ZoneInfo
    shop_name: str
    support_username: str | None
    calendar: str = "jalali"
    texts: Texts = field(default_factory=dict, repr=False, hash=False)
    """The shop's own words, in every language."""
    has_tickets: bool = False
    """Whether the bot itself takes questions."""
    is_test: bool = False
    """Somebody of the team tries the shop: every message says so."""

    @property
    def gettext(self) -> Callable[[str], str]:
        return gettext_for(self.language)


@dataclass(frozen=True, slots=True)
class Screen:
    """``text`` is Telegram's HTML, with everything from outside escaped."""

    text: str
    keyboard: InlineKeyboardMarkup | None = None


def keyboard(*rows: Row) -> InlineKeyboardMarkup | None:
    """Rows of buttons; empty rows vanish, and so does a keyboard without buttons."""
    kept = [list(row) for row in rows if row]
    return InlineKeyboardMarkup(inline_keyboard=kept) if kept else None


def press(label: str, data: CallbackData, *, style: Style | None = None) -> InlineKeyboardButton:
    """A button that comes back to us."""
    return InlineKeyboardButton(text=label[:LABEL_LIMIT], callback_data=data.pack(), style=style)


def copy(label: str, text: str) -> Row:
    """A button that copies ``text``; none at all when it is too long for one."""
    if not 1 <= len(text) <= COPY_LIMIT:
        return ()
    return (InlineKeyboardButton(text=label, copy_text=CopyTextButton(text=text)),)


def support(reader: Reader, *, order_id: int | None = None, keep: bool = True) -> Row:
    """A way to a human: a ticket where the shop takes them, or else the account it has named."""
    if not reader.has_tickets:
        return contact(reader)
    return (press(reader.gettext("💬 Support"), AskSupport(order_id=order_id, keep=keep)),)


def contact(reader: Reader) -> Row:
    """The way out of the bot, to the account that the shop has named; only where it has."""
    if not reader.support_username:
        return ()
    address = f"https://t.me/{reader.support_username}"
    label = "✉️ %(name)s" if reader.has_tickets else reader.gettext("💬 Support")
    return (InlineKeyboardButton(text=label % {"name": f"@{reader.support_username}"}, url=address),)

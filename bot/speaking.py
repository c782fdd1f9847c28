"""Say a screen to a person: in the living message where there is one, anew where there is not.

One message lives through a flow and is edited at each step; what is to be kept (a receipt's number, what
was bought) is a message of its own.
"""

from __future__ import annotations

from aiogram.exceptions import TelegramBadRequest
from aiogram.types import CallbackQuery, InaccessibleMessage, Message

from bot.views.screen import Screen

Event = Message | CallbackQuery

SAME = "message is not modified"
"""Telegram's words for a second press of the same button."""


async def show(event: Event, screen: Screen) -> None:
    """Turn the living message into ``screen``; a new message where none can be edited."""
    if isinstance(event, CallbackQuery) and isinstance(event.message, Message):
        try:
            await event.message.edit_text(screen.text, reply_markup=screen.keyboard)
        except TelegramBadRequest as error:
            if SAME in error.message:
                return
        else:
            return
    await tell(event, screen)


async def tell(event: Event, screen: Screen) -> None:
    """Say ``screen`` in a message of its own."""
    message = event.message if isinstance(event, CallbackQuery) else event
    if isinstance(message, Message):
        await message.answer(screen.text, reply_markup=screen.keyboard)
    elif isinstance(message, InaccessibleMessage) and event.bot is not None:
        await event.bot.send_message(message.chat.id, screen.text, reply_markup=screen.keyboard)


async def answer_press(query: CallbackQuery, text: str | None = None, *, alert: bool = False) -> None:
    """End the waiting of a pressed button; too late is no harm."""
    try:
        await query.answer(text=text, show_alert=alert)
    except TelegramBadRequest:
        return

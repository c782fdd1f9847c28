"""What nobody else understood: never silence, never an error; the menu."""

from __future__ import annotations

from aiogram import Router
from aiogram.types import CallbackQuery, Message

from bot.handlers.menu import menu
from bot.middlewares.presses import Toast
from bot.speaking import show, tell
from bot.views.words import write
from bot.visit import Visit
from shop.unit_of_work import UnitsOfWork


async def any_message(message: Message, visit: Visit, units: UnitsOfWork) -> None:
    await tell(message, await menu(visit, units))


async def old_button(query: CallbackQuery, visit: Visit, units: UnitsOfWork, toast: Toast) -> None:
    """A button of an older day, or of a page that has moved on."""
    toast.text = write("old_page", visit.reader)
    await show(query, await menu(visit, units))


def router() -> Router:
    router = Router(name="fallback")
    router.message.register(any_message)
    router.callback_query.register(old_button)
    return router

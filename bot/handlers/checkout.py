"""Bills paid inside Telegram: we send none, so one that comes is refused before anything is charged."""

from __future__ import annotations

from aiogram import Router
from aiogram.types import PreCheckoutQuery

from bot.views.words import write
from bot.visit import Visit


async def refuse(query: PreCheckoutQuery, visit: Visit) -> None:
    await query.answer(ok=False, error_message=write("checkout_refused", visit.reader))


def router() -> Router:
    router = Router(name="checkout")
    router.pre_checkout_query.register(refuse)
    return router

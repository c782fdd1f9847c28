"""A tap lets a waiting browser of the dashboard go on, or ends its waiting."""

from __future__ import annotations

from aiogram import Router
from aiogram.types import CallbackQuery

from bot.callbacks import Tap
from bot.speaking import show
from bot.views import sign_in as views
from bot.views.screen import Reader
from shop.actors import System
from shop.errors import NotFound
from shop.staff import challenges
from shop.unit_of_work import UnitsOfWork

ACTOR = System("second-factor")


async def tap(
    query: CallbackQuery, callback_data: Tap, shop_id: int, reader: Reader, units: UnitsOfWork
) -> None:
    """Only in the private chat of the person himself; whose account may answer is the shop's to say."""
    if query.message is None or query.message.chat.id != query.from_user.id:
        raise NotFound("sign_in", callback_data.ref)
    async with units.begin(shop_id, ACTOR) as uow:
        answered = await challenges.answer(
            uow, callback_data.ref, number=callback_data.number, telegram_id=query.from_user.id
        )
    await show(query, views.answered(reader, answered))


def router() -> Router:
    router = Router(name="sign_in")
    router.callback_query.register(tap, Tap.filter())
    return router

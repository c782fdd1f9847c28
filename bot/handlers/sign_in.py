"""A tap lets a waiting browser of the dashboard go on, or ends its waiting."""

from __future__ import annotations

from aiogram import Router
from aiogram.types import CallbackQuery

from bot.callbacks import Tap
from bot.speaking import show
from bot.views import sign_in as views
from bot.views.screen import Reader
from shop import security
from shop.actors import System
from shop.errors import NotFound
from shop.staff import challenges
from shop.staff.challenges import Answered
from shop.unit_of_work import UnitsOfWork

ACTOR = System("second-factor")
NOBODY = 0
"""No account has this number; whoever taps in a chat that is not his own counts as nobody."""


async def tap(
    query: CallbackQuery, callback_data: Tap, shop_id: int, reader: Reader, units: UnitsOfWork
) -> None:
    """Only in the private chat of the person himself; whose account may answer is the shop's to say."""
    with security.coming_from(query.id, f"telegram:{query.from_user.id}"):
        answered = await _answer(query, callback_data, shop_id, units)
    await show(query, views.answered(reader, answered))


async def _answer(query: CallbackQuery, tapped: Tap, shop_id: int, units: UnitsOfWork) -> Answered:
    is_own_chat = query.message is not None and query.message.chat.id == query.from_user.id
    by = query.from_user.id if is_own_chat else NOBODY
    try:
        async with units.begin(shop_id, ACTOR) as uow:
            return await challenges.answer(uow, tapped.ref, number=tapped.number, telegram_id=by)
    except NotFound:
        security.tell("sign_in.forged", channel="bot", shop=shop_id, key=tapped.ref)
        raise


def router() -> Router:
    router = Router(name="sign_in")
    router.callback_query.register(tap, Tap.filter())
    return router

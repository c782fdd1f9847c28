"""One subscription in detail."""

from __future__ import annotations

from aiogram import Router
from aiogram.types import CallbackQuery

from bot.callbacks import ShowSubscription
from bot.speaking import tell
from bot.views import subscriptions
from bot.visit import Visit
from shop.subscriptions.queries import get_for_user
from shop.unit_of_work import UnitsOfWork


async def detail(
    query: CallbackQuery, callback_data: ShowSubscription, visit: Visit, units: UnitsOfWork
) -> None:
    """A message of its own: the link in it is to be kept."""
    async with visit.begin(units) as uow:
        held = await get_for_user(uow, visit.person.id, callback_data.subscription_id, visit.language)
    await tell(query, subscriptions.detail(visit.reader, held, now=uow.now))


def router() -> Router:
    router = Router(name="subscriptions")
    router.callback_query.register(detail, ShowSubscription.filter())
    return router

"""One dispatcher for all bots: which middleware stands before which handler."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from aiogram import Bot, Dispatcher
from aiogram.enums import ChatType
from aiogram.types import CallbackQuery, Update

from bot.arrivals import Arrivals
from bot.fsm import PostgresStorage
from bot.handlers import ROUTERS
from bot.middlewares.arrival import ArrivalMiddleware
from bot.middlewares.bot_context import BotContextMiddleware
from bot.middlewares.presses import AnswerPresses
from bot.middlewares.private import OnlyPrivate
from bot.middlewares.refusals import Refusals
from bot.middlewares.throttle import Throttle
from bot.middlewares.user import UserMiddleware
from bot.polling import RawUpdate
from bot.registry import Registry
from bot.views.refusals import incident
from bot.views.screen import Reader
from shop.i18n import pick_language
from shop.media.shelf import Shelf
from shop.unit_of_work import UnitsOfWork

UTC = ZoneInfo("UTC")


def build_dispatcher(units: UnitsOfWork, registry: Registry, shelf: Shelf) -> Dispatcher:
    """Handlers get ``units`` and ``shelf`` beside what the middlewares add."""
    storage = PostgresStorage(units, registry)
    dispatcher = Dispatcher(storage=storage, disable_fsm=True, units=units, shelf=shelf)
    dispatcher.update.outer_middleware(ArrivalMiddleware(storage, Arrivals(units), registry))
    context = BotContextMiddleware()
    person, throttle = UserMiddleware(units), Throttle()
    # From the outside in; the refusals first, so that they catch what the others raise.
    for observer in (dispatcher.message, dispatcher.callback_query, dispatcher.pre_checkout_query):
        for middleware in (Refusals(units), OnlyPrivate(), context, person):
            observer.outer_middleware(middleware)
    for observer in (dispatcher.message, dispatcher.callback_query):
        observer.outer_middleware(throttle)
    dispatcher.callback_query.outer_middleware(AnswerPresses())
    for middleware in (OnlyPrivate(), context):
        dispatcher.my_chat_member.outer_middleware(middleware)
    dispatcher.include_routers(*(build() for build in ROUTERS))
    return dispatcher


class Handler:
    """Stored updates to the dispatcher."""

    def __init__(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher

    async def handle(self, bot: Bot, raw: RawUpdate) -> None:
        """Raises whatever a handler raises and nobody caught."""
        update = Update.model_validate(raw, context={"bot": bot})
        await self._dispatcher.feed_update(bot, update)

    async def apologise(self, bot: Bot, raw: RawUpdate, mark: str) -> None:
        """An update was given up: its person shall not wait for an answer that will not come."""
        update = Update.model_validate(raw, context={"bot": bot})
        event = update.message or update.callback_query
        if event is None or event.from_user is None:
            return
        message = event.message if isinstance(event, CallbackQuery) else event
        if message is None or message.chat.type != ChatType.PRIVATE:
            return
        reader = Reader(pick_language(event.from_user.language_code), UTC, "", None)
        screen = incident(reader, mark)
        await bot.send_message(message.chat.id, screen.text, reply_markup=screen.keyboard)

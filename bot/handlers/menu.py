"""The places of the menu, by command and by button, and the language."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

from aiogram import Router
from aiogram.filters import Command, CommandObject, CommandStart
from aiogram.types import CallbackQuery, Message

from bot.callbacks import Go, Place, SetLanguage
from bot.speaking import show, tell
from bot.views import menu as views
from bot.views import receipts as receipt_views
from bot.views import shopping, subscriptions
from bot.views.screen import Screen
from bot.visit import Visit
from shop.orders.queries import is_bought_up
from shop.plans.queries import Offer, get_offer, list_offers
from shop.receipts.queries import list_awaiting
from shop.subscriptions.queries import list_for_user
from shop.unit_of_work import UnitOfWork, UnitsOfWork
from shop.users import service as users

PLAN_LINK = re.compile(r"plan_(\d{1,18})", re.ASCII)


async def menu(visit: Visit, units: UnitsOfWork) -> Screen:
    async with visit.begin(units) as uow:
        waiting = await list_awaiting(uow, visit.person.id, late_hours=visit.settings["late_receipt_hours"])
    return views.menu(visit.reader, name=visit.person.name, has_orders=bool(waiting))


async def plans(visit: Visit, units: UnitsOfWork) -> Screen:
    async with visit.begin(units) as uow:
        offers = await list_offers(uow, visit.language)
    return shopping.plans(visit.reader, offers)


async def status(visit: Visit, units: UnitsOfWork) -> Screen:
    async with visit.begin(units) as uow:
        waiting = await list_awaiting(uow, visit.person.id, late_hours=visit.settings["late_receipt_hours"])
    return receipt_views.status(
        visit.reader, waiting, now=uow.now, slow_after_minutes=visit.settings["receipt_late_minutes"]
    )


async def mine(visit: Visit, units: UnitsOfWork) -> Screen:
    async with visit.begin(units) as uow:
        held = await list_for_user(uow, visit.person.id, visit.language)
    return subscriptions.overview(visit.reader, held, now=uow.now)


async def languages(visit: Visit, _units: UnitsOfWork) -> Screen:
    return views.language(visit.reader)


PLACES: dict[Place, Callable[[Visit, UnitsOfWork], Awaitable[Screen]]] = {
    "menu": menu,
    "plans": plans,
    "status": status,
    "my": mine,
    "lang": languages,
}
BY_COMMAND: dict[str, Place] = {
    "menu": "menu",
    "buy": "plans",
    "status": "status",
    "my": "my",
    "lang": "lang",
}


async def start(message: Message, command: CommandObject, visit: Visit, units: UnitsOfWork) -> None:
    """The first word; a link may lead straight to a plan."""
    link = PLAN_LINK.fullmatch(command.args or "")
    if link is None:
        await tell(message, await menu(visit, units))
        return
    async with visit.begin(units) as uow:
        offer = await get_offer(uow, int(link.group(1)), visit.language)
        bought_up = await had_enough(uow, visit, offer)
    is_payable = visit.features.is_on("card_to_card")
    screen = shopping.review(visit.reader, offer, is_payable=is_payable, is_bought_up=bought_up)
    await tell(message, screen)


async def had_enough(uow: UnitOfWork, visit: Visit, offer: Offer) -> bool:
    """Whether the person may not buy this plan any more; asks nothing where a plan has no limit."""
    return await is_bought_up(
        uow, visit.person.id, offer.plan_id, most=offer.most_per_person, price=offer.price.amount
    )


async def command(message: Message, command: CommandObject, visit: Visit, units: UnitsOfWork) -> None:
    await tell(message, await PLACES[BY_COMMAND[command.command.lower()]](visit, units))


async def go(query: CallbackQuery, callback_data: Go, visit: Visit, units: UnitsOfWork) -> None:
    screen = await PLACES[callback_data.place](visit, units)
    await (tell if callback_data.keep else show)(query, screen)


async def set_language(
    query: CallbackQuery, callback_data: SetLanguage, visit: Visit, units: UnitsOfWork
) -> None:
    async with visit.begin(units) as uow:
        await users.set_language(uow, visit.person.id, callback_data.language)
    await show(query, await menu(visit.speaking(callback_data.language), units))


def router() -> Router:
    router = Router(name="menu")
    router.message.register(start, CommandStart())
    router.message.register(command, Command(*BY_COMMAND, ignore_case=True))
    router.callback_query.register(go, Go.filter())
    router.callback_query.register(set_language, SetLanguage.filter())
    return router

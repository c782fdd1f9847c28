"""From a plan to the card, and back out again. The shop decides anew at every step."""

from __future__ import annotations

from aiogram import Router
from aiogram.types import CallbackQuery

from bot.callbacks import CancelOrder, OpenGroup, PayByCard, PickPlan, ShowCard
from bot.handlers.menu import had_enough, status
from bot.speaking import show, tell
from bot.views import shopping
from bot.views.refusals import sentence
from bot.views.screen import Reader, Screen
from bot.views.words import mark
from bot.visit import Visit
from shop.errors import OrderClosed, PlanUnavailable, PriceChanged, ShopError
from shop.orders import service as orders
from shop.orders.queries import get_summary
from shop.orders.rules import CANCELLABLE
from shop.payments import service as payments
from shop.payments.service import CardInvoice
from shop.plans.queries import get_offer, list_offers
from shop.unit_of_work import UnitOfWork, UnitsOfWork


async def open_group(
    query: CallbackQuery, callback_data: OpenGroup, visit: Visit, units: UnitsOfWork
) -> None:
    """The plans of one group as they are now."""
    async with visit.begin(units) as uow:
        offers = await list_offers(uow, visit.language)
    await show(query, shopping.plans(visit.reader, offers, group_id=callback_data.group_id))


async def pick(query: CallbackQuery, callback_data: PickPlan, visit: Visit, units: UnitsOfWork) -> None:
    """Show the plan as it is now, whatever the button said."""
    try:
        async with visit.begin(units) as uow:
            offer = await get_offer(uow, callback_data.plan_id, visit.language)
            bought_up = await had_enough(uow, visit, offer)
    except PlanUnavailable as error:
        await _plans_again(query, visit, units, error)
        return
    is_payable = visit.features.is_on("card_to_card")
    say = tell if callback_data.keep else show
    await say(query, shopping.review(visit.reader, offer, is_payable=is_payable, is_bought_up=bought_up))


async def pay_by_card(
    query: CallbackQuery, callback_data: PayByCard, visit: Visit, units: UnitsOfWork
) -> None:
    """Order and show the card in one unit: without a card there is no order."""
    try:
        async with visit.begin(units) as uow:
            order = await orders.place(
                uow, visit.person.id, plan_id=callback_data.plan_id, shown_price=callback_data.price
            )
            invoice = await _pay(uow, visit, order.order_id)
    except PlanUnavailable as error:
        await _plans_again(query, visit, units, error)
    except PriceChanged as error:
        await _review_again(query, visit, units, error)
    else:
        await _show_card(query, visit, units, invoice)


async def show_card(query: CallbackQuery, callback_data: ShowCard, visit: Visit, units: UnitsOfWork) -> None:
    """The card of an order again; the same one as long as it is open."""
    async with visit.begin(units) as uow:
        invoice = await _pay(uow, visit, callback_data.order_id)
    await _show_card(query, visit, units, invoice)


async def _pay(uow: UnitOfWork, visit: Visit, order_id: int) -> CardInvoice | None:
    """None when the wallet had by itself what the order still needed."""
    if await payments.pay_rest_from_wallet(uow, visit.person.id, order_id):
        return None
    return await payments.start_card_payment(uow, visit.person.id, order_id)


async def _show_card(
    query: CallbackQuery, visit: Visit, units: UnitsOfWork, invoice: CardInvoice | None
) -> None:
    if invoice is None or invoice.status != "created":  # a receipt waits already: nothing to pay
        await show(query, await status(visit, units))
        return
    with_rial = visit.settings["show_rial"]
    await show(query, shopping.card(visit.reader, invoice, with_rial=with_rial, now=units.clock()))


async def cancel(query: CallbackQuery, callback_data: CancelOrder, visit: Visit, units: UnitsOfWork) -> None:
    """Asks once."""
    order_id = callback_data.order_id
    if callback_data.sure:
        async with visit.begin(units) as uow:
            await orders.cancel(uow, visit.person.id, order_id)
        await show(query, shopping.cancelled(visit.reader))
        return
    async with visit.begin(units) as uow:
        order = await get_summary(uow, visit.person.id, order_id, visit.language)
    if order.status not in CANCELLABLE:
        raise OrderClosed(order_id, order.status)
    await show(query, shopping.cancel_question(visit.reader, order_id, plan=order.plan_name))


async def _plans_again(
    query: CallbackQuery, visit: Visit, units: UnitsOfWork, error: PlanUnavailable
) -> None:
    async with visit.begin(units) as uow:
        offers = await list_offers(uow, visit.language)
    await show(query, _under(visit.reader, error, shopping.plans(visit.reader, offers)))


async def _review_again(query: CallbackQuery, visit: Visit, units: UnitsOfWork, error: PriceChanged) -> None:
    """The new price, to be confirmed anew: nobody is charged silently."""
    async with visit.begin(units) as uow:
        offer = await get_offer(uow, error.plan_id, visit.language)
        bought_up = await had_enough(uow, visit, offer)
    screen = shopping.review(visit.reader, offer, is_payable=True, is_bought_up=bought_up)
    await show(query, _under(visit.reader, error, screen))


def _under(reader: Reader, error: ShopError, screen: Screen) -> Screen:
    text = screen.text.removeprefix(mark(reader))  # the sentence above it has it already
    return Screen(f"{sentence(reader, error)}\n\n{text}", screen.keyboard)


def router() -> Router:
    router = Router(name="buy")
    router.callback_query.register(open_group, OpenGroup.filter())
    router.callback_query.register(pick, PickPlan.filter())
    router.callback_query.register(pay_by_card, PayByCard.filter())
    router.callback_query.register(show_card, ShowCard.filter())
    router.callback_query.register(cancel, CancelOrder.filter())
    return router

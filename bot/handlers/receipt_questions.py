"""Answers to our questions about receipts. What they are about waits in the conversation."""

from __future__ import annotations

from aiogram import Router
from aiogram.types import CallbackQuery

from bot.callbacks import AskReceipt, ConfirmReference, DropReceipt, GiveReceipt
from bot.handlers.fallback import old_button
from bot.middlewares.presses import Toast
from bot.receiving import AtCounter, Counter, forget, hand_in, remembered, take
from bot.speaking import show, tell
from bot.states import Receipt
from bot.views import receipts as views
from shop.errors import NotFound


async def ask(query: CallbackQuery, callback_data: AskReceipt, counter: Counter) -> None:
    """The next file shall be the receipt of this payment."""
    awaiting = await counter.awaiting()
    payment = next((one for one in awaiting if one.payment_id == callback_data.payment_id), None)
    if payment is None:
        raise NotFound("payment", callback_data.payment_id)
    await counter.state.update_data(payment_id=payment.payment_id)
    await counter.state.set_state(Receipt.asked)
    await tell(query, views.ask(counter.visit.reader, payment))


async def give(query: CallbackQuery, callback_data: GiveReceipt, counter: Counter, toast: Toast) -> None:
    """The chosen order, or the consent to replace."""
    offering = await remembered(counter.state, callback_data.message_id)
    if offering is None:
        await old_button(query, counter.visit, counter.units, toast)
    else:
        await hand_in(query, offering, callback_data.payment_id, counter)


async def confirm_reference(
    query: CallbackQuery, callback_data: ConfirmReference, counter: Counter, toast: Toast
) -> None:
    """The text is a tracking code; now it goes the way of any receipt."""
    offering = await remembered(counter.state, callback_data.message_id)
    if offering is None:
        await old_button(query, counter.visit, counter.units, toast)
    else:
        await take(query, offering, await counter.awaiting(), counter)


async def drop(query: CallbackQuery, callback_data: DropReceipt, counter: Counter) -> None:
    """Not a receipt, or not instead of the one before: nothing changes."""
    if await remembered(counter.state, callback_data.message_id) is not None:
        await forget(counter.state)
    await show(query, views.dropped(counter.visit.reader))


def router() -> Router:
    router = Router(name="receipt questions")
    router.callback_query.middleware(AtCounter())
    router.callback_query.register(ask, AskReceipt.filter())
    router.callback_query.register(give, GiveReceipt.filter())
    router.callback_query.register(confirm_reference, ConfirmReference.filter())
    router.callback_query.register(drop, DropReceipt.filter())
    return router

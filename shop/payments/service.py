"""The single door for money: how a payment begins, how it is settled, how it runs out."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import select, update

from db.models import CardToCardPayment, Order
from shop.actors import System
from shop.cards import service as cards
from shop.cards.service import ChosenCard
from shop.configurations import service as configurations
from shop.errors import NotFound, OrderClosed
from shop.features import service as features
from shop.money import Currency, Money
from shop.notifications import messages
from shop.notifications.outbox import enqueue
from shop.orders import service as orders
from shop.orders.rules import deadline
from shop.payments import rules
from shop.unit_of_work import UnitOfWork, UnitsOfWork
from shop.wallet import service as wallet

EXPIRE_AT_ONCE = 200
"""How many payments one sweep closes; the next one follows soon."""


@dataclass(frozen=True, slots=True)
class CardInvoice:
    """What the customer must know to transfer the money."""

    payment_id: int
    order_id: int
    tracking_number: str
    status: str
    amount: Money
    plan: dict[str, Any]
    """The order's snapshot."""
    card_number: str
    """Sixteen digits."""
    holder_name: str
    bank_name: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Settled:
    transaction_id: int
    order_status: str | None
    """None when the order needed the money no more: it is in the wallet then."""
    balance: int
    missing: int = 0
    """What the order still needs beyond the balance, in minor units."""
    plan: dict[str, Any] = field(default_factory=dict)
    """The order's snapshot."""


async def start_card_payment(uow: UnitOfWork, user_id: int, order_id: int) -> CardInvoice:
    """Show a card for an order. Asking again shows the same card and amount as long as it is open.

    For an order that was paid in part, what its customer's wallet lacks. Raises FeatureOff, NotFound (also
    for another person's order), OrderClosed, NoCardAvailable.
    """
    features.require_on(await features.load_state(uow), "card_to_card")
    user = await orders.lock_user(uow, user_id)
    order = await _own_order(uow, user_id, order_id)
    payment = await _open_for(uow, order_id)
    if payment is not None:
        return _invoice(payment, order, await cards.reveal_number(uow, payment.card_id))
    is_rest = order.status == "partially_paid"
    amount = order.amount - (user.balance if is_rest else 0)
    if (order.status != "awaiting_payment" and not is_rest) or amount < 1:
        raise OrderClosed(order_id, order.status)
    card = await cards.get_next_card_for_rotation(
        uow, amount=Money(amount, Currency(order.currency)), user_id=user_id
    )
    expires_at = order.expires_at
    if is_rest:
        minutes = await configurations.get_config_value(uow, "payment_minutes")
        expires_at = deadline(uow.now, minutes)
    payment = await _open_payment(uow, order, card, amount=amount, expires_at=expires_at)
    return _invoice(payment, order, card.number)


async def pay_rest_from_wallet(uow: UnitOfWork, user_id: int, order_id: int) -> bool:
    """Whether an order that was paid in part is complete now, because the wallet has the rest by itself.

    Raises NotFound (also for another person's order).
    """
    await orders.lock_user(uow, user_id)
    order = await _own_order(uow, user_id, order_id)
    if order.status != "partially_paid" or await _open_for(uow, order_id) is not None:
        return False
    return await orders.pay_from_balance(uow, order_id) is not None


async def _own_order(uow: UnitOfWork, user_id: int, order_id: int) -> Order:
    order = await uow.session.scalar(select(Order).where(Order.id == order_id, Order.user_id == user_id))
    if order is None:
        raise NotFound("order", order_id)
    return order


async def _open_for(uow: UnitOfWork, order_id: int) -> CardToCardPayment | None:
    found: CardToCardPayment | None = await uow.session.scalar(
        select(CardToCardPayment).where(
            CardToCardPayment.order_id == order_id, CardToCardPayment.status.in_(rules.OPEN)
        )
    )
    return found


async def _open_payment(
    uow: UnitOfWork, order: Order, card: ChosenCard, *, amount: int, expires_at: datetime | None
) -> CardToCardPayment:
    payment = CardToCardPayment(
        user_id=order.user_id,
        order_id=order.id,
        card_id=card.card_id,
        status="created",
        expected_amount=amount,
        currency=order.currency,
        card_snapshot={
            "bank_name": card.bank_name,
            "holder_name": card.holder_name,
            "first_six": card.first_six,
            "last_four": card.last_four,
        },
        tracking_number=await unused_tracking_number(uow),
        expires_at=expires_at,
        created_at=uow.now,
        updated_at=uow.now,
    )
    uow.session.add(payment)
    await uow.session.flush()
    return payment


async def unused_tracking_number(uow: UnitOfWork) -> str:
    """For a new payment of this shop."""
    while True:
        number = rules.new_tracking_number()
        taken = await uow.session.scalar(
            select(CardToCardPayment.id).where(CardToCardPayment.tracking_number == number)
        )
        if taken is None:
            return number


def _invoice(payment: CardToCardPayment, order: Order, number: str) -> CardInvoice:
    return CardInvoice(
        payment_id=payment.id,
        order_id=order.id,
        tracking_number=payment.tracking_number,
        status=payment.status,
        amount=Money(payment.expected_amount, Currency(payment.currency)),
        plan=order.snapshot,
        card_number=number,
        holder_name=payment.card_snapshot["holder_name"],
        bank_name=payment.card_snapshot["bank_name"],
        expires_at=payment.expires_at,
    )


async def settle(
    uow: UnitOfWork,
    *,
    user_id: int,
    order_id: int,
    amount: int,
    currency: str,
    method: Literal["card_to_card", "zarinpal"],
    cause: str,
    to_wallet: bool = False,
) -> Settled:
    """Book money that really arrived and let it buy what it was sent for.

    In the caller's transaction: credit (``cause`` is unique, so once), debit for the order, order,
    subscription, outbox. ``to_wallet``: it buys nothing, and the order is closed. The caller has moved the
    payment's own status and holds the customer's lock.
    """
    entry = await wallet.credit(
        uow,
        user_id,
        amount,
        kind="deposit",
        method=method,
        cause=cause,
        currency=currency,
        order_id=order_id,
    )
    if to_wallet:
        closed = await orders.close_unserved(uow, order_id)
        if closed is None:
            return Settled(entry.transaction_id, None, entry.balance_after)
        return Settled(entry.transaction_id, closed.status, entry.balance_after, plan=closed.snapshot)
    bought = await orders.pay_from_balance(uow, order_id)
    if bought is not None:
        balance = entry.balance_after if bought.balance is None else bought.balance
        return Settled(entry.transaction_id, bought.status, balance, plan=bought.plan)
    waiting = await orders.keep_for_the_rest(uow, order_id)
    if waiting is None:
        return Settled(entry.transaction_id, None, entry.balance_after)
    missing = waiting.amount - entry.balance_after
    return Settled(
        entry.transaction_id, waiting.status, entry.balance_after, missing=missing, plan=waiting.snapshot
    )


async def expire_due(units: UnitsOfWork) -> int:
    """Close what nobody paid in time, in every shop; how many payments were closed.

    Only payments without a receipt: one that waits for its review has no deadline. Each payment is
    closed in a transaction of its own, so that no two customers are ever locked together.
    """
    actor = System("expiry")
    async with units.platform(actor) as uow:
        due = await uow.session.execute(
            select(CardToCardPayment.bot_id, CardToCardPayment.id, CardToCardPayment.user_id)
            .where(CardToCardPayment.status == "created", CardToCardPayment.expires_at <= uow.now)
            .order_by(CardToCardPayment.expires_at)
            .limit(EXPIRE_AT_ONCE)
        )
        payments = due.tuples().all()
    closed = 0
    for bot_id, payment_id, user_id in payments:
        async with units.begin(bot_id, actor) as uow:
            user = await orders.lock_user(uow, user_id)
            closed += await _expire_payment(uow, payment_id, chat_id=user.telegram_id)
    await _expire_orders(units, actor)
    return closed


async def _expire_payment(uow: UnitOfWork, payment_id: int, *, chat_id: int) -> bool:
    payment = await uow.session.scalar(
        update(CardToCardPayment)
        .where(CardToCardPayment.id == payment_id, CardToCardPayment.status == "created")
        .values(status="expired", updated_at=uow.now)
        .returning(CardToCardPayment)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    if payment is None:
        return False
    await cards.record_outcome(
        uow,
        payment.card_id,
        amount=payment.expected_amount,
        shown_at=payment.created_at,
        outcome="released",
    )
    snapshot = await uow.session.scalar(select(Order.snapshot).where(Order.id == payment.order_id))
    await enqueue(
        uow,
        chat_id=chat_id,
        user_id=payment.user_id,
        message=messages.PaymentExpired(
            payment.id, payment.order_id, snapshot or {}, payment.expected_amount
        ),
    )
    return True


async def _expire_orders(units: UnitsOfWork, actor: System) -> None:
    """Orders whose time is over and for which no payment is open any more."""
    open_payment = (
        select(CardToCardPayment.id)
        .where(CardToCardPayment.order_id == Order.id, CardToCardPayment.status.in_(rules.OPEN))
        .exists()
    )
    async with units.platform(actor) as uow:
        over = (Order.status == "awaiting_payment", Order.expires_at <= uow.now, ~open_payment)
        shops = (await uow.session.scalars(select(Order.bot_id).where(*over).distinct())).all()
    for bot_id in shops:
        async with units.begin(bot_id, actor) as uow:
            await uow.session.execute(
                update(Order)
                .where(*over)
                .values(status="expired", updated_at=uow.now)
                .execution_options(synchronize_session=False)
            )

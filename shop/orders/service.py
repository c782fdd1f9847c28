"""Verbs on orders: place, cancel, pay from the wallet, hand over.

The customer's row is the mutex of everything about his orders: every verb here and in
``shop.payments`` and ``shop.receipts`` locks it first, so two of them never deadlock.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update

from db.batch import Upon
from db.models import Bot, BotPlan, CardToCardPayment, Order, User
from shop.audit import service as audit
from shop.cards import service as cards
from shop.configurations import service as configurations
from shop.errors import (
    NotFound,
    OrderClosed,
    PlanLimitReached,
    PlanUnavailable,
    PriceChanged,
    ShopClosed,
    TooManyOpenOrders,
    UserBlocked,
)
from shop.money import Currency, Money
from shop.orders import rules
from shop.orders.queries import has_receipt, is_bought_up
from shop.plans.rules import snapshot
from shop.provisioning import service as provisioning
from shop.unit_of_work import UnitOfWork
from shop.wallet import service as wallet

SELLING = ("active", "past_due")
_FULFILLED = Upon(Order, ("bot_id", "id", "status", "fulfilled_at", "updated_at"), where=("bot_id", "id"))


@dataclass(frozen=True, slots=True)
class PlacedOrder:
    order_id: int
    amount: Money
    expires_at: datetime


async def lock_user(uow: UnitOfWork, user_id: int) -> User:
    """Take the mutex of one customer's orders. Raises NotFound."""
    user = await uow.session.scalar(
        select(User).where(User.id == user_id).with_for_update().execution_options(populate_existing=True)
    )
    if user is None:
        raise NotFound("user", user_id)
    return user


async def place(uow: UnitOfWork, user_id: int, *, plan_id: int, shown_price: int) -> PlacedOrder:
    """Order ``plan_id`` at the price the button showed.

    A second tap finds the order of the first: an open order for the same plan and price without a
    receipt is answered again. Raises ShopClosed, UserBlocked, PlanUnavailable, PriceChanged,
    PlanLimitReached, TooManyOpenOrders.
    """
    user = await lock_user(uow, user_id)
    if user.blocked_at is not None:
        raise UserBlocked
    currency = await _currency_of_open_shop(uow)
    plan = await uow.session.scalar(
        select(BotPlan).where(BotPlan.id == plan_id, BotPlan.is_active, BotPlan.archived_at.is_(None))
    )
    if plan is None:
        raise PlanUnavailable(plan_id)
    if plan.price != shown_price:
        raise PriceChanged(plan_id, shown_price, plan.price)
    settings = await configurations.get_config_values(uow, ("payment_minutes", "max_open_orders"))
    open_orders = await _open_orders(uow, user_id)
    for order in open_orders:
        if order.plan_id == plan_id and order.amount == plan.price and not order.has_receipt:
            return PlacedOrder(order.id, Money(order.amount, currency), order.expires_at)
    if await is_bought_up(uow, user_id, plan_id, most=plan.most_per_person, price=plan.price):
        raise PlanLimitReached(plan_id, plan.most_per_person)
    if len(open_orders) >= settings["max_open_orders"]:
        raise TooManyOpenOrders(settings["max_open_orders"])
    expires_at = rules.deadline(uow.now, settings["payment_minutes"])
    order = Order(
        user_id=user_id,
        plan_id=plan_id,
        kind="purchase",
        status="awaiting_payment",
        amount=plan.price,
        currency=currency,
        snapshot=snapshot(plan),
        expires_at=expires_at,
        created_at=uow.now,
        updated_at=uow.now,
    )
    uow.session.add(order)
    await uow.session.flush()
    return PlacedOrder(order.id, Money(order.amount, currency), expires_at)


async def _currency_of_open_shop(uow: UnitOfWork) -> Currency:
    shop = (
        await uow.session.execute(select(Bot.currency, Bot.is_active, Bot.status).where(Bot.id == uow.bot_id))
    ).one()
    if not shop.is_active or shop.status not in SELLING:
        raise ShopClosed
    return Currency(shop.currency)


async def _open_orders(uow: UnitOfWork, user_id: int) -> list[Any]:
    rows = await uow.session.execute(
        select(Order.id, Order.plan_id, Order.amount, Order.expires_at, has_receipt().label("has_receipt"))
        .where(Order.user_id == user_id, Order.status.in_(rules.OPEN), Order.expires_at > uow.now)
        .order_by(Order.id.desc())
    )
    return list(rows.all())


async def cancel(uow: UnitOfWork, user_id: int, order_id: int) -> None:
    """The customer changed his mind. Idempotent; refused once a receipt waits for its review.

    Raises NotFound (also for another person's order) and OrderClosed.
    """
    await lock_user(uow, user_id)
    order = await uow.session.scalar(select(Order).where(Order.id == order_id, Order.user_id == user_id))
    if order is None:
        raise NotFound("order", order_id)
    if order.status == "cancelled":
        return
    payment = await uow.session.scalar(
        select(CardToCardPayment).where(
            CardToCardPayment.order_id == order_id,
            CardToCardPayment.status.in_(("created", "receipt_submitted")),
        )
    )
    if order.status not in rules.CANCELLABLE or (payment and payment.status == "receipt_submitted"):
        raise OrderClosed(order_id, "receipt_submitted" if payment else order.status)
    order.status, order.closed_reason, order.updated_at = "cancelled", "by_customer", uow.now
    if payment is not None:
        payment.status, payment.updated_at = "cancelled", uow.now
        await cards.record_outcome(
            uow,
            payment.card_id,
            amount=payment.expected_amount,
            shown_at=payment.created_at,
            outcome="released",
        )
    await uow.session.flush()
    await audit.record(uow, "order.cancelled", "order", order_id)


@dataclass(frozen=True, slots=True)
class Bought:
    """What became of an order that its customer's wallet paid."""

    status: str
    balance: int | None
    """What is left in the wallet; None when nothing was taken, because the order costs nothing."""
    plan: dict[str, Any]
    """The order's snapshot."""


async def keep_for_the_rest(uow: UnitOfWork, order_id: int) -> Order | None:
    """Money came for an order, and its customer's balance does not reach: it waits a day for the rest.

    None when the order needs no money (any more). The caller holds the customer's lock.
    """
    waiting: Order | None = await uow.session.scalar(
        update(Order)
        .where(Order.id == order_id, Order.status.in_(rules.PAYABLE))
        .values(
            status="partially_paid",
            expires_at=func.greatest(Order.expires_at, uow.now + rules.KEPT_FOR_THE_REST),
            updated_at=uow.now,
        )
        .returning(Order)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    return waiting


async def close_unserved(uow: UnitOfWork, order_id: int) -> Order | None:
    """Money came too late for an order, and stays in its customer's wallet: the order's time is over.

    None when the order needs no money (any more). The caller holds the customer's lock.
    """
    closed: Order | None = await uow.session.scalar(
        update(Order)
        .where(Order.id == order_id, Order.status.in_(rules.PAYABLE))
        .values(status="expired", closed_reason="late_to_wallet", updated_at=uow.now)
        .returning(Order)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    return closed


async def pay_from_balance(uow: UnitOfWork, order_id: int) -> Bought | None:
    """Take the order's price from its customer's wallet and hand over what was bought.

    None when the order needs no money (any more) or the balance does not reach: the money then simply
    stays in the wallet. The caller holds the customer's lock. That the order is fulfilled is written at the
    end of the unit: until then its row says that it is paid.
    """
    order = await uow.session.scalar(
        update(Order)
        .where(
            Order.id == order_id,
            Order.status.in_(rules.PAYABLE),
            select(User.balance).where(User.id == Order.user_id).scalar_subquery() >= Order.amount,
        )
        .values(status="paid", paid_at=uow.now, updated_at=uow.now)
        .returning(Order)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    if order is None:
        return None
    balance = None
    if order.amount > 0:
        taken = await wallet.debit(
            uow,
            order.user_id,
            order.amount,
            kind="purchase",
            method="wallet",
            cause=f"order:{order.id}:debit",
            currency=order.currency,
            order_id=order.id,
        )
        balance = taken.balance_after
    if order.kind != "topup" and not await provisioning.provide(uow, order):
        return Bought(order.status, balance, order.snapshot)
    uow.last.update(_FULFILLED, uow.bot_id, order.id, "fulfilled", uow.now, uow.now)
    return Bought("fulfilled", balance, order.snapshot)

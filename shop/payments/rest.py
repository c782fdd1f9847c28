"""A receipt that comes for the rest of an order before its customer has asked where to pay it."""

from __future__ import annotations

from sqlalchemy import select

from db.models import CardToCardPayment, Order, User
from shop.cards import service as cards
from shop.configurations import service as configurations
from shop.errors import NoOpenPayment, NotFound
from shop.orders.rules import deadline
from shop.payments import rules
from shop.payments.service import unused_tracking_number
from shop.unit_of_work import UnitOfWork

ACCEPTED_SHORT = "approved_other_amount"


async def own_payment(uow: UnitOfWork, user: User, payment_id: int) -> CardToCardPayment:
    """The customer's payment that takes a receipt sent for ``payment_id``, locked.

    The caller holds the customer's lock. Raises NotFound and NoOpenPayment.
    """
    payment_id = await payment_for(uow, user, payment_id)
    payment: CardToCardPayment | None = await uow.session.scalar(
        select(CardToCardPayment)
        .where(CardToCardPayment.id == payment_id, CardToCardPayment.user_id == user.id)
        .with_for_update()
    )
    if payment is None:
        raise NotFound("payment", payment_id)
    return payment


async def payment_for(uow: UnitOfWork, user: User, payment_id: int) -> int:
    """Which payment takes a receipt that was sent for ``payment_id``: nearly always that one itself.

    One that was accepted with too little is settled; what its order still lacks is a payment of its own: the
    open one, or a new one to the card that the customer knows. The caller holds the customer's lock. Raises
    NoOpenPayment where the wallet has the rest by itself.
    """
    found = await uow.session.execute(
        select(CardToCardPayment, Order)
        .join(Order, Order.id == CardToCardPayment.order_id)
        .where(
            CardToCardPayment.id == payment_id,
            CardToCardPayment.user_id == user.id,
            CardToCardPayment.status == ACCEPTED_SHORT,
            Order.status == "partially_paid",
        )
    )
    row = found.one_or_none()
    if row is None:
        return payment_id
    earlier, order = row
    waiting = await uow.session.scalar(
        select(CardToCardPayment.id).where(
            CardToCardPayment.order_id == order.id, CardToCardPayment.status.in_(rules.OPEN)
        )
    )
    if waiting is not None:
        return int(waiting)
    missing = order.amount - user.balance
    if missing < 1:
        raise NoOpenPayment
    return await _begin(uow, earlier, missing)


async def _begin(uow: UnitOfWork, earlier: CardToCardPayment, missing: int) -> int:
    """He was shown no other card than that of ``earlier``, whatever became of it: there it went."""
    minutes = await configurations.get_config_value(uow, "payment_minutes")
    payment = CardToCardPayment(
        user_id=earlier.user_id,
        order_id=earlier.order_id,
        card_id=earlier.card_id,
        status="created",
        expected_amount=missing,
        currency=earlier.currency,
        card_snapshot=earlier.card_snapshot,
        tracking_number=await unused_tracking_number(uow),
        expires_at=deadline(uow.now, minutes),
        created_at=uow.now,
        updated_at=uow.now,
    )
    uow.session.add(payment)
    await uow.session.flush()
    await cards.record_outcome(
        uow, payment.card_id, amount=missing, shown_at=payment.created_at, outcome="reopened"
    )
    return payment.id

"""Move a customer's money. Called by ``shop.payments`` and ``shop.orders`` alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sqlalchemy import update

from db.models import Transaction, User
from shop.errors import InsufficientBalance, NotFound
from shop.unit_of_work import UnitOfWork

Kind = Literal["deposit", "purchase", "refund", "correction", "reversal", "bonus"]
Method = Literal["card_to_card", "zarinpal", "wallet", "staff", "system"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One movement as it was booked; amounts in the shop's minor unit."""

    transaction_id: int
    balance_after: int


async def credit(
    uow: UnitOfWork,
    user_id: int,
    amount: int,
    *,
    kind: Kind,
    method: Method,
    cause: str,
    currency: str,
    order_id: int | None = None,
    note: str | None = None,
) -> Entry:
    """Add ``amount`` (> 0). ``cause`` is unique in the shop: the same cause twice is an IntegrityError."""
    if amount <= 0:
        raise ValueError(f"a credit is positive, got {amount}")
    return await _move(
        uow,
        user_id,
        amount,
        kind=kind,
        method=method,
        cause=cause,
        currency=currency,
        order_id=order_id,
        note=note,
    )


async def debit(
    uow: UnitOfWork,
    user_id: int,
    amount: int,
    *,
    kind: Kind,
    method: Method,
    cause: str,
    currency: str,
    order_id: int | None = None,
    note: str | None = None,
) -> Entry:
    """Take ``amount`` (> 0) or raise InsufficientBalance; the balance never goes below nought."""
    if amount <= 0:
        raise ValueError(f"a debit is positive, got {amount}")
    return await _move(
        uow,
        user_id,
        -amount,
        kind=kind,
        method=method,
        cause=cause,
        currency=currency,
        order_id=order_id,
        note=note,
    )


async def _move(
    uow: UnitOfWork,
    user_id: int,
    signed: int,
    *,
    kind: Kind,
    method: Method,
    cause: str,
    currency: str,
    order_id: int | None,
    note: str | None,
) -> Entry:
    balance = await uow.session.scalar(
        update(User)
        .where(User.id == user_id, User.balance + signed >= 0)
        .values(balance=User.balance + signed)
        .returning(User.balance)
        .execution_options(synchronize_session=False)
    )
    if balance is None:
        if await uow.session.get(User, user_id) is None:
            raise NotFound("user", user_id)
        raise InsufficientBalance(user_id, -signed)
    entry = Transaction(
        bot_id=uow.bot_id,
        user_id=user_id,
        order_id=order_id,
        kind=kind,
        method=method,
        amount=signed,
        currency=currency,
        balance_before=balance - signed,
        balance_after=balance,
        idempotency_key=cause,
        note=note,
        actor=uow.actor.label,
        channel=uow.channel,
        created_at=uow.now,
        updated_at=uow.now,
    )
    uow.session.add(entry)
    await uow.session.flush()
    return Entry(entry.id, balance)

"""Move a customer's money. Called by ``shop.payments`` and ``shop.orders`` alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NotRequired, TypedDict, Unpack

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


class Particulars(TypedDict):
    """What every movement says of itself. ``cause`` is unique in the shop: it moves money once."""

    kind: Kind
    method: Method
    cause: str
    currency: str
    order_id: NotRequired[int | None]
    note: NotRequired[str | None]


async def credit(uow: UnitOfWork, user_id: int, amount: int, **particulars: Unpack[Particulars]) -> Entry:
    """Add ``amount`` (> 0). The same cause twice is an IntegrityError."""
    if amount <= 0:
        raise ValueError(f"a credit is positive, got {amount}")
    return await _move(uow, user_id, amount, particulars)


async def debit(uow: UnitOfWork, user_id: int, amount: int, **particulars: Unpack[Particulars]) -> Entry:
    """Take ``amount`` (> 0) or raise InsufficientBalance; the balance never goes below nought."""
    if amount <= 0:
        raise ValueError(f"a debit is positive, got {amount}")
    return await _move(uow, user_id, -amount, particulars)


async def _move(uow: UnitOfWork, user_id: int, signed: int, particulars: Particulars) -> Entry:
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
        order_id=particulars.get("order_id"),
        kind=particulars["kind"],
        method=particulars["method"],
        amount=signed,
        currency=particulars["currency"],
        balance_before=balance - signed,
        balance_after=balance,
        idempotency_key=particulars["cause"],
        note=particulars.get("note"),
        actor=uow.actor.label,
        channel=uow.channel,
        created_at=uow.now,
        updated_at=uow.now,
    )
    uow.session.add(entry)
    await uow.session.flush()
    return Entry(entry.id, balance)

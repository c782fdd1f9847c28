"""Move a customer's money. Called by ``shop.payments`` and ``shop.orders`` alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NotRequired, TypedDict, Unpack

from sqlalchemy import bindparam, insert, select, update

from db.models import Transaction, User
from db.prepared import compiled_once
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
    """The balance and its entry in one statement: there is never one without the other."""
    said: dict[str, Any] = {
        "bot_id": uow.bot_id,
        "user_id": user_id,
        "order_id": particulars.get("order_id"),
        "kind": particulars["kind"],
        "method": particulars["method"],
        "amount": signed,
        "currency": particulars["currency"],
        "idempotency_key": particulars["cause"],
        "note": particulars.get("note"),
        "actor": uow.actor.label,
        "channel": uow.channel,
        "created_at": uow.now,
        "updated_at": uow.now,
    }
    entry = (
        await uow.session.execute(_MOVED, {f"said_{name}": value for name, value in said.items()})
    ).one_or_none()
    if entry is None:
        if await uow.session.get(User, user_id) is None:
            raise NotFound("user", user_id)
        raise InsufficientBalance(user_id, -signed)
    return Entry(entry.id, entry.balance_after)


_SAID = (
    *("bot_id", "user_id", "order_id", "kind", "method", "amount", "currency", "idempotency_key"),
    *("note", "actor", "channel", "created_at", "updated_at"),
)


def _moved() -> Any:
    said = {name: bindparam(f"said_{name}", type_=Transaction.__table__.c[name].type) for name in _SAID}
    signed = said["amount"]
    moved = (
        update(User)
        .where(User.id == said["user_id"], User.bot_id == said["bot_id"], User.balance + signed >= 0)
        .values(balance=User.balance + signed, updated_at=said["updated_at"])
        .returning(User.balance)
        .cte("moved")
    )
    booked = (
        insert(Transaction)
        .from_select(
            [*_SAID, "balance_before", "balance_after"],
            select(*said.values(), moved.c.balance - signed, moved.c.balance),
            include_defaults=False,
        )
        .returning(Transaction.id, Transaction.balance_after)
    )
    return compiled_once(booked)


_MOVED = _moved()

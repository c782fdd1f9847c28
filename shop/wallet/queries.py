"""Balances, and whether they are the sums of their ledgers. ``shop.books`` proves the rest."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import BigInteger, func, select

from db.models import Transaction, User
from shop.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A customer whose balance is not the sum of the ledger; amounts in minor units."""

    bot_id: int
    user_id: int
    balance: int
    ledger_sum: int


async def balance(uow: UnitOfWork, user_id: int) -> int:
    """The customer's wallet in minor units; 0 for a stranger."""
    return await uow.session.scalar(select(User.balance).where(User.id == user_id)) or 0


async def prove(uow: UnitOfWork) -> list[Mismatch]:
    """Every customer in scope (one shop's, or all in a platform unit) whose sum is off; empty is proof."""
    total = func.coalesce(func.sum(Transaction.amount), 0).cast(BigInteger)
    rows = await uow.session.execute(
        select(User.bot_id, User.id, User.balance, total)
        .outerjoin(Transaction, (Transaction.bot_id == User.bot_id) & (Transaction.user_id == User.id))
        .group_by(User.bot_id, User.id, User.balance)
        .having(User.balance != total)
        .order_by(User.bot_id, User.id)
    )
    return [Mismatch(*row) for row in rows]

"""The ledger as a list: every movement of every wallet, and what the chosen ones add up to."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Row, func, select

from db.models import CardToCardPayment, Transaction, User
from shop.actors import SHOP_SEE, require
from shop.finding import belonging_to
from shop.paging import PAGE_ROWS, Page, Place, filled
from shop.unit_of_work import UnitOfWork

_CARD_PAYMENT = re.compile(r"c2c:([1-9][0-9]{0,18})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which movements; None is all of them. ``since`` is included."""

    kind: str | None = None
    method: str | None = None
    since: datetime | None = None
    user_id: int | None = None
    words: str | None = None
    """Of the customer's name, or a number of his, of an order or of a receipt."""


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One movement; amounts in minor units, ``amount`` signed."""

    transaction_id: int
    created_at: datetime
    user_id: int
    customer_name: str
    kind: str
    method: str
    amount: int
    balance_before: int
    balance_after: int
    order_id: int | None
    payment_id: int | None
    """The transfer whose receipt brought the money."""
    card_last_four: str | None
    """Of the card it went to."""
    note: str | None
    actor: str
    """As the history writes it: ``staff:4``."""


@dataclass(frozen=True, slots=True)
class Totals:
    """What the chosen movements add up to, in minor units."""

    count: int
    credit: int
    debit: int
    """Positive."""

    @property
    def net(self) -> int:
        return self.credit - self.debit


async def list_movements(
    uow: UnitOfWork,
    wanted: Wanted,
    *,
    after: Place | None = None,
    newest_first: bool = True,
    rows: int = PAGE_ROWS,
) -> Page[LedgerRow]:
    """A page of the ledger, in two statements. Raises NotAllowed."""
    require(uow.actor, SHOP_SEE)
    statement = filled(
        select(Transaction, User.first_name, User.last_name).join(User, User.id == Transaction.user_id),
        select(Transaction.id).where(*_conditions(wanted)),
        Transaction.created_at,
        Transaction.id,
        after=after,
        newest_first=newest_first,
        rows=rows,
    )
    found = await uow.session.execute(statement)
    entries = found.all()
    shown = entries[:rows]
    cards = await _cards(uow, [payment for row in shown if (payment := _payment_of(row[0])) is not None])
    last = shown[-1][0] if len(entries) > rows else None
    return Page(
        [_row(row, cards) for row in shown],
        None if last is None else Place(last.created_at, last.id),
    )


async def add_up(uow: UnitOfWork, wanted: Wanted) -> Totals:
    """The sums of what is chosen, over all pages. Raises NotAllowed."""
    require(uow.actor, SHOP_SEE)

    def total(amount: ColumnElement[int]) -> ColumnElement[int]:
        return func.coalesce(func.sum(amount), 0).cast(BigInteger)

    statement = select(
        func.count(),
        total(func.greatest(Transaction.amount, 0)),
        total(func.greatest(-Transaction.amount, 0)),
    ).select_from(Transaction)
    return Totals(*(await uow.session.execute(statement.where(*_conditions(wanted)))).one())


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    found = []
    if wanted.kind is not None:
        found.append(Transaction.kind == wanted.kind)
    if wanted.method is not None:
        found.append(Transaction.method == wanted.method)
    if wanted.since is not None:
        found.append(Transaction.created_at >= wanted.since)
    if wanted.user_id is not None:
        found.append(Transaction.user_id == wanted.user_id)
    if wanted.words:
        found.append(belonging_to(Transaction, wanted.words))
    return found


def _payment_of(entry: Transaction) -> int | None:
    found = _CARD_PAYMENT.fullmatch(entry.idempotency_key)
    return int(found[1]) if found else None


async def _cards(uow: UnitOfWork, payments: Sequence[int]) -> dict[int, str | None]:
    """The last four digits of the card of each payment, by the payment."""
    if not payments:
        return {}
    found = await uow.session.execute(
        select(CardToCardPayment.id, CardToCardPayment.card_snapshot["last_four"].astext).where(
            CardToCardPayment.id.in_(payments)
        )
    )
    return {payment_id: last_four for payment_id, last_four in found}  # noqa: C416  (a row is no pair to mypy)


def _row(row: Row[Any], cards: dict[int, str | None]) -> LedgerRow:
    entry: Transaction = row[0]
    payment = _payment_of(entry)
    return LedgerRow(
        transaction_id=entry.id,
        created_at=entry.created_at,
        user_id=entry.user_id,
        customer_name=f"{row.first_name} {row.last_name or ''}".strip(),
        kind=entry.kind,
        method=entry.method,
        amount=entry.amount,
        balance_before=entry.balance_before,
        balance_after=entry.balance_after,
        order_id=entry.order_id,
        payment_id=payment if payment in cards else None,
        card_last_four=cards.get(payment) if payment is not None else None,
        note=entry.note,
        actor=entry.actor,
    )

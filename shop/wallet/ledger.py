"""The ledger as a list: every movement of every wallet, and what the chosen ones add up to."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Row, Select, any_, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from db.models import CardToCardPayment, Transaction, User
from db.prepared import compiled_once
from shop.actors import SHOP_SEE, require
from shop.finding import belonging_to
from shop.paging import ASKED, PAGE_ROWS, Asked, Page, Place, filled, place_values
from shop.unit_of_work import UnitOfWork

_CARD_PAYMENT = re.compile(r"c2c:([1-9][0-9]{0,18})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which movements; None is all of them. ``since`` is included, ``until`` is not."""

    kind: str | None = None
    method: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    user_id: int | None = None
    words: str | None = None
    """Of the customer's name, or a number of his, of an order or of a receipt."""

    @property
    def given(self) -> tuple[str, ...]:
        """What narrows the list besides words."""
        return tuple(name for name in _FILTERS if getattr(self, name) is not None)


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
    if wanted.words:
        place: Place | Asked | None = after
        statement = _page(_conditions(wanted), place, newest_first=newest_first, rows=rows)
    else:
        place = None if after is None else ASKED
        statement = _known_page(wanted.given, place, newest_first=newest_first, rows=rows)
    found = await uow.session.execute(statement, _values(uow, wanted) | place_values(after))
    entries = found.all()
    shown = entries[:rows]
    cards = await _cards(uow, [payment for row in shown if (payment := _payment_of(row)) is not None])
    last = shown[-1] if len(entries) > rows else None
    return Page(
        [_row(row, cards) for row in shown],
        None if last is None else Place(last.created_at, last.id),
    )


async def add_up(uow: UnitOfWork, wanted: Wanted) -> Totals:
    """The sums of what is chosen, over all pages. Raises NotAllowed."""
    require(uow.actor, SHOP_SEE)
    statement = _sums(_conditions(wanted)) if wanted.words else _known_sums(wanted.given)
    return Totals(*(await uow.session.execute(statement, _values(uow, wanted))).one())


_SHOP = bindparam("shop", type_=BigInteger)
_FILTERS: Mapping[str, ColumnElement[bool]] = {
    "kind": Transaction.kind == bindparam("kind"),
    "method": Transaction.method == bindparam("method"),
    "since": Transaction.created_at >= bindparam("since"),
    "until": Transaction.created_at < bindparam("until"),
    "user_id": Transaction.user_id == bindparam("user_id"),
}


@cache
def _known_page(given: tuple[str, ...], after: Asked | None, *, newest_first: bool, rows: int) -> Any:
    """Built and compiled once: either costs more than to run it. What words ask for is another each time."""
    return compiled_once(_page(_filtered(given), after, newest_first=newest_first, rows=rows))


@cache
def _known_sums(given: tuple[str, ...]) -> Any:
    return compiled_once(_sums(_filtered(given)))


def _page(
    conditions: Sequence[ColumnElement[bool]], after: Place | Asked | None, *, newest_first: bool, rows: int
) -> Select[Any]:
    return filled(
        select(*_SHOWN)
        .join(User, (User.bot_id == Transaction.bot_id) & (User.id == Transaction.user_id))
        .where(Transaction.bot_id == _SHOP),
        select(Transaction.id).where(*conditions),
        Transaction.created_at,
        Transaction.id,
        after=after,
        newest_first=newest_first,
        rows=rows,
    )


def _sums(conditions: Sequence[ColumnElement[bool]]) -> Select[Any]:
    def total(amount: ColumnElement[int]) -> ColumnElement[int]:
        return func.coalesce(func.sum(amount), 0).cast(BigInteger)

    return (
        select(
            func.count().label("count"),
            total(func.greatest(Transaction.amount, 0)).label("credit"),
            total(func.greatest(-Transaction.amount, 0)).label("debit"),
        )
        .select_from(Transaction)
        .where(*conditions)
    )


def _filtered(given: Sequence[str]) -> list[ColumnElement[bool]]:
    return [Transaction.bot_id == _SHOP, *(_FILTERS[name] for name in given)]


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    return [*_filtered(wanted.given), belonging_to(Transaction, wanted.words or "")]


def _values(uow: UnitOfWork, wanted: Wanted) -> dict[str, Any]:
    return {"shop": uow.bot_id} | {name: getattr(wanted, name) for name in wanted.given}


_SHOWN = (
    Transaction.id,
    Transaction.created_at,
    Transaction.user_id,
    Transaction.kind,
    Transaction.method,
    Transaction.amount,
    Transaction.balance_before,
    Transaction.balance_after,
    Transaction.order_id,
    Transaction.note,
    Transaction.actor,
    Transaction.idempotency_key,
    User.first_name,
    User.last_name,
)


def _payment_of(entry: Row[Any]) -> int | None:
    found = _CARD_PAYMENT.fullmatch(entry.idempotency_key)
    return int(found[1]) if found else None


async def _cards(uow: UnitOfWork, payments: Sequence[int]) -> dict[int, str | None]:
    """The last four digits of the card of each payment, by the payment."""
    if not payments:
        return {}
    found = await uow.session.execute(_PAID_TO, {"shop": uow.bot_id, "payments": payments})
    return {payment_id: last_four for payment_id, last_four in found}  # noqa: C416  (a row is no pair to mypy)


_PAID_TO = compiled_once(
    select(
        CardToCardPayment.id, CardToCardPayment.card_snapshot["last_four"].astext.label("last_four")
    ).where(
        CardToCardPayment.bot_id == _SHOP,
        CardToCardPayment.id == any_(bindparam("payments", type_=ARRAY(BigInteger))),
    )
)


def _row(row: Row[Any], cards: dict[int, str | None]) -> LedgerRow:
    payment = _payment_of(row)
    return LedgerRow(
        transaction_id=row.id,
        created_at=row.created_at,
        user_id=row.user_id,
        customer_name=f"{row.first_name} {row.last_name or ''}".strip(),
        kind=row.kind,
        method=row.method,
        amount=row.amount,
        balance_before=row.balance_before,
        balance_after=row.balance_after,
        order_id=row.order_id,
        payment_id=payment if payment in cards else None,
        card_last_four=cards.get(payment) if payment is not None else None,
        note=row.note,
        actor=row.actor,
    )

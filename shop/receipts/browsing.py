"""Every receipt the shop was ever sent, as a list: chosen, in order, page by page, and what it adds up to.

The desk shows what is to be done; this reaches all the rest, however long ago it was decided.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Row, func, select

from db.models import CardToCardPayment, Order, TenantPaymentCard, User
from shop.actors import RECEIPTS_SEE, require
from shop.cards import banks
from shop.paging import PAGE_ROWS, Page, Place, filled
from shop.plans import sold
from shop.unit_of_work import UnitOfWork

ACCEPTED = ("approved", "approved_other_amount")
STATES = (
    *("waiting", "duplicates", "held", "late", "flagged"),
    *(*ACCEPTED, "to_wallet", "rejected", "reversed"),
)
"""What a list may be narrowed to: ``late`` and ``flagged`` (seen before) whatever was decided, ``duplicates``
those of the flagged ones that wait, ``to_wallet`` those of the accepted ones whose money bought nothing."""
MOST_REVIEWERS = 200
_Payment = CardToCardPayment


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which receipts; None is all of them. Amounts in minor units, both ends included; ``until`` is not."""

    state: str | None = None
    card_id: int | None = None
    least: int | None = None
    most: int | None = None
    """Of what the customer was asked to pay."""
    reviewer: str | None = None
    """As colleagues are shown who decided."""
    since: datetime | None = None
    until: datetime | None = None
    """When the receipt came."""
    user_id: int | None = None


@dataclass(frozen=True, slots=True)
class ReceiptRow:
    """One payment with the receipt that stands for it now; amounts in minor units."""

    payment_id: int
    submitted_at: datetime
    user_id: int
    customer_name: str
    order_id: int
    plan_name: str
    amount: int
    """What was asked for."""
    accepted: int | None
    """What was booked; None unless it was accepted."""
    status: str
    is_held: bool
    """Decided a moment ago, and may still be taken back."""
    late: bool
    to_wallet: bool
    """Accepted too late: its money was kept for the customer, and bought nothing."""
    seen_before: bool
    card_id: int
    card_last_four: str
    reviewer: str | None
    reviewed_at: datetime | None
    channel: str | None
    reject_reason: str | None
    words: str | None
    """Of the reviewer: to the customer about a rejection, to colleagues about another amount."""
    tracking_number: str
    payer_reference: str | None


@dataclass(frozen=True, slots=True)
class PaidTo:
    """A card that receipts may have been sent for, one put away too."""

    card_id: int
    last_four: str
    bank: str


@dataclass(frozen=True, slots=True)
class Totals:
    """What the chosen receipts add up to, in minor units."""

    count: int
    asked: int
    accepted: int


async def list_receipts(
    uow: UnitOfWork,
    wanted: Wanted,
    *,
    language: str,
    after: Place | None = None,
    newest_first: bool = True,
    rows: int = PAGE_ROWS,
) -> Page[ReceiptRow]:
    """A page, by when the receipts came. Raises NotAllowed."""
    require(uow.actor, RECEIPTS_SEE)
    # Never empty here: ``_conditions`` asks for payments that were given a receipt.
    came: Any = _Payment.receipt_submitted_at
    statement = filled(
        select(_Payment, User.first_name, User.last_name, Order.snapshot)
        .join(User, User.id == _Payment.user_id)
        .join(Order, Order.id == _Payment.order_id),
        select(_Payment.id).where(*_conditions(uow, wanted)),
        came,
        _Payment.id,
        after=after,
        newest_first=newest_first,
        rows=rows,
    )
    found = (await uow.session.execute(statement)).all()
    shown = [_row(row, language) for row in found[:rows]]
    last = shown[-1] if len(found) > rows else None
    return Page(shown, None if last is None else Place(last.submitted_at, last.payment_id))


async def add_up(uow: UnitOfWork, wanted: Wanted) -> Totals:
    """The sums of what is chosen, over all pages. Raises NotAllowed."""
    require(uow.actor, RECEIPTS_SEE)

    def total(amount: ColumnElement[Any]) -> ColumnElement[int]:
        return func.coalesce(amount, 0).cast(BigInteger)

    statement = select(
        func.count(),
        total(func.sum(_Payment.expected_amount)),
        total(func.sum(_Payment.amount).filter(_Payment.status.in_(ACCEPTED))),
    ).select_from(_Payment)
    return Totals(*(await uow.session.execute(statement.where(*_conditions(uow, wanted)))).one())


async def list_reviewers(uow: UnitOfWork) -> Sequence[str]:
    """Everybody who ever decided on a receipt here, by name, whoever is still on the team.

    One step of the index a name, not one a receipt. Raises NotAllowed.
    """
    require(uow.actor, RECEIPTS_SEE)
    by, here = _Payment.admin_reviewed_by, _Payment.bot_id == uow.bot_id
    names = select(func.min(by).label("name")).where(here, by.is_not(None)).cte("reviewers", recursive=True)
    following = select(func.min(by)).where(here, by > names.c.name).correlate(names).scalar_subquery()
    names = names.union_all(select(following).where(names.c.name.is_not(None)))
    found = await uow.session.scalars(
        select(names.c.name).where(names.c.name.is_not(None)).limit(MOST_REVIEWERS)
    )
    return list(found)


async def list_cards(uow: UnitOfWork, language: str) -> Sequence[PaidTo]:
    """The shop's cards in the owner's order, then those put away. Raises NotAllowed."""
    require(uow.actor, RECEIPTS_SEE)
    card = TenantPaymentCard
    rows = await uow.session.execute(
        select(card.id, card.last_four, card.bank_name).order_by(
            card.archived_at.is_not(None), card.position, card.id
        )
    )
    return [PaidTo(row.id, row.last_four, banks.localised(row.bank_name, language)) for row in rows]


def _conditions(uow: UnitOfWork, wanted: Wanted) -> list[ColumnElement[bool]]:
    came = _Payment.receipt_submitted_at
    found = [_Payment.bot_id == uow.bot_id, came.is_not(None)]
    if wanted.state is not None:
        found.append(_in_state(wanted.state))
    if wanted.card_id is not None:
        found.append(_Payment.card_id == wanted.card_id)
    if wanted.least is not None:
        found.append(_Payment.expected_amount >= wanted.least)
    if wanted.most is not None:
        found.append(_Payment.expected_amount <= wanted.most)
    if wanted.reviewer is not None:
        found.append(_Payment.admin_reviewed_by == wanted.reviewer)
    if wanted.since is not None:
        found.append(came >= wanted.since)
    if wanted.until is not None:
        found.append(came < wanted.until)
    if wanted.user_id is not None:
        found.append(_Payment.user_id == wanted.user_id)
    return found


def _in_state(state: str) -> ColumnElement[bool]:
    waits = (_Payment.status == "receipt_submitted") & _Payment.commit_at.is_(None)
    asked: dict[str, ColumnElement[bool]] = {
        "waiting": waits,
        "duplicates": waits & _Payment.duplicate_suspect.is_(True),
        "held": _Payment.commit_at.is_not(None),
        "late": _Payment.late.is_(True),
        "flagged": _Payment.duplicate_suspect.is_(True),
        "to_wallet": _Payment.to_wallet.is_(True) & _Payment.status.in_(ACCEPTED),
    }
    return asked.get(state, _Payment.status == state)


def _row(row: Row[Any], language: str) -> ReceiptRow:
    payment: CardToCardPayment = row[0]
    return ReceiptRow(
        payment_id=payment.id,
        submitted_at=row[0].receipt_submitted_at,
        user_id=payment.user_id,
        customer_name=f"{row.first_name} {row.last_name or ''}".strip(),
        order_id=payment.order_id,
        plan_name=sold.name(row.snapshot, language),
        amount=payment.expected_amount,
        accepted=payment.amount if payment.status in ACCEPTED else None,
        status=payment.status,
        is_held=payment.commit_at is not None,
        late=payment.late,
        to_wallet=payment.to_wallet and payment.status in ACCEPTED,
        seen_before=payment.duplicate_suspect,
        card_id=payment.card_id,
        card_last_four=payment.card_snapshot["last_four"],
        reviewer=payment.admin_reviewed_by,
        reviewed_at=payment.admin_reviewed_at,
        channel=payment.admin_channel,
        reject_reason=payment.reject_reason,
        words=payment.admin_notes,
        tracking_number=payment.tracking_number,
        payer_reference=payment.payer_reference,
    )

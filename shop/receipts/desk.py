"""The receipt desk as one frozen value: the queue, the counts, and the item under review."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import aliased

from db.models import CardToCardPayment, Order, Staff, User
from shop.actors import RECEIPTS_SEE, require
from shop.configurations import service as configurations
from shop.plans import sold
from shop.receipts import presence
from shop.receipts.detail import ReceiptDetail, load_detail
from shop.receipts.holding import HeldDecision, list_held
from shop.receipts.presence import Reviewer
from shop.unit_of_work import UnitOfWork

Tab = Literal["waiting", "approved", "rejected"]
Filter = Literal["all", "flagged", "new"]
STATUSES: Mapping[Tab, tuple[str, ...]] = {
    "waiting": ("receipt_submitted",),
    "approved": ("approved", "approved_other_amount", "reversed"),
    "rejected": ("rejected",),
}
PAGE = 50


@dataclass(frozen=True, slots=True)
class QueueItem:
    payment_id: int
    customer_name: str
    amount: int
    plan_name: str
    submitted_at: datetime
    is_late: bool
    """Waits longer than the shop promises (``receipt_late_minutes``)."""
    is_flagged: bool
    is_new_customer: bool
    status: str
    reviewer: Reviewer | None = None
    """A colleague who looks at it now."""


@dataclass(frozen=True, slots=True)
class Desk:
    tab: Tab
    filter: Filter
    counts: Mapping[str, int]
    queue: Sequence[QueueItem]
    item: ReceiptDetail | None
    next_id: int | None
    """The receipt after ``item`` in the queue; None at its end."""
    position: int
    """Of ``item`` in the queue, from 1; 0 when it is not in it."""
    total: int
    """In this tab, with this filter."""
    held: Sequence[HeldDecision] = ()
    """Decisions of the shop that may still be taken back, the soonest to count first."""


def waits() -> ColumnElement[bool]:
    """A receipt nobody has decided about; one whose decision is held waits for nobody."""
    return (CardToCardPayment.status == "receipt_submitted") & CardToCardPayment.commit_at.is_(None)


def tab_of(status: str) -> Tab:
    """The tab a receipt of ``status`` is listed under."""
    return next((tab for tab, statuses in STATUSES.items() if status in statuses), "waiting")


async def load_desk(
    uow: UnitOfWork,
    *,
    tab: Tab = "waiting",
    chosen_filter: Filter = "all",
    payment_id: int | None = None,
    language: str = "fa",
) -> Desk:
    """The desk with ``payment_id`` under review (None: nothing chosen yet).

    The waiting queue is oldest first, because it is worked from the front; the others newest first.
    Raises NotAllowed, and NotFound for a receipt of another shop or one that was never sent.
    """
    require(uow.actor, RECEIPTS_SEE)
    item = await load_detail(uow, payment_id, language) if payment_id is not None else None
    if item is not None:
        tab = tab_of(item.status)
    counts = await _counts(uow)
    queue = await _queue(uow, tab, chosen_filter, language)
    ids = [entry.payment_id for entry in queue]
    at = ids.index(item.payment_id) if item is not None and item.payment_id in ids else -1
    following = [entry for entry in ids[at + 1 :] + ids[: max(at, 0)] if at >= 0]
    total = counts[tab] if chosen_filter == "all" else len(queue)
    return Desk(
        tab=tab,
        filter=chosen_filter,
        counts=counts,
        queue=queue,
        item=item,
        next_id=following[0] if following else (ids[0] if ids and at < 0 else None),
        position=at + 1,
        total=total,
        held=await list_held(uow),
    )


async def first_waiting(uow: UnitOfWork, *, after: int | None = None) -> int | None:
    """The receipt to work on next: the oldest that waits, but the one that came after ``after`` first."""
    waiting = select(CardToCardPayment.id).where(waits())
    order = (CardToCardPayment.receipt_submitted_at, CardToCardPayment.id)
    if after is not None:
        since = (
            select(CardToCardPayment.receipt_submitted_at)
            .where(CardToCardPayment.id == after)
            .scalar_subquery()
        )
        found: int | None = await uow.session.scalar(
            waiting.where(CardToCardPayment.receipt_submitted_at >= since, CardToCardPayment.id != after)
            .order_by(*order)
            .limit(1)
        )
        if found is not None:
            return found
    oldest: int | None = await uow.session.scalar(waiting.order_by(*order).limit(1))
    return oldest


async def count_waiting(uow: UnitOfWork) -> int:
    """How many receipts wait; for the badge that every page carries."""
    return await uow.session.scalar(select(func.count()).select_from(CardToCardPayment).where(waits())) or 0


async def _counts(uow: UnitOfWork) -> dict[str, int]:
    rows = await uow.session.execute(
        select(CardToCardPayment.status, func.count())
        .where(
            CardToCardPayment.status.in_([status for known in STATUSES.values() for status in known]),
            CardToCardPayment.commit_at.is_(None),
        )
        .group_by(CardToCardPayment.status)
    )
    by_status = dict(rows.tuples().all())
    return {tab: sum(by_status.get(status, 0) for status in known) for tab, known in STATUSES.items()}


async def _queue(uow: UnitOfWork, tab: Tab, chosen: Filter, language: str) -> list[QueueItem]:
    minutes = await configurations.get_config_value(uow, "receipt_late_minutes")
    late_before = uow.now - timedelta(minutes=minutes)
    earlier = aliased(Order)
    bought_before = (
        select(earlier.id).where(earlier.user_id == User.id, earlier.paid_at.is_not(None)).exists()
    )
    statement = (
        select(
            CardToCardPayment.id,
            CardToCardPayment.status,
            CardToCardPayment.expected_amount,
            CardToCardPayment.receipt_submitted_at,
            CardToCardPayment.duplicate_suspect,
            CardToCardPayment.late,
            User.first_name,
            User.last_name,
            User.blocked_at,
            Order.snapshot,
            bought_before.label("bought_before"),
            Staff.name.label("reviewer"),
            CardToCardPayment.claimed_until,
        )
        .join(User, User.id == CardToCardPayment.user_id)
        .join(Order, Order.id == CardToCardPayment.order_id)
        .outerjoin(Staff, presence.is_reviewed_by_another(uow))
        .where(CardToCardPayment.status.in_(STATUSES[tab]), CardToCardPayment.commit_at.is_(None))
        .limit(PAGE)
    )
    rows = await uow.session.execute(_sorted(_filtered(statement, chosen, bought_before), tab))
    return [_item(row, late_before, language) for row in rows]


def _filtered(statement: Select[Any], chosen: Filter, bought_before: Any) -> Select[Any]:
    if chosen == "flagged":
        return statement.where(
            or_(CardToCardPayment.duplicate_suspect, CardToCardPayment.late, User.blocked_at.is_not(None))
        )
    return statement.where(~bought_before) if chosen == "new" else statement


def _sorted(statement: Select[Any], tab: Tab) -> Select[Any]:
    if tab == "waiting":
        return statement.order_by(CardToCardPayment.receipt_submitted_at, CardToCardPayment.id)
    return statement.order_by(CardToCardPayment.admin_reviewed_at.desc(), CardToCardPayment.id.desc())


def _item(row: Any, late_before: datetime, language: str) -> QueueItem:
    return QueueItem(
        payment_id=row.id,
        customer_name=f"{row.first_name} {row.last_name or ''}".strip(),
        amount=row.expected_amount,
        plan_name=sold.name(row.snapshot, language),
        submitted_at=row.receipt_submitted_at,
        is_late=row.status == "receipt_submitted" and row.receipt_submitted_at <= late_before,
        is_flagged=row.duplicate_suspect or row.late or row.blocked_at is not None,
        is_new_customer=not row.bought_before,
        status=row.status,
        reviewer=presence.reviewer(row.reviewer, row.claimed_until),
    )

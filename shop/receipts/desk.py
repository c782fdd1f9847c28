"""The receipt desk as one frozen value: the queue, the counts, and the item under review."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Literal

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    CompoundSelect,
    Select,
    bindparam,
    false,
    func,
    literal,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.orm import aliased

from db.models import BotConfiguration, CardToCardPayment, Order, Staff, User
from db.prepared import among, compiled_once
from shop.actors import RECEIPTS_SEE, require
from shop.configurations import registry
from shop.errors import NotFound
from shop.plans import sold
from shop.receipts import browsing, handed, narrowing, presence
from shop.receipts.browsing import PaidTo
from shop.receipts.detail import ReceiptDetail, load_detail
from shop.receipts.holding import HeldDecision, list_held
from shop.receipts.narrowing import ALL, Narrowed
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
LATE = registry.find("receipt_late_minutes")
_AROUND = len(STATUSES) + 2
"""Columns of the frame."""
_SHOP = bindparam("shop", type_=BigInteger)


@dataclass(frozen=True, slots=True)
class QueueItem:
    payment_id: int
    customer_name: str
    amount: int
    plan_name: str
    submitted_at: datetime
    is_late: bool
    """Waits longer than the shop promises (``receipt_late_minutes``)."""
    flag: Literal["bad", "warn"] | None
    """The gravest of the warnings that are known without looking at other receipts."""
    is_new_customer: bool
    status: str
    reviewer: Reviewer | None = None
    """A colleague who looks at it now."""
    is_for_me: bool = False
    """Handed to whoever looks at the queue, in which it stands first so long."""


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
    narrowed: Narrowed = ALL
    """The part of the queue somebody works on; it stays when he looks at what is decided, and says nothing
    there."""
    cards: Sequence[PaidTo] = ()
    """Of the shop, where somebody narrows the queue or has narrowed it to one of them."""

    @property
    def is_part(self) -> bool:
        """Whether something of the waiting queue is left out."""
        return self.filter != "all" or bool(self.narrowed)


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
    after: int | None = None,
    stays: bool = False,
    narrowed: Narrowed = ALL,
    with_cards: bool = False,
    language: str = "fa",
) -> Desk:
    """The desk with ``payment_id`` under review, or the one to work on ``after`` another was decided.

    Neither: nothing chosen yet. ``tab`` is the one the item is listed under, unless it ``stays`` what it was
    when somebody began to look. The waiting queue begins with what was handed to this person; it is oldest
    first, because it is worked from the front, and may be ``narrowed``. The others are newest first:
    ``browsing`` narrows those. Raises NotAllowed, and NotFound for a receipt of another shop or one that was
    never sent.
    """
    require(uow.actor, RECEIPTS_SEE)
    item = None
    if payment_id is not None:
        item = await load_detail(uow, _CHOSEN, language, chosen=payment_id)
        if item is None:
            raise NotFound("receipt", payment_id)
        if not stays:
            tab = tab_of(item.status)
    elif after is not None:
        following = _next(chosen_filter, tuple(narrowed.given))
        item = await load_detail(uow, following, language, after=after, **narrowing.values(narrowed))
    part = narrowed if tab == "waiting" else ALL
    frame, queue, found = await _queue(uow, tab, chosen_filter, part, language)
    ids = [entry.payment_id for entry in queue]
    at = ids.index(item.payment_id) if item is not None and item.payment_id in ids else -1
    others = [entry for entry in ids[at + 1 :] + ids[: max(at, 0)] if at >= 0]
    return Desk(
        tab=tab,
        filter=chosen_filter,
        counts=frame.counts,
        queue=queue,
        item=item,
        next_id=others[0] if others else (ids[0] if ids and at < 0 else None),
        position=at + 1,
        total=frame.counts[tab] if chosen_filter == "all" and not part else found,
        held=await list_held(uow) if frame.is_anything_held else (),
        narrowed=narrowed,
        cards=await browsing.list_cards(uow, language) if with_cards or narrowed.card else (),
    )


async def first_waiting(uow: UnitOfWork, *, after: int | None = None) -> int | None:
    """The receipt to work on next: the oldest that waits, but the one that came after ``after`` first."""
    asked = {"shop": uow.bot_id, "after": after}
    found: int | None = await uow.session.scalar(select(_next("all", ())), asked)
    return found


@cache
def _next(chosen: Filter, narrowed: tuple[str, ...]) -> ColumnElement[Any]:
    """Of the part of the queue that is worked on; the same object for the same part."""
    after = bindparam("after", type_=BigInteger)
    first = (
        select(CardToCardPayment.id)
        .where(
            CardToCardPayment.bot_id == _SHOP,
            waits(),
            CardToCardPayment.id.is_distinct_from(after),
            *passes(chosen),
            *narrowing.conditions(narrowed),
        )
        .order_by(CardToCardPayment.receipt_submitted_at, CardToCardPayment.id)
        .limit(1)
        .correlate(None)
    )
    came = select(CardToCardPayment.receipt_submitted_at).where(
        CardToCardPayment.bot_id == _SHOP, CardToCardPayment.id == after
    )
    later = first.where(CardToCardPayment.receipt_submitted_at >= came.correlate(None).scalar_subquery())
    return func.coalesce(later.scalar_subquery(), first.scalar_subquery(), type_=BigInteger)


_CHOSEN = bindparam("chosen", type_=BigInteger)


async def count_waiting(uow: UnitOfWork) -> int:
    """How many receipts wait; for the badge that every page carries."""
    return await uow.session.scalar(_waiting(), {"shop": uow.bot_id}) or 0


@cache
def _waiting() -> Any:
    counted = select(func.count().label("waiting")).select_from(CardToCardPayment)
    return compiled_once(counted.where(CardToCardPayment.bot_id == _SHOP, waits()))


@dataclass(frozen=True, slots=True)
class _Frame:
    """What is around the queue, read beside its rows."""

    counts: Mapping[str, int]
    is_anything_held: bool
    late_minutes: int


def _frame_columns() -> tuple[ColumnElement[Any], ...]:
    """Each a sub-select that the database evaluates once, however long the queue is."""
    here = CardToCardPayment.bot_id == _SHOP
    counted = select(func.count()).select_from(CardToCardPayment).where(here)
    held = select(CardToCardPayment.id).where(here, CardToCardPayment.commit_at.is_not(None))
    late = select(BotConfiguration.config_value).where(
        BotConfiguration.bot_id == _SHOP, BotConfiguration.config_key == LATE.key
    )
    return (
        *(
            # What is decided is held no more (a constraint), so that its index alone can count it.
            counted.where(waits() if tab == "waiting" else among(CardToCardPayment.status, known))
            .correlate(None)
            .scalar_subquery()
            .label(f"{tab}_count")
            for tab, known in STATUSES.items()
        ),
        held.correlate(None).exists().label("is_anything_held"),
        late.correlate(None).scalar_subquery().label("late_minutes"),
    )


@cache
def _frame_alone() -> Any:
    return compiled_once(select(*_frame_columns()))


def _frame(row: Sequence[Any]) -> _Frame:
    *counts, held, late = row
    minutes = int(LATE.default if late is None else late)
    return _Frame(dict(zip(STATUSES, counts, strict=True)), held, minutes)


async def _queue(
    uow: UnitOfWork, tab: Tab, chosen: Filter, narrowed: Narrowed, language: str
) -> tuple[_Frame, list[QueueItem], int]:
    """With how many there are of that part, where it is one."""
    shop = {"shop": uow.bot_id}
    asked = presence.seen_by(uow) | shop | narrowing.values(narrowed)
    rows = (await uow.session.execute(_statement(tab, chosen, tuple(narrowed.given)), asked)).all()
    around = rows[0] if rows else (await uow.session.execute(_frame_alone(), shop)).one()
    frame = _frame(around[-_AROUND:])
    late_before = uow.now - timedelta(minutes=frame.late_minutes)
    queue = [_item(row, late_before, language) for row in rows]
    return frame, queue, rows[0].found if rows else 0


@cache
def _statement(tab: Tab, chosen: Filter, narrowed: tuple[str, ...]) -> Any:
    """Built and compiled once: either costs more than to run it."""
    page = _page(tab, chosen, narrowed).subquery("page")
    # Both parts of the page know of how many they are, before they were cut.
    of_each = (func.max(page.c.found).filter(page.c.is_for_me == which).over() for which in (true(), false()))
    found = sum((func.coalesce(of_one, 0) for of_one in of_each), literal(0, BigInteger))
    statement = _sorted(
        select(
            CardToCardPayment.id,
            CardToCardPayment.status,
            CardToCardPayment.expected_amount,
            CardToCardPayment.receipt_submitted_at,
            CardToCardPayment.duplicate_suspect,
            CardToCardPayment.alike_payment_id,
            CardToCardPayment.late,
            User.first_name,
            User.last_name,
            User.blocked_at,
            Order.snapshot,
            _bought_before().label("bought_before"),
            Staff.name.label("reviewer"),
            CardToCardPayment.claimed_until,
            page.c.is_for_me,
            found.label("found"),
            *_frame_columns(),
        )
        .join(page, page.c.id == CardToCardPayment.id)
        .join(User, _is_here(User) & (User.id == CardToCardPayment.user_id))
        .join(Order, _is_here(Order) & (Order.id == CardToCardPayment.order_id))
        .outerjoin(Staff, _is_here(Staff) & presence.is_reviewed_by_another())
        .where(CardToCardPayment.bot_id == _SHOP),
        tab,
        page.c.is_for_me.desc(),
    )
    return compiled_once(statement.limit(PAGE))


def _is_here(joined: Any) -> ColumnElement[bool]:
    found: ColumnElement[bool] = joined.bot_id == CardToCardPayment.bot_id
    return found


def _page(tab: Tab, chosen: Filter, narrowed: tuple[str, ...]) -> Select[Any] | CompoundSelect[Any]:
    """Which receipts are shown, found before anything is joined to them; which for this person; of how many.

    The wall's condition does not tell PostgreSQL how many rows pass it, so it expects hardly any; joined at
    once, it would begin at the customers and read every payment of the shop.
    """
    is_part = chosen != "all" or bool(narrowed)
    # The frame counts a whole tab by its index alone.
    found = func.count().over() if is_part else literal(0, BigInteger)
    page = select(CardToCardPayment.id, found.label("found"), false().label("is_for_me")).where(
        CardToCardPayment.bot_id == _SHOP,
        among(CardToCardPayment.status, STATUSES[tab]),
        CardToCardPayment.commit_at.is_(None),
        *passes(chosen),
        *narrowing.conditions(narrowed),
    )
    if tab != "waiting":
        return _sorted(page, tab).limit(PAGE)
    # Each in the order of an index: sorted as one, the whole queue would be read for its first page.
    mine, rest = page.where(handed.is_for_me()), page.where(~handed.is_for_me())
    mine = mine.with_only_columns(CardToCardPayment.id, found.label("found"), true().label("is_for_me"))
    return union_all(*(_sorted(part, tab).limit(PAGE) for part in (mine, rest)))


def passes(chosen: Filter) -> list[ColumnElement[bool]]:
    """For a query of payments run with ``shop``."""
    if chosen == "flagged":
        blocked = select(User.id).where(
            User.bot_id == _SHOP, User.id == CardToCardPayment.user_id, User.blocked_at.is_not(None)
        )
        suspect = or_(
            CardToCardPayment.duplicate_suspect,
            CardToCardPayment.alike_payment_id.is_not(None),
            CardToCardPayment.late,
        )
        return [suspect | blocked.correlate(CardToCardPayment).exists()]
    return [~_bought_before()] if chosen == "new" else []


def _bought_before() -> ColumnElement[bool]:
    earlier = aliased(Order)
    paid = select(earlier.id).where(
        _is_here(earlier), earlier.user_id == CardToCardPayment.user_id, earlier.paid_at.is_not(None)
    )
    return paid.correlate(CardToCardPayment).exists()


def _sorted(statement: Select[Any], tab: Tab, *first: ColumnElement[Any]) -> Select[Any]:
    if tab == "waiting":
        return statement.order_by(*first, CardToCardPayment.receipt_submitted_at, CardToCardPayment.id)
    return statement.order_by(*first, CardToCardPayment.admin_reviewed_at.desc(), CardToCardPayment.id.desc())


def _flag(row: Any) -> Literal["bad", "warn"] | None:
    if row.duplicate_suspect or row.blocked_at is not None:
        return "bad"
    return "warn" if row.late or row.alike_payment_id is not None else None


def _item(row: Any, late_before: datetime, language: str) -> QueueItem:
    return QueueItem(
        payment_id=row.id,
        customer_name=f"{row.first_name} {row.last_name or ''}".strip(),
        amount=row.expected_amount,
        plan_name=sold.name(row.snapshot, language),
        submitted_at=row.receipt_submitted_at,
        is_late=row.status == "receipt_submitted" and row.receipt_submitted_at <= late_before,
        flag=_flag(row),
        is_new_customer=not row.bought_before,
        status=row.status,
        reviewer=presence.reviewer(row.reviewer, row.claimed_until)
        if row.status == "receipt_submitted"
        else None,
        is_for_me=row.is_for_me,
    )

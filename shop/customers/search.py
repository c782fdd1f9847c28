"""Find customers by what somebody remembers of them; the list and its count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, func, select

from db.models import Subscription, Transaction, User
from shop.actors import SHOP_SEE, require
from shop.finding import customer_of
from shop.paging import PAGE_ROWS, Page, Place, filled
from shop.unit_of_work import UnitOfWork

STATES = ("active", "expired", "never", "blocked", "unreachable")


@dataclass(frozen=True, slots=True)
class Sought:
    """Which customers; None is all of them. ``state`` is one of STATES."""

    words: str | None = None
    state: str | None = None


@dataclass(frozen=True, slots=True)
class CustomerRow:
    user_id: int
    telegram_id: int
    name: str
    username: str | None
    created_at: datetime
    last_seen_at: datetime | None
    balance: int
    spent: int
    """What purchases took from the wallet, in minor units."""
    active_subscriptions: int
    is_blocked: bool
    is_unreachable: bool
    """The person blocked the bot."""


async def list_customers(
    uow: UnitOfWork,
    sought: Sought,
    *,
    after: Place | None = None,
    newest_first: bool = True,
    rows: int = PAGE_ROWS,
) -> Page[CustomerRow]:
    """A page of customers in one statement. Raises NotAllowed."""
    require(uow.actor, SHOP_SEE)
    spent = (
        select(func.coalesce(-func.sum(Transaction.amount), 0))
        .where(Transaction.user_id == User.id, Transaction.kind == "purchase")
        .scalar_subquery()
    )
    active = (
        select(func.count())
        .select_from(Subscription)
        .where(Subscription.user_id == User.id, *is_active(uow))
        .scalar_subquery()
    )
    statement = filled(
        select(User, spent, active),
        select(User.id).where(*conditions(uow, sought)),
        User.created_at,
        User.id,
        after=after,
        newest_first=newest_first,
        rows=rows,
    )
    found = await uow.session.execute(statement)
    people = found.tuples().all()
    shown = people[:rows]
    last = shown[-1][0] if len(people) > rows else None
    return Page(
        [_row(user, int(money), count) for user, money, count in shown],
        None if last is None else Place(last.created_at, last.id),
    )


async def count_customers(uow: UnitOfWork, sought: Sought) -> int:
    """How many fit. Raises NotAllowed."""
    require(uow.actor, SHOP_SEE)
    statement = select(func.count()).select_from(User).where(*conditions(uow, sought))
    return await uow.session.scalar(statement) or 0


def _row(user: User, spent: int, active: int) -> CustomerRow:
    return CustomerRow(
        user_id=user.id,
        telegram_id=user.telegram_id,
        name=user.full_name,
        username=user.username,
        created_at=user.created_at,
        last_seen_at=user.last_seen_at,
        balance=user.balance,
        spent=spent,
        active_subscriptions=active,
        is_blocked=user.blocked_at is not None,
        is_unreachable=user.unreachable_at is not None,
    )


def conditions(uow: UnitOfWork, sought: Sought) -> Sequence[ColumnElement[bool]]:
    """What a statement over ``User`` asks to find those who are sought."""
    found: list[ColumnElement[bool]] = []
    if sought.words:
        found.append(customer_of(sought.words))
    held = and_(Subscription.bot_id == uow.bot_id, Subscription.user_id == User.id)
    match sought.state:
        case "active":
            found.append(exists().where(held, *is_active(uow)))
        case "expired":
            found += [exists().where(held), ~exists().where(held, *is_active(uow))]
        case "never":
            found.append(~exists().where(held))
        case "blocked":
            found.append(User.blocked_at.is_not(None))
        case "unreachable":
            found.append(User.unreachable_at.is_not(None))
        case _:
            pass
    return found


def is_active(uow: UnitOfWork) -> tuple[ColumnElement[bool], ...]:
    """What a statement over ``Subscription`` asks of one that serves its holder now."""
    return Subscription.status == "active", Subscription.ends_at > uow.now

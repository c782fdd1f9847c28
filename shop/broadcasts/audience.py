"""Whom a broadcast is for, as a statement: counted while it is written, written down when it starts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, and_, exists, func, or_, select

from db.models import BotPlan, Subscription, Transaction, User, UserWord
from shop.actors import SHOP_SEE, require
from shop.broadcasts import narrowing, rules
from shop.broadcasts.narrowing import ENDING, EVERYONE, NAMED, Narrowing
from shop.customers.search import Sought, conditions, is_active
from shop.errors import BadInput
from shop.unit_of_work import UnitOfWork

EVERYBODY = "everybody"
_STATES = ("active", "expired", "never")


@dataclass(frozen=True, slots=True)
class Reach:
    """Of those who are meant: how many it would reach, and how many are passed over, and why."""

    people: int
    blocked: int
    """By the shop."""
    gone: int
    """Have left the bot."""


def meant(uow: UnitOfWork, audience: str, narrowed: Narrowing = EVERYONE) -> Sequence[ColumnElement[bool]]:
    """Everybody of the shop who fits, reachable or not."""
    found = [*conditions(uow, Sought(state=audience if audience in _STATES else None))]
    held = and_(Subscription.bot_id == uow.bot_id, Subscription.user_id == User.id)
    if audience == ENDING:
        soon = Subscription.ends_at <= uow.now + timedelta(days=narrowed.days or 0)
        found.append(exists().where(held, *is_active(uow), soon))
    if audience == NAMED:
        numbers = [int(one) for one in narrowed.named if one.isdecimal()]
        names = [one for one in narrowed.named if not one.isdecimal()]
        # The words are the index; without what a name is written with, which the name itself then must have.
        words = [one.replace("_", "") for one in names]
        by_word = select(UserWord.user_id).where(UserWord.bot_id == uow.bot_id, UserWord.word.in_(words))
        called = and_(User.id.in_(by_word), func.lower(User.username).in_(names))
        found.append(or_(User.telegram_id.in_(numbers), called))
    if narrowed.plan_id is not None:
        # Of those who hold something: that plan. Of the others: that they ever held it.
        still = is_active(uow) if audience in ("active", ENDING) else ()
        found.append(exists().where(held, Subscription.plan_id == narrowed.plan_id, *still))
    if narrowed.language is not None:
        found.append(User.language == narrowed.language)
    if narrowed.spent_from:
        spent = (
            select(Transaction.user_id)
            .where(Transaction.bot_id == uow.bot_id, Transaction.kind == "purchase")
            .group_by(Transaction.user_id)
            .having(-func.sum(Transaction.amount) >= narrowed.spent_from)
        )
        found.append(User.id.in_(spent))
    return found


def reached(uow: UnitOfWork, audience: str, narrowed: Narrowing = EVERYONE) -> Sequence[ColumnElement[bool]]:
    """Of those meant, whoever can be reached: not blocked by the shop, and has not left the bot."""
    return (*meant(uow, audience, narrowed), User.blocked_at.is_(None), User.unreachable_at.is_(None))


async def count(uow: UnitOfWork, audience: str, narrowed: Narrowing = EVERYONE) -> Reach:
    """How many it would reach now, in one statement. Raises NotAllowed, BadInput."""
    require(uow.actor, SHOP_SEE)
    kept = await checked(uow, audience, narrowed)
    is_blocked, is_gone = User.blocked_at.is_not(None), User.unreachable_at.is_not(None)
    row = (
        await uow.session.execute(
            select(
                func.count().filter(~is_blocked, ~is_gone),
                func.count().filter(is_blocked),
                func.count().filter(~is_blocked, is_gone),
            )
            .select_from(User)
            .where(*meant(uow, audience, kept))
        )
    ).one()
    return Reach(*row)


async def checked(uow: UnitOfWork, audience: str, narrowed: Narrowing) -> Narrowing:
    """``narrowed`` as it may be kept for ``audience``. Raises BadInput, also for a plan of nobody's."""
    kept = narrowing.check(rules.audience(audience), narrowed)
    if kept.plan_id is not None and not await is_plan(uow, kept.plan_id):
        raise BadInput("plan", "not_a_choice")
    return kept


async def is_plan(uow: UnitOfWork, plan_id: int) -> bool:
    """Whether it is one of this shop's, on sale or not."""
    return await uow.session.scalar(select(BotPlan.id).where(BotPlan.id == plan_id)) is not None

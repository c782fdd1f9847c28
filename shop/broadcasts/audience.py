"""Whom a broadcast is for, as a statement: counted while it is written, written down when it starts."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, func, select

from db.models import User
from shop.actors import SHOP_SEE, require
from shop.broadcasts import rules
from shop.customers.search import Sought, conditions
from shop.unit_of_work import UnitOfWork

EVERYBODY = "everybody"


def reached(uow: UnitOfWork, audience: str) -> Sequence[ColumnElement[bool]]:
    """Of those meant, whoever can be reached: not blocked by the shop, and has not left the bot."""
    sought = Sought(state=None if audience == EVERYBODY else audience)
    return (*conditions(uow, sought), User.blocked_at.is_(None), User.unreachable_at.is_(None))


async def count(uow: UnitOfWork, audience: str) -> int:
    """How many it would reach now. Raises NotAllowed, BadInput."""
    require(uow.actor, SHOP_SEE)
    wanted = reached(uow, rules.audience(audience))
    return await uow.session.scalar(select(func.count()).select_from(User).where(*wanted)) or 0

"""Conditions that are part of the statement which decides, so that nothing comes between asking and doing."""

from __future__ import annotations

from sqlalchemy import BigInteger, ColumnElement, literal, select

from db.models import CardToCardPayment, Staff, User
from shop.actors import staff_id
from shop.unit_of_work import UnitOfWork


def is_anothers(uow: UnitOfWork) -> ColumnElement[bool]:
    """Whether somebody else than the one who acts pays it: nobody decides on his own payment."""
    return is_not_of(literal(uow.bot_id, BigInteger), literal(staff_id(uow.actor), BigInteger))


def is_not_of(shop: ColumnElement[int], staff: ColumnElement[int]) -> ColumnElement[bool]:
    """The same, where shop and person are told to the statement when it runs."""
    mine = (
        select(User.id)
        .join(Staff, (Staff.bot_id == User.bot_id) & (Staff.telegram_id == User.telegram_id))
        .where(User.bot_id == shop, Staff.id == staff)
        .correlate(None)
    )
    return CardToCardPayment.user_id.not_in(mine)

"""Conditions that are part of the statement which decides, so that nothing comes between asking and doing."""

from __future__ import annotations

from sqlalchemy import ColumnElement, select

from db.models import CardToCardPayment, Staff, User
from shop.actors import staff_id
from shop.unit_of_work import UnitOfWork


def is_anothers(uow: UnitOfWork) -> ColumnElement[bool]:
    """Whether somebody else than the one who acts pays it: nobody decides on his own payment."""
    mine = (
        select(User.id)
        .join(Staff, Staff.telegram_id == User.telegram_id)
        .where(Staff.id == staff_id(uow.actor))
        .correlate(None)
    )
    return CardToCardPayment.user_id.not_in(mine)

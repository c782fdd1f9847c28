"""What may be accepted: another amount than was asked for, and up to which one a colleague may approve.

An owner's say has no limit, and rejecting needs none.

What somebody was allowed when he decided counts: a limit set while his decision is held changes nothing.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, ScalarSelect, bindparam, select

from db.models import CardToCardPayment, Staff
from shop.actors import staff_id
from shop.errors import AboveYourLimit, NotFound
from shop.receipts import rules
from shop.unit_of_work import UnitOfWork

ME = bindparam("me", type_=BigInteger)
"""The key of who acts; NULL for whoever is no person of the house."""


def limit_of_mine() -> ScalarSelect[Any]:
    """For a query run with ``me``: the most this person may approve of one receipt; NULL is any amount."""
    mine = select(Staff.approve_up_to).where(Staff.id == ME, Staff.role == "staff")
    return mine.correlate(None).scalar_subquery()


async def require_within(uow: UnitOfWork, payment_id: int, amount: int | None) -> None:
    """Whether who acts may approve this payment with ``amount``, or what was asked for where it is None.

    Raises AboveYourLimit. A payment that does not exist is within every limit.
    """
    asked = select(CardToCardPayment.expected_amount).where(CardToCardPayment.id == payment_id)
    row = await uow.session.execute(
        select(limit_of_mine(), asked.scalar_subquery()), {"me": staff_id(uow.actor)}
    )
    limit, expected = row.one()
    check(payment_id, limit, expected if amount is None else amount)


def check(payment_id: int, limit: int | None, amount: int | None) -> None:
    """Raises AboveYourLimit."""
    if limit is not None and amount is not None and amount > limit:
        raise AboveYourLimit(payment_id, limit)


async def other_amount(uow: UnitOfWork, payment_id: int, amount: int | None, why: str) -> dict[str, Any]:
    """The columns of an approval with another amount than was asked for; none for the usual one.

    Raises NotFound and BadInput.
    """
    if amount is None:
        return {}
    # What was asked for never changes, so that it may be read before anything is locked.
    asked = await uow.session.scalar(
        select(CardToCardPayment.expected_amount).where(CardToCardPayment.id == payment_id)
    )
    if asked is None:
        raise NotFound("receipt", payment_id)
    if amount == asked:
        return {}
    return {"amount": rules.arrived(amount, asked=asked), "admin_notes": rules.why_another(why)}

"""The one place a decision counts, so that two doors, or two reviewers, cannot disagree.

The copies of the card in the chat are not changed by its statement but after it: whoever notes one down
locks the payment, and a statement that waited for that lock reads what was there before the wait.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, ColumnElement, DateTime, Text, bindparam, case, update

from db.models import CardToCardPayment
from db.prepared import among, compiled_once
from shop.actors import staff_id
from shop.receipts import notes, rules
from shop.receipts.guards import is_not_of
from shop.signals import desk_changed
from shop.unit_of_work import UnitOfWork

NOT_HELD = dict.fromkeys(("held_decision", "held_by", "held_by_name", "held_channel", "commit_at"))
"""The columns of a hold, once it is over."""


@dataclass(frozen=True, slots=True)
class Decided:
    """A payment whose status was moved just now; its columns under their own names."""

    id: int
    user_id: int
    order_id: int
    card_id: int
    status: str
    expected_amount: int
    amount: int | None
    """What arrived, where it is another amount than was asked for."""
    currency: str
    tracking_number: str
    receipt_count: int
    created_at: datetime
    expires_at: datetime
    reject_reason: str | None
    admin_notes: str | None
    to_wallet: bool


async def decide_now(
    uow: UnitOfWork,
    payment_id: int,
    *,
    status: str,
    amount: int | None = None,
    reason: str | None = None,
    words: str | None = None,
    to_wallet: bool = False,
) -> Decided | None:
    """Move a receipt that waits; None when it does not, is held, or is paid by who decides."""
    said = {"status": status, "amount": amount, "reason": reason, "words": words}
    said |= {"to_wallet": to_wallet}
    return await _settle(uow, _AT_ONCE, payment_id, me=staff_id(uow.actor), **said)


async def decide_as_held(uow: UnitOfWork, payment_id: int) -> Decided | None:
    """Move a receipt as its hold says; None unless one is over."""
    return await _settle(uow, _AS_HELD, payment_id)


async def _settle(uow: UnitOfWork, statement: Any, payment_id: int, **values: Any) -> Decided | None:
    values |= {"shop": uow.bot_id, "payment": payment_id, "now": uow.now}
    values |= {"by": uow.actor.name, "through": uow.channel}
    row = (await uow.session.execute(statement, values)).one_or_none()
    if row is None:
        return None
    await desk_changed(uow)
    await notes.refresh(uow, payment_id)
    return Decided(*row)


_SHOP, _ME = (bindparam(name, type_=BigInteger) for name in ("shop", "me"))
_NOW = bindparam("now", type_=DateTime(timezone=True))


def _moving(guard: ColumnElement[bool], **values: Any) -> Any:
    payment = bindparam("payment", type_=BigInteger)
    columns = CardToCardPayment.__table__.c
    return compiled_once(
        update(CardToCardPayment)
        .where(
            CardToCardPayment.bot_id == _SHOP,
            CardToCardPayment.id == payment,
            among(CardToCardPayment.status, rules.DECIDABLE),
            guard,
        )
        .values(
            **values,
            **NOT_HELD,
            admin_reviewed_by=bindparam("by", type_=Text()),
            admin_reviewed_at=_NOW,
            admin_channel=bindparam("through", type_=Text()),
            updated_at=_NOW,
        )
        .returning(*(columns[name] for name in Decided.__dataclass_fields__))
    )


def _at_once() -> Any:
    return _moving(
        CardToCardPayment.commit_at.is_(None) & is_not_of(_SHOP, _ME),
        status=bindparam("status", type_=Text()),
        amount=bindparam("amount", type_=BigInteger),
        reject_reason=bindparam("reason", type_=Text()),
        admin_notes=bindparam("words", type_=Text()),
        to_wallet=bindparam("to_wallet", type_=Boolean()),
    )


_AT_ONCE = _at_once()
_AS_HELD = _moving(
    CardToCardPayment.commit_at <= _NOW,
    status=case(
        (CardToCardPayment.held_decision == "reject", "rejected"),
        (CardToCardPayment.amount.is_not(None), "approved_other_amount"),
        else_="approved",
    ),
)

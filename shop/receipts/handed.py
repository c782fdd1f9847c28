"""Whom a receipt was handed to, as a part of the query that reads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    ScalarSelect,
    and_,
    any_,
    bindparam,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import aliased

from db.models import CardToCardPayment, DeskMark, Staff


@dataclass(frozen=True, slots=True)
class HandedOn:
    """Who handed a receipt to whom, and what he wrote."""

    by: str
    to_name: str
    note: str | None
    is_to_me: bool


def handed_on() -> ScalarSelect[Any]:
    """For a query of payments run with ``presence.seen_by``: a JSON object, NULL when it is nobody's."""
    mark, to = DeskMark, Staff.__table__.alias("handed_to")
    me, now = bindparam("me", type_=BigInteger), bindparam("now", type_=DateTime(timezone=True))
    return (
        select(
            func.jsonb_build_object(
                "by", mark.by, "to_name", to.c.name, "note", mark.note, "is_to_me", mark.staff_id == me
            )
        )
        .join(to, and_(to.c.bot_id == mark.bot_id, to.c.id == mark.staff_id))
        .where(
            mark.bot_id == CardToCardPayment.bot_id,
            mark.payment_id == CardToCardPayment.id,
            mark.kind == "handed",
            mark.until > now,
        )
        .order_by(mark.until.desc())
        .limit(1)
        .correlate(CardToCardPayment)
        .scalar_subquery()
    )


def is_for_me() -> ColumnElement[bool]:
    """For a query of payments run with ``shop`` and ``presence.seen_by``: handed to whoever asks, and not put
    off by him.

    The few that are are found once, not asked for at every payment.
    """
    shop, me = bindparam("shop", type_=BigInteger), bindparam("me", type_=BigInteger)
    now, later = bindparam("now", type_=DateTime(timezone=True)), aliased(DeskMark)
    put_off = select(later.id).where(
        later.bot_id == shop,
        later.payment_id == DeskMark.payment_id,
        later.staff_id == me,
        later.kind == "later",
        later.until > now,
    )
    mine = (
        select(DeskMark.payment_id)
        .where(
            DeskMark.bot_id == shop,
            DeskMark.staff_id == me,
            DeskMark.kind == "handed",
            DeskMark.until > now,
            ~put_off.correlate(DeskMark).exists(),
        )
        .correlate(None)
    )
    found = func.array(mine.scalar_subquery(), type_=ARRAY(BigInteger))
    return CardToCardPayment.id == any_(found)


def told(found: Mapping[str, Any] | None) -> HandedOn | None:
    """From such a column."""
    if found is None:
        return None
    return HandedOn(found["by"], found["to_name"], found["note"], bool(found["is_to_me"]))

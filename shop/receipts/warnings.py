"""What a reviewer must see before deciding: the same proof twice, an order already paid, a blocked payer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import BigInteger, ColumnElement, Interval, and_, bindparam, exists, literal, not_, select
from sqlalchemy.orm import aliased
from sqlalchemy.sql.selectable import LateralFromClause

from db.models import Bot, BotConfiguration, CardToCardPayment, Order, User
from db.prepared import among, compiled_once
from shop.actors import staff_id
from shop.configurations import registry
from shop.receipts.amounts import limit_of_mine
from shop.unit_of_work import UnitOfWork

SAME_AMOUNT_WITHIN = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class ReceiptWarning:
    """``code`` names the sentence; the other receipt is named by number, person, age and outcome."""

    tone: Literal["bad", "warn"]
    code: str
    other_payment_id: int | None = None
    other_customer: str | None = None
    other_status: str | None = None
    other_at: datetime | None = None


PAYABLE = ("awaiting_payment", "partially_paid", "expired")
"""Statuses of an order that still needs the money."""


GRAVE = ("same_image", "same_reference", "order_closed", "payer_blocked")
"""The codes of the warnings nobody may overlook."""
_HOLD = registry.find("hold_seconds")


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a receipt before it is accepted."""

    grave: tuple[str, ...]
    """Which of ``GRAVE`` stand; none for a receipt that does not wait."""
    hold_seconds: int
    """For how long the shop holds a decision."""
    limit: int | None
    """The most that who acts may approve, in minor units; None is any amount."""
    asked: int | None
    """What the customer was asked to pay; None for a receipt that does not wait."""


async def before_approval(uow: UnitOfWork, payment_id: int) -> Standing:
    """The grave warnings and the shop's hold, in one query. Nothing here is a guard: it decides nothing."""
    asked = {"shop": uow.bot_id, "payment": payment_id, "me": staff_id(uow.actor)}
    *stand, seconds, limit, expected = (await uow.session.execute(_STANDING, asked)).one()
    return Standing(
        tuple(code for code, stands in zip(GRAVE, stand, strict=True) if stands),
        int(_HOLD.default if seconds is None else seconds),
        limit,
        expected,
    )


def _standing() -> Any:
    """One row, also where nothing waits: the shop is always there."""
    shop, mine, other = bindparam("shop", type_=BigInteger), CardToCardPayment, aliased(CardToCardPayment)
    another = and_(other.bot_id == mine.bot_id, other.id != mine.id)
    hold = select(BotConfiguration.config_value).where(
        BotConfiguration.bot_id == shop, BotConfiguration.config_key == _HOLD.key
    )
    waits = and_(
        mine.bot_id == Bot.id,
        mine.id == bindparam("payment", type_=BigInteger),
        mine.status == "receipt_submitted",
    )
    return compiled_once(
        select(
            exists().where(another, other.receipt_sha256 == mine.receipt_sha256).label("same_image"),
            exists().where(another, other.payer_reference == mine.payer_reference).label("same_reference"),
            not_(among(Order.status, PAYABLE)).label("order_closed"),
            User.blocked_at.is_not(None).label("payer_blocked"),
            hold.correlate(None).scalar_subquery().label("hold_seconds"),
            limit_of_mine().label("limit"),
            mine.expected_amount,
        )
        .select_from(Bot)
        .outerjoin(mine, waits)
        .outerjoin(Order, and_(Order.bot_id == mine.bot_id, Order.id == mine.order_id))
        .outerjoin(User, and_(User.bot_id == mine.bot_id, User.id == mine.user_id))
        .where(Bot.id == shop)
    )


_STANDING = _standing()


@dataclass(frozen=True, slots=True)
class Others:
    """The newest other receipt that looks alike, by what it shares with the one under review."""

    code: str
    tone: Literal["bad", "warn"]
    rows: LateralFromClause

    @property
    def columns(self) -> tuple[ColumnElement[Any], ...]:
        return tuple(self.rows.c)


def look_alikes() -> tuple[Others, ...]:
    """For a query of one payment: what to join to it (each at most one row), the gravest first."""
    other, mine = aliased(CardToCardPayment), CardToCardPayment
    within = literal(SAME_AMOUNT_WITHIN, Interval)
    near = other.receipt_submitted_at.between(
        mine.receipt_submitted_at - within, mine.receipt_submitted_at + within
    )
    same_amount = and_(other.card_id == mine.card_id, other.expected_amount == mine.expected_amount, near)
    return (
        Others("same_image", "bad", _newest(other, other.receipt_sha256 == mine.receipt_sha256)),
        Others("same_reference", "bad", _newest(other, other.payer_reference == mine.payer_reference)),
        Others("alike_image", "warn", _newest(other, other.id == mine.alike_payment_id)),
        Others("same_amount_on_card", "warn", _newest(other, same_amount)),
    )


def _newest(other: Any, shares: ColumnElement[bool]) -> LateralFromClause:
    person = aliased(User)
    return (
        select(other.id, person.first_name, person.last_name, other.status, other.receipt_submitted_at)
        .join(person, and_(person.bot_id == other.bot_id, person.id == other.user_id))
        .where(other.bot_id == CardToCardPayment.bot_id, shares, other.id != CardToCardPayment.id)
        .order_by(other.id.desc())
        .limit(1)
        .correlate(CardToCardPayment)
        .lateral()
    )


def told(
    alike: Iterable[tuple[Others, Sequence[Any]]],
    *,
    order_status: str,
    payer_is_blocked: bool,
    card_is_on: bool,
    late_after: datetime | None,
) -> list[ReceiptWarning]:
    """The warnings of one receipt, the gravest first; ``alike`` has the columns of ``look_alikes``.

    ``late_after``: the deadline, for a receipt that came after it.
    """
    seen = [_alike(others, row) for others, row in alike if row[0] is not None]
    found = [warning for warning in seen if warning.tone == "bad"]
    if order_status not in PAYABLE:
        found.append(ReceiptWarning("bad", "order_closed", other_status=order_status))
    if payer_is_blocked:
        found.append(ReceiptWarning("bad", "payer_blocked"))
    found += [warning for warning in seen if warning.tone == "warn"]
    if not card_is_on:
        found.append(ReceiptWarning("warn", "card_off"))
    if late_after is not None:
        found.append(ReceiptWarning("warn", "after_deadline", other_at=late_after))
    return found


def _alike(others: Others, row: Sequence[Any]) -> ReceiptWarning:
    payment_id, first_name, last_name, status, at = row
    name = f"{first_name} {last_name or ''}".strip()
    return ReceiptWarning(others.tone, others.code, payment_id, name, status, at)

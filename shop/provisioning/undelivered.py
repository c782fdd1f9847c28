"""Paid orders for which nothing was there to hand over: whose they are, and another try."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select

from db.models import CardToCardPayment, Order, ProvisioningJob, User
from shop.actors import SHOP_SEE, STOCK_MANAGE, require
from shop.audit import service as audit
from shop.errors import NotFound
from shop.finding import customer_of
from shop.paging import PAGE_ROWS, Page, Place
from shop.plans import sold
from shop.provisioning.service import deliver_held
from shop.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class UndeliveredRow:
    """One paid order that waits; ``amount`` in minor units."""

    job_id: int
    order_id: int
    user_id: int
    customer_name: str
    plan_id: int | None
    plan_name: str
    amount: int
    waits_since: datetime
    """When it was paid, and the shelf was found empty."""
    payment_id: int | None
    """The receipt it was paid by; None where the wallet paid."""


async def list_undelivered(
    uow: UnitOfWork,
    language: str,
    *,
    words: str | None = None,
    user_id: int | None = None,
    after: Place | None = None,
    newest_first: bool = True,
    rows: int = PAGE_ROWS,
) -> Page[UndeliveredRow]:
    """A page of them in one statement, in the order in which they were paid. Raises NotAllowed."""
    require(uow.actor, SHOP_SEE)
    job = ProvisioningJob
    payment = (
        select(func.max(CardToCardPayment.id))
        .where(CardToCardPayment.user_id == Order.user_id, CardToCardPayment.order_id == Order.id)
        .scalar_subquery()
    )
    statement = (
        select(job, Order, User, payment)
        .join(Order, Order.id == job.order_id)
        .join(User, User.id == Order.user_id)
        .where(*_conditions(words, user_id))
        # Jobs are numbered as they come, and their index has each state in this order.
        .order_by(job.id.desc() if newest_first else job.id.asc())
        .limit(rows + 1)
    )
    if after is not None:
        statement = statement.where(job.id < after.id if newest_first else job.id > after.id)
    held = (await uow.session.execute(statement)).tuples().all()
    shown = [
        UndeliveredRow(
            job_id=waiting.id,
            order_id=order.id,
            user_id=user.id,
            customer_name=user.full_name,
            plan_id=order.plan_id,
            plan_name=sold.name(order.snapshot, language),
            amount=order.amount,
            waits_since=waiting.created_at,
            payment_id=payment_id,
        )
        for waiting, order, user, payment_id in held[:rows]
    ]
    last = shown[-1] if len(held) > rows else None
    return Page(shown, None if last is None else Place(last.waits_since, last.job_id))


async def count_undelivered(uow: UnitOfWork, *, words: str | None = None, user_id: int | None = None) -> int:
    """How many wait; without anything sought, as many as the overview says. Raises NotAllowed."""
    require(uow.actor, SHOP_SEE)
    statement = select(func.count()).select_from(ProvisioningJob)
    if words or user_id is not None:
        statement = statement.join(Order, Order.id == ProvisioningJob.order_id)
        statement = statement.join(User, User.id == Order.user_id)
    return await uow.session.scalar(statement.where(*_conditions(words, user_id))) or 0


async def try_again(uow: UnitOfWork, order_id: int) -> bool:
    """Serve those who wait for the same plan, oldest payment first; whether this order has been served.

    Nobody is served before his turn: on a shelf with too little for all, an order may wait on. One that was
    delivered already is answered with True and nothing else. Raises NotAllowed and NotFound.
    """
    require(uow.actor, STOCK_MANAGE)
    found = await uow.session.execute(
        select(ProvisioningJob.status, Order.plan_id)
        .join(Order, Order.id == ProvisioningJob.order_id)
        .where(ProvisioningJob.order_id == order_id)
    )
    known = found.tuples().one_or_none()
    if known is None:
        raise NotFound("order", order_id)
    status, plan_id = known
    if status == "done":
        return True
    served = await deliver_held(uow, plan_id)
    if served:
        await audit.record(uow, "order.tried_again", "order", order_id, served=served)
    of_this = select(ProvisioningJob.status).where(ProvisioningJob.order_id == order_id)
    return await uow.session.scalar(of_this) == "done"


def _conditions(words: str | None, user_id: int | None) -> Sequence[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [ProvisioningJob.status == "held"]
    if words:
        found.append(customer_of(words))
    if user_id is not None:
        found.append(Order.user_id == user_id)
    return found

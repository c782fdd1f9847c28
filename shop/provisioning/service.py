"""Hand over what was paid for: at once where we can, in order of payment where we must wait."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, or_, select

from db.batch import Into
from db.models import BotPlan, Order, ProvisioningJob, StockItem, User
from shop.actors import SHOP_SEE, STOCK_MANAGE, System, require
from shop.audit import service as audit
from shop.errors import BadInput, NotFound
from shop.notifications import messages
from shop.notifications.outbox import enqueue, enqueue_for_owner
from shop.plans import sold
from shop.provisioning import rules, stock
from shop.provisioning.port import OutOfStock, Provided, Provisioner
from shop.provisioning.stock import Stock
from shop.subscriptions import service as subscriptions
from shop.unit_of_work import UnitOfWork, UnitsOfWork

PROVISIONERS: dict[str, Provisioner] = {"stock": Stock()}
_JOBS = Into(
    ProvisioningJob,
    (
        *("bot_id", "order_id", "provisioner", "status", "attempts"),
        *("run_at", "created_at", "updated_at"),
    ),
)


@dataclass(frozen=True, slots=True)
class StockAdded:
    added: int
    duplicates: int
    """Lines the shop already has or had: refused, because one line must not reach two people."""
    served: int = 0
    """Paid orders that had waited for a line and now have theirs."""


@dataclass(frozen=True, slots=True)
class StockLevel:
    plan_id: int
    plan_name: str
    free: int
    waiting: int
    """Paid orders that wait for a line."""
    low_at: int
    is_on_sale: bool = True

    @property
    def state(self) -> rules.ShelfState:
        return rules.shelf_state(self.free, self.low_at)


async def provide(uow: UnitOfWork, order: Order) -> bool:
    """Make what a paid order bought and promise it to its customer; False when it must wait.

    One order has one job (unique): a second call is an IntegrityError, at the end of the unit at the latest.
    """
    provisioner = order.snapshot.get("provisioner", "stock")
    outcome = await PROVISIONERS[provisioner].provide(uow, order)
    status = "held" if isinstance(outcome, OutOfStock) else "done"
    uow.last.insert(_JOBS, uow.bot_id, order.id, provisioner, status, 1, uow.now, uow.now, uow.now)
    if isinstance(outcome, OutOfStock):
        await _say_held(uow, order)
        return False
    await _hand_over(uow, order, outcome)
    return True


async def _hand_over(uow: UnitOfWork, order: Order, provided: Provided) -> None:
    subscription_id, ends_at = await subscriptions.open_for(uow, order, access=provided.access)
    await enqueue(
        uow,
        chat_id=await _chat_of(uow, order),
        user_id=order.user_id,
        message=messages.SubscriptionReady(
            order.id, subscription_id, order.snapshot, ends_at.isoformat(), provided.access
        ),
    )
    if order.plan_id is not None and provided.left is not None and provided.left == provided.low_at:
        await enqueue_for_owner(
            uow,
            messages.StockLow(order.plan_id, str(order.snapshot["name"]), provided.left, order.id),
            event="notify_stock_low",
        )


async def _chat_of(uow: UnitOfWork, order: Order) -> int:
    """The customer's; whoever settles has locked, and so loaded, him already."""
    return (await uow.session.get_one(User, order.user_id)).telegram_id


async def _say_held(uow: UnitOfWork, order: Order) -> None:
    """Tell the customer that he must wait, and the owner how many others do, this order among them."""
    await enqueue(
        uow,
        chat_id=await _chat_of(uow, order),
        user_id=order.user_id,
        message=messages.OrderHeld(order.id, order.snapshot),
    )
    others = await uow.session.scalar(
        select(func.count())
        .select_from(ProvisioningJob)
        .join(Order, Order.id == ProvisioningJob.order_id)
        .where(ProvisioningJob.status == "held", Order.plan_id == order.plan_id)
    )
    await enqueue_for_owner(
        uow,
        messages.StockEmpty(order.plan_id or 0, str(order.snapshot["name"]), order.id, (others or 0) + 1),
    )
    await audit.record(uow, "order.held", "order", order.id)


async def add_stock(
    uow: UnitOfWork, plan_id: int, lines: str | list[str], *, file: bytes = b""
) -> StockAdded:
    """Fill a plan's shelf from pasted text or a list, and a file, and serve who waits, oldest payment first.

    Repeating it adds nothing. Raises NotAllowed, NotFound (no such plan) and BadInput on ``lines`` or
    ``file``: ``required``, ``too_large``, ``too_many``, ``not_text``, ``line_too_long`` (names its number).
    """
    require(uow.actor, STOCK_MANAGE)
    if await uow.session.scalar(select(BotPlan.id).where(BotPlan.id == plan_id)) is None:
        raise NotFound("plan", plan_id)
    pasted = lines if isinstance(lines, str) else "\n".join(lines)
    wanted = _read_lines("lines", pasted) + _read_lines("file", _read_file(file))
    if not wanted:
        raise BadInput("lines", "required")
    if len(wanted) > rules.MOST_LINES:
        raise BadInput("lines", "too_many", rules.MOST_LINES)
    added = await stock.put_on_shelf(uow, plan_id, wanted)
    served = await deliver_held(uow, plan_id)
    result = StockAdded(added, len(wanted) - added, served)
    await audit.record(
        uow, "stock.added", "plan", plan_id, added=added, duplicates=result.duplicates, served=served
    )
    return result


def _read_file(content: bytes) -> str:
    if len(content) > rules.LARGEST_TEXT:
        raise BadInput("file", "too_large")
    try:
        return rules.decode(content)
    except ValueError:
        raise BadInput("file", "not_text") from None


def _read_lines(field: str, text: str) -> list[str]:
    if len(text) > rules.LARGEST_TEXT:
        raise BadInput(field, "too_large")
    try:
        return rules.split_lines(text)
    except ValueError as problem:
        raise BadInput(field, "line_too_long", int(problem.args[0])) from None


async def deliver_held(uow: UnitOfWork, plan_id: int | None = None) -> int:
    """Serve waiting orders while the shelf lasts; how many were served."""
    statement = (
        select(ProvisioningJob, Order)
        .join(Order, Order.id == ProvisioningJob.order_id)
        .where(ProvisioningJob.status == "held")
        .order_by(Order.paid_at, Order.id)
        .with_for_update(of=ProvisioningJob, skip_locked=True)
    )
    if plan_id is not None:
        statement = statement.where(Order.plan_id == plan_id)
    served = 0
    empty: set[int | None] = set()
    for job, order in (await uow.session.execute(statement)).tuples().all():
        if order.plan_id in empty:
            continue
        outcome = await PROVISIONERS[job.provisioner].provide(uow, order)
        job.attempts, job.updated_at = job.attempts + 1, uow.now
        if isinstance(outcome, OutOfStock):
            empty.add(order.plan_id)
            continue
        job.status = "done"
        order.status, order.fulfilled_at, order.updated_at = "fulfilled", uow.now, uow.now
        await _hand_over(uow, order, outcome)
        served += 1
    await uow.session.flush()
    return served


async def run_due(units: UnitsOfWork) -> int:
    """Serve held orders of every shop that has something on the shelf for them.

    ``add_stock`` does so at once; this covers the payment that settled in the same instant.
    """
    actor = System("provisioning")
    async with units.platform(actor) as uow:
        shops = await uow.session.scalars(
            select(ProvisioningJob.bot_id)
            .join(
                Order,
                (Order.bot_id == ProvisioningJob.bot_id) & (Order.id == ProvisioningJob.order_id),
            )
            .join(
                StockItem,
                (StockItem.bot_id == Order.bot_id)
                & (StockItem.plan_id == Order.plan_id)
                & (StockItem.status == "free"),
            )
            .where(ProvisioningJob.status == "held")
            .distinct()
        )
        waiting = list(shops)
    served = 0
    for bot_id in waiting:
        async with units.begin(bot_id, actor) as uow:
            served += await deliver_held(uow)
    return served


async def stock_levels(
    uow: UnitOfWork, language: str = "fa", *, including: int | None = None
) -> list[StockLevel]:
    """Every plan that is sold from stock, in the order of the price list, with what is left.

    An archived plan is among them while somebody who paid for it waits, or when it is the one ``including``
    names. Raises NotAllowed.
    """
    require(uow.actor, SHOP_SEE)
    free = (
        select(StockItem.plan_id, func.count().label("free"))
        .where(StockItem.status == "free")
        .group_by(StockItem.plan_id)
        .subquery()
    )
    waiting = (
        select(Order.plan_id, func.count().label("waiting"))
        .join(ProvisioningJob, ProvisioningJob.order_id == Order.id)
        .where(ProvisioningJob.status == "held")
        .group_by(Order.plan_id)
        .subquery()
    )
    rows = await uow.session.execute(
        select(
            BotPlan.id,
            BotPlan.name,
            BotPlan.translations,
            func.coalesce(free.c.free, 0),
            func.coalesce(waiting.c.waiting, 0),
            BotPlan.low_stock_at,
            BotPlan.is_active & BotPlan.archived_at.is_(None),
        )
        .outerjoin(free, free.c.plan_id == BotPlan.id)
        .outerjoin(waiting, waiting.c.plan_id == BotPlan.id)
        .where(
            BotPlan.provisioner == "stock",
            or_(BotPlan.archived_at.is_(None), waiting.c.waiting > 0, BotPlan.id == including),
        )
        .order_by(BotPlan.sort_order, BotPlan.id)
    )
    return [
        StockLevel(plan_id, sold.name({"name": name, "translations": translations}, language), *counts)
        for plan_id, name, translations, *counts in rows.tuples()
    ]

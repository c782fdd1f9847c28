"""What the shop does for one subscription, once for each form: days and volume, and its line again."""

from __future__ import annotations

from sqlalchemy import select

from db.models import Order, OutboxMessage, Subscription, User
from shop.actors import CUSTOMERS_MANAGE, require
from shop.audit import service as audit
from shop.errors import BadInput, NotFound
from shop.notifications import messages
from shop.notifications.outbox import enqueue
from shop.subscriptions import rules
from shop.unit_of_work import UnitOfWork
from shop.users.rules import form_key

MOST_DAYS = 365
MOST_GIGABYTES = 1000


async def give(uow: UnitOfWork, subscription_id: int, *, days: int, gigabytes: int, form: str) -> None:
    """More days, counted from the end or from now where that is over, and more volume; the customer is told.

    The same ``form`` again changes nothing. Raises NotAllowed, NotFound, BadInput.
    """
    require(uow.actor, CUSTOMERS_MANAGE)
    form = form_key(form)
    for name, value, most in (("days", days, MOST_DAYS), ("gigabytes", gigabytes, MOST_GIGABYTES)):
        if value < 0 or value > most:
            raise BadInput(name, "too_large" if value > most else "too_small", most if value > most else 0)
    if not days and not gigabytes:
        raise BadInput("days", "nothing_given")
    held = await uow.session.scalar(
        select(Subscription).where(Subscription.id == subscription_id).with_for_update()
    )
    if held is None:
        raise NotFound("subscription", subscription_id)
    if gigabytes and held.traffic_limit_bytes == 0:
        raise BadInput("gigabytes", "unlimited")
    plan = (await uow.session.scalars(select(Order.snapshot).where(Order.id == held.order_id))).one()
    ends = rules.ends_at(max(held.ends_at, uow.now), days) if days else held.ends_at
    told = messages.SubscriptionExtended(form, held.id, plan, days, gigabytes, ends.isoformat())
    if await _is_done(uow, told):
        return
    held.ends_at, held.updated_at = ends, uow.now
    held.traffic_limit_bytes += rules.volume(gigabytes)
    if held.status == "expired" and ends > uow.now:
        held.status = "active"
    await audit.record(uow, "subscription.extended", "user", held.user_id, days=days, gigabytes=gigabytes)
    chat_id = (await uow.session.scalars(select(User.telegram_id).where(User.id == held.user_id))).one()
    await enqueue(uow, chat_id=chat_id, user_id=held.user_id, message=told)


async def send_again(uow: UnitOfWork, subscription_id: int, *, form: str) -> None:
    """The customer gets his access line once more; it goes to nobody else.

    The same ``form`` again sends nothing. Raises NotAllowed, NotFound (also for one that was never
    delivered), BadInput.
    """
    require(uow.actor, CUSTOMERS_MANAGE)
    form = form_key(form)
    held = await uow.session.scalar(
        select(Subscription).where(Subscription.id == subscription_id).with_for_update()
    )
    if held is None or not held.access:
        raise NotFound("subscription", subscription_id)
    of_whom = select(Order.snapshot, User.telegram_id).join(User, User.id == Order.user_id)
    plan, chat = (await uow.session.execute(of_whom.where(Order.id == held.order_id))).tuples().one()
    told = messages.SubscriptionReady(
        held.order_id, held.id, plan, held.ends_at.isoformat(), held.access, form
    )
    if await _is_done(uow, told):
        return
    await audit.record(uow, "subscription.sent_again", "user", held.user_id, name=held.name)
    await enqueue(uow, chat_id=chat, user_id=held.user_id, message=told)


async def _is_done(uow: UnitOfWork, told: messages.SubscriptionExtended | messages.SubscriptionReady) -> bool:
    """The promise is kept with what was done, so its key says whether this form was here before."""
    found = await uow.session.scalar(
        select(OutboxMessage.id).where(OutboxMessage.dedupe_key == told.dedupe_key)
    )
    return found is not None

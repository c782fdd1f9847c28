"""Correct a customer's wallet by hand: with a reason, within a limit, once for each form."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select

from db.models import Bot, Staff, Transaction, User
from shop.actors import MONEY_MANAGE, require, staff_id
from shop.audit import service as audit
from shop.configurations.queries import get_config_value
from shop.errors import BadInput, NotFound
from shop.notifications import messages
from shop.notifications.outbox import enqueue
from shop.orders import service as orders
from shop.unit_of_work import UnitOfWork
from shop.users import rules
from shop.wallet import service as wallet
from shop.wallet.service import Entry

LIMIT = "correction_limit"
"""The setting that says how much one colleague may move by hand within A_DAY, in and out together."""
A_DAY = timedelta(hours=24)


async def correct_wallet(uow: UnitOfWork, user_id: int, amount: int, *, reason: str, form: str) -> Entry:
    """Add ``amount`` to the wallet, or take it where it is negative; the customer is told why.

    The same ``form`` again answers what it did the first time. Raises NotAllowed, NotFound, BadInput
    (nothing to move, no reason, above the limit of the day) and InsufficientBalance.
    """
    require(uow.actor, MONEY_MANAGE)
    cause = f"correction:{rules.form_key(form)}"
    note = rules.written("reason", reason, longest=rules.LONGEST_REASON)
    if amount == 0:
        raise BadInput("amount", "too_small", 1)
    # One after the other: two forms of one colleague must not share what is left of his day.
    await uow.session.execute(select(Staff.id).where(Staff.id == staff_id(uow.actor)).with_for_update())
    user = await orders.lock_user(uow, user_id)
    if done := await _done(uow, cause):
        return done
    left = int(await get_config_value(uow, LIMIT)) - await _moved_today(uow)
    if abs(amount) > left:
        raise BadInput("amount", "above_the_days_limit", max(left, 0))
    move = wallet.credit if amount > 0 else wallet.debit
    entry = await move(
        uow,
        user_id,
        abs(amount),
        kind="correction",
        method="staff",
        cause=cause,
        currency=(await uow.session.scalars(select(Bot.currency).where(Bot.id == uow.bot_id))).one(),
        note=note,
    )
    await audit.record(uow, "wallet.corrected", "user", user_id, amount=amount, reason=note)
    told = messages.WalletCorrected(entry.transaction_id, amount, entry.balance_after, note)
    await enqueue(uow, chat_id=user.telegram_id, user_id=user_id, message=told)
    return entry


async def balance_to_correct(uow: UnitOfWork, user_id: int) -> int:
    """What a wallet holds now, for whoever may correct it. Raises NotAllowed and NotFound."""
    require(uow.actor, MONEY_MANAGE)
    held = await uow.session.scalar(select(User.balance).where(User.id == user_id))
    if held is None:
        raise NotFound("user", user_id)
    return held


async def _done(uow: UnitOfWork, cause: str) -> Entry | None:
    found = await uow.session.execute(
        select(Transaction.id, Transaction.balance_after).where(Transaction.idempotency_key == cause)
    )
    row = found.one_or_none()
    return None if row is None else Entry(row.id, row.balance_after)


async def _moved_today(uow: UnitOfWork) -> int:
    return int(
        await uow.session.scalar(
            select(func.coalesce(func.sum(func.abs(Transaction.amount)), 0)).where(
                Transaction.kind == "correction",
                Transaction.actor == uow.actor.label,
                Transaction.created_at > uow.now - A_DAY,
            )
        )
        or 0
    )

"""Use cases on receipts: submit, approve, reject.

A decision is one guarded UPDATE: whoever comes second changes nothing and is told who was first. The doors
decide through ``shop.receipts.holding``, which holds a decision for some seconds first (ADR 0004).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import func, select, update

from db.batch import Upon
from db.models import CardToCardPayment, Order, User
from shop.actors import RECEIPTS_APPROVE, require
from shop.audit import service as audit
from shop.cards import service as cards
from shop.configurations import service as configurations
from shop.errors import (
    BadInput,
    DecisionHeld,
    NoOpenPayment,
    NotFound,
    OwnReceipt,
    ReceiptAlreadyReviewed,
    ReceiptNotSubmitted,
    TooManyReceipts,
    UserBlocked,
)
from shop.features import service as features
from shop.notifications import messages
from shop.notifications.message import Message
from shop.notifications.outbox import enqueue
from shop.orders import service as orders
from shop.orders.rules import KEPT_AFTER_REJECTION
from shop.payments import rest
from shop.payments import service as payments
from shop.payments.service import Settled
from shop.receipts import amounts, deciding, lateness, likeness, notes, rules, shared
from shop.receipts.deciding import NOT_HELD, Decided
from shop.receipts.rules import RejectReason
from shop.signals import desk_changed
from shop.unit_of_work import UnitOfWork

ReceiptType = Literal["photo", "document", "text"]
_BOOKED = Upon(CardToCardPayment, ("bot_id", "id", "amount", "transaction_id"), where=("bot_id", "id"))
"""What an accepted payment was booked as."""


@dataclass(frozen=True, slots=True)
class Submitted:
    payment_id: int
    tracking_number: str
    replaced: bool
    late: bool
    ahead: int
    """Receipts of this shop that wait longer."""
    order_id: int | None = None


@dataclass(frozen=True, slots=True)
class Reviewed:
    payment_id: int
    status: str
    customer_name: str


async def submit(
    uow: UnitOfWork,
    user_id: int,
    *,
    payment_id: int,
    media_id: int | None,
    receipt_type: ReceiptType,
    text: str | None,
    telegram_file_id: str | None = None,
    sketch: bytes | None = None,
) -> Submitted:
    """Put the customer's proof in the queue; a second one while the first waits takes its place.

    The amount and the card are those of the payment, never what the picture or the caption claim. Sent for
    one that was accepted with too little, it is the receipt for the rest of the order.
    ``sketch`` is that of the picture, as it was prepared.
    The feature is checked again, so that a conversation begun before it was switched off stops here.
    Raises FeatureOff, UserBlocked, NotFound (also for another person's payment), NoOpenPayment
    (closed too long ago), TooManyReceipts and BadInput (a text without a tracking code).
    """
    features.require_on(await features.load_state(uow), "card_to_card")
    user = await orders.lock_user(uow, user_id)
    if user.blocked_at is not None:
        raise UserBlocked
    payment = await rest.own_payment(uow, user, payment_id)
    cleaned = rules.clean_text(text)
    reference = rules.reference_in(cleaned) if cleaned else None
    if media_id is None and reference is None:
        raise BadInput("receipt", "no_reference")
    settings = await configurations.get_config_values(uow, ("late_receipt_hours", "max_receipts_per_payment"))
    await _require_room(uow, payment, settings["late_receipt_hours"], settings["max_receipts_per_payment"])
    replaced = payment.status == "receipt_submitted"
    if payment.status in ("expired", "rejected"):
        await _count_on_card(uow, payment, "reopened")
    late = payment.expires_at <= uow.now and not (replaced and not payment.late)
    payment.receipt_sha256 = await shared.digest_of(uow, media_id)
    payment.payer_reference = reference
    payment.duplicate_suspect = await shared.was_seen_before(uow, payment)
    payment.receipt_type, payment.receipt_text = receipt_type, cleaned
    payment.receipt_media_id, payment.receipt_image_file_id = media_id, telegram_file_id
    if not replaced:
        payment.receipt_submitted_at = uow.now
    payment.status, payment.late, payment.updated_at = "receipt_submitted", late, uow.now
    payment.receipt_count += 1
    payment.reject_reason = payment.admin_notes = None
    payment.admin_reviewed_by = payment.admin_reviewed_at = None
    if payment.commit_at is not None:
        await _void_hold(uow, payment)
    await uow.session.execute(
        update(Order)
        .where(Order.id == payment.order_id, Order.status == "expired")
        .values(status="awaiting_payment", updated_at=uow.now)
        .execution_options(synchronize_session=False)
    )
    seen = await likeness.take_in(uow, payment, sketch)
    await uow.session.flush()
    await audit.record(uow, "receipt.submitted", "payment", payment.id, replaced=replaced, late=late, **seen)
    await _tell_reviewers(uow, payment)
    ahead = await _ahead(uow, payment)
    return Submitted(payment.id, payment.tracking_number, replaced, late, ahead, payment.order_id)


async def _tell_reviewers(uow: UnitOfWork, payment: CardToCardPayment) -> None:
    await desk_changed(uow)
    await notes.announce(uow, payment.id, payment.receipt_count)


async def _void_hold(uow: UnitOfWork, payment: CardToCardPayment) -> None:
    """What was decided was decided about another picture: the new one wants to be looked at."""
    await audit.record(uow, "receipt.hold_voided", "payment", payment.id, decision=payment.held_decision)
    for column in (*NOT_HELD, "amount"):
        setattr(payment, column, None)
    payment.to_wallet = False


async def _require_room(uow: UnitOfWork, payment: CardToCardPayment, late_hours: int, most: int) -> None:
    closed_since = payment.admin_reviewed_at or payment.expires_at
    if not rules.still_takes(payment.status, closed_since=closed_since, now=uow.now, late_hours=late_hours):
        raise NoOpenPayment
    if payment.status in ("expired", "rejected"):
        other = await uow.session.scalar(
            select(CardToCardPayment.id).where(
                CardToCardPayment.order_id == payment.order_id,
                CardToCardPayment.id != payment.id,
                CardToCardPayment.status.in_(("created", "receipt_submitted")),
            )
        )
        if other is not None:
            raise NoOpenPayment
    if payment.receipt_count >= most:
        raise TooManyReceipts(most)


async def _ahead(uow: UnitOfWork, payment: CardToCardPayment) -> int:
    return (
        await uow.session.scalar(
            select(func.count())
            .select_from(CardToCardPayment)
            .where(
                CardToCardPayment.status == "receipt_submitted",
                CardToCardPayment.receipt_submitted_at < payment.receipt_submitted_at,
            )
        )
        or 0
    )


async def approve(
    uow: UnitOfWork, payment_id: int, *, amount: int | None = None, why: str = "", to_wallet: bool = False
) -> Reviewed:
    """Accept the money, and hand over what it buys: all in this transaction.

    As it was asked for, or ``amount`` in minor units where another one arrived (``why``: to colleagues):
    exactly that goes to the wallet, and the order takes its price from there when the balance reaches.
    ``to_wallet``: it takes nothing and is closed, which only a receipt that came too late may do.
    Raises NotAllowed, NotFound, BadInput, AboveYourLimit, ReceiptNotSubmitted, DecisionHeld,
    ReceiptAlreadyReviewed, OwnReceipt.
    """
    require(uow.actor, RECEIPTS_APPROVE)
    other = await amounts.other_amount(uow, payment_id, amount, why)
    other |= await lateness.way_of_the_money(uow, payment_id, to_wallet=to_wallet)
    await amounts.require_within(uow, payment_id, amount)
    return await approve_at_once(uow, payment_id, other)


async def approve_at_once(uow: UnitOfWork, payment_id: int, other: dict[str, Any]) -> Reviewed:
    """Accept what was found to be acceptable: ``other`` as ``amounts`` and ``lateness`` answer it.

    Raises as ``approve`` does.
    """
    user, payment = await _decide(
        uow,
        payment_id,
        status="approved_other_amount" if "amount" in other else "approved",
        amount=other.get("amount"),
        words=other.get("admin_notes"),
        to_wallet=other.get("to_wallet", False),
    )
    await _accept(uow, user, payment)
    return Reviewed(payment.id, payment.status, user.full_name)


async def reject(uow: UnitOfWork, payment_id: int, *, reason: RejectReason, text: str = "") -> Reviewed:
    """Close the receipt without moving money, and tell the customer why and what to do next.

    The order is kept for a day, so that a better receipt can follow. ``text`` counts for ``other`` alone:
    every other reason has its own words. Raises NotAllowed, NotFound, BadInput (``other`` without words),
    ReceiptNotSubmitted, DecisionHeld, ReceiptAlreadyReviewed, OwnReceipt.
    """
    words = rules.own_words(reason, text)
    user, payment = await _decide(uow, payment_id, status="rejected", reason=reason, words=words or None)
    await _refuse(uow, user, payment)
    return Reviewed(payment.id, payment.status, user.full_name)


async def settle_held(uow: UnitOfWork, payment_id: int) -> bool:
    """Let a held decision count, now that its hold is over; the unit's actor is who took it.

    False when there is nothing (any more) to settle: it was taken back, or it counts already. Raises
    NotAllowed.
    """
    require(uow.actor, RECEIPTS_APPROVE)
    user = await lock_payer(uow, payment_id)
    decided = await deciding.decide_as_held(uow, payment_id)
    if user is None or decided is None:
        return False
    await (_refuse if decided.status == "rejected" else _accept)(uow, user, decided)
    return True


async def _accept(uow: UnitOfWork, user: User, payment: Decided) -> None:
    """Move the money of a payment whose status was moved just now."""
    arrived = payment.expected_amount if payment.amount is None else payment.amount
    settled = await payments.settle(
        uow,
        user_id=user.id,
        order_id=payment.order_id,
        amount=arrived,
        currency=payment.currency,
        method="card_to_card",
        cause=f"c2c:{payment.id}",
        to_wallet=payment.to_wallet,
    )
    uow.last.update(_BOOKED, uow.bot_id, payment.id, arrived, settled.transaction_id)
    await _count_on_card(uow, payment, "approved", arrived=arrived)
    await _tell_what_arrived(uow, user, payment, arrived, settled)
    differs: dict[str, Any] = {}
    if payment.amount is not None:
        differs = {"asked": payment.expected_amount, "reason": payment.admin_notes}
    if payment.to_wallet:
        differs["to_wallet"] = True
    await audit.record(
        uow,
        "receipt.approved",
        "payment",
        payment.id,
        amount=arrived,
        order_id=payment.order_id,
        order_status=settled.order_status,
        **differs,
    )


async def _tell_what_arrived(
    uow: UnitOfWork, user: User, payment: Decided, arrived: int, settled: Settled
) -> None:
    """What the customer must know beside the delivery: money in his wallet, or missing for his order."""
    message: Message
    if settled.order_status is None:
        message = messages.WalletCredited(payment.id, arrived, settled.balance)
    elif payment.to_wallet:
        message = messages.LateToWallet(payment.id, payment.order_id, settled.plan, arrived, settled.balance)
    elif settled.missing or arrived != payment.expected_amount:
        message = messages.AmountDiffers(
            payment_id=payment.id,
            order_id=payment.order_id,
            plan=settled.plan,
            asked=payment.expected_amount,
            arrived=arrived,
            missing=settled.missing,
            balance=settled.balance,
        )
    else:
        return
    await enqueue(uow, chat_id=user.telegram_id, user_id=user.id, message=message)


async def _refuse(uow: UnitOfWork, user: User, payment: Decided) -> None:
    """Keep the order of a payment that was rejected just now, and tell its customer."""
    reason, words = payment.reject_reason or RejectReason.OTHER, payment.admin_notes or ""
    await _count_on_card(uow, payment, "rejected")
    order = await uow.session.scalar(
        update(Order)
        .where(Order.id == payment.order_id)
        .values(expires_at=max(uow.now + KEPT_AFTER_REJECTION, payment.expires_at), updated_at=uow.now)
        .returning(Order)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    if order is None:
        raise NotFound("order", payment.order_id)
    await enqueue(
        uow,
        chat_id=user.telegram_id,
        user_id=user.id,
        message=messages.ReceiptRejected(
            payment_id=payment.id,
            order_id=payment.order_id,
            turn=payment.receipt_count,
            tracking_number=payment.tracking_number,
            reason=reason,
            text=words,
            plan=order.snapshot,
            amount=payment.expected_amount,
        ),
    )
    await audit.record(uow, "receipt.rejected", "payment", payment.id, reason=reason, text=words)


async def _decide(uow: UnitOfWork, payment_id: int, **said: Any) -> tuple[User, Decided]:
    """Decide at once, or say why not."""
    require(uow.actor, RECEIPTS_APPROVE)
    user = await lock_payer(uow, payment_id)
    if user is None:
        raise NotFound("receipt", payment_id)
    payment = await deciding.decide_now(uow, payment_id, **said)
    if payment is None:
        raise await refusal(uow, payment_id)
    return user, payment


async def lock_payer(uow: UnitOfWork, payment_id: int) -> User | None:
    """Whoever decides or sends a receipt does so alone; None when there is no such payment."""
    payer = select(CardToCardPayment.user_id).where(CardToCardPayment.id == payment_id).scalar_subquery()
    locked: User | None = await uow.session.scalar(select(User).where(User.id == payer).with_for_update())
    return locked


async def refusal(
    uow: UnitOfWork, payment_id: int
) -> NotFound | ReceiptAlreadyReviewed | DecisionHeld | ReceiptNotSubmitted | OwnReceipt:
    """Why a receipt cannot be decided: what is true of it now."""
    payment = await uow.session.get(CardToCardPayment, payment_id, populate_existing=True)
    if payment is None:
        return NotFound("receipt", payment_id)
    if payment.status in rules.DECIDED:
        return ReceiptAlreadyReviewed(
            payment.id,
            payment.status,
            payment.admin_reviewed_by or "",
            payment.admin_reviewed_at,
            payment.to_wallet,
        )
    if payment.commit_at is not None:
        return DecisionHeld(
            payment.id,
            payment.held_decision or "",
            payment.held_by_name or "",
            payment.commit_at,
            payment.to_wallet,
        )
    if payment.status in rules.DECIDABLE:
        return OwnReceipt(payment.id)
    return ReceiptNotSubmitted(payment.id, payment.status)


async def _count_on_card(
    uow: UnitOfWork,
    payment: CardToCardPayment | Decided,
    outcome: Literal["approved", "rejected", "reopened"],
    *,
    arrived: int | None = None,
) -> None:
    await cards.record_outcome(
        uow,
        payment.card_id,
        amount=payment.expected_amount,
        shown_at=payment.created_at,
        outcome=outcome,
        arrived=arrived,
    )
